# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""`audit verify`: every journal's chain followed, and what to tell about it."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from rsyncgate.journal.read import journal_of
from rsyncgate.journal.verify import noted_head, verify

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST = 20
"""How many breaks of one journal are named."""


class Report:
    """`lines` for stdout, what is `wrong` for stderr, and `heads`, one for each journal."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.wrong: list[str] = []
        self.heads: list[str] = []


def prove(files: Sequence[str], own: str | None, since: str = "") -> Report:
    """Verifies each journal that `files` belong to; with `since`, one must hold that hash.

    `own` is this server's journal if it is that which is verified: its head file vouches for its
    end.
    """
    report = Report()
    noted = noted_head(own) if own else None
    for journal, group in groupby(files, journal_of):
        proof = verify([*group], noted if journal == own else None, since)
        report.heads.append(proof.head)
        report.wrong += proof.breaks[:MOST]
        if len(proof.breaks) > MOST:
            report.wrong.append(f"{journal}: breaks in {len(proof.breaks) - MOST} more places")
        verdict = "is broken" if proof.breaks else "holds"
        report.lines.append(f"{journal}: {proof.lines} lines, the chain {verdict}")
        report.lines += [f"  {note}" for note in proof.notes]
        if own is None and not since:
            report.lines.append("  records cut off at its end would not be missed: see --since")
        elif noted is not None and noted.head is None:
            report.lines.append("  it has no head beside it that would miss records at its end")
        report.lines.append(f"  head: {proof.head}")
    return report
