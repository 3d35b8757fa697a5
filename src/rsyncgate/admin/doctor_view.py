# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The doctor's findings for a terminal, or as plain lines for a pipe."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from rsyncgate.admin.doctor_finding import LEVELS, OK, Finding
from rsyncgate.admin.terminal import canvas, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

STYLES = ("green", "yellow", "bold red")


def page(found: Sequence[Finding], colors: bool, width: int | None) -> str:
    """Each finding as a line with its mend, in the order of the checks, and how many there are.

    In `colors` or without; lines are broken at `width`, or not if it is None.
    """
    if width is None:
        return "".join(f"{_line(one)}\n" for one in found) + f"{summary(found)}\n"
    from rich.table import Table
    from rich.text import Text

    stream = io.StringIO()
    console = canvas(stream, colors, width)
    table = Table(box=None, show_header=False, pad_edge=False)
    for _ in range(2):
        table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    before = ""
    for one in found:
        style = STYLES[one.level]
        says = Text().append(plain(one.says), style if one.level > OK else "")
        if one.mend:
            says.append(f"\n-> {plain(one.mend)}")
        table.add_row(Text(LEVELS[one.level], style), one.area if one.area != before else "", says)
        before = one.area
    console.print(table)
    console.print()
    worst = max((one.level for one in found), default=OK)
    console.print(Text(summary(found), STYLES[worst]))
    return "".join(f"{line.rstrip()}\n" for line in stream.getvalue().splitlines())


def summary(found: Sequence[Finding]) -> str:
    """How many findings of each level there are, the worst first."""
    counts = [sum(one.level == level for one in found) for level in range(len(LEVELS))]
    failures, warnings = (
        f"{n} {name}{'' if n == 1 else 's'}"
        for n, name in ((counts[2], "failure"), (counts[1], "warning"))
    )
    return f"{failures}, {warnings}, {counts[0]} ok"


def _line(one: Finding) -> str:
    mend = f"; {one.mend}" if one.mend else ""
    return f"{LEVELS[one.level]:8} {one.check:24} {plain(one.says + mend)}"
