# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""What holds rsync: Landlock as this kernel has it, and a trial of the confinement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rsyncgate.admin.doctor_finding import Finding, failure, ok, warning
from rsyncgate.session.landlock import NET_SINCE, SCOPES_SINCE
from rsyncgate.session.plan import OFF, REQUIRE
from rsyncgate.session.run import WITHOUT_LANDLOCK

if TYPE_CHECKING:
    from collections.abc import Iterator

TRUNCATES_SINCE = 3
"""The first ABI that governs the truncation of files (landlock(7))."""


def judge(confine: str, abi: int, faults: list[str] | None) -> Iterator[Finding]:
    """Whether rsync is held, `confine` being the setting; `faults` is None where nothing was tried.

    `abi` is Landlock's, 0 where there is none.
    """
    wrong = failure if confine == REQUIRE else warning
    if not abi:
        says, _, mend = WITHOUT_LANDLOCK.partition(": ")
        yield wrong("confinement.landlock", says, mend)
    else:
        yield _landlock(abi)
    if confine == OFF:
        yield warning(
            "confinement.proof",
            'confine = "off": nothing but the check of the command line holds rsync',
            'write confine = "require" in gate.toml',
        )
    elif faults == []:
        yield ok(
            "confinement.proof",
            "tried: a confined process reads inside its directory, nothing outside, writes nothing",
        )
    for fault in faults or []:
        if abi or fault != WITHOUT_LANDLOCK:
            yield wrong("confinement.proof", f"tried: {fault}", "run rsyncgate check as root")


def _landlock(abi: int) -> Finding:
    lacks = {
        TRUNCATES_SINCE: "truncating a file",
        NET_SINCE: "TCP",
        SCOPES_SINCE: "signals and abstract sockets",
    }
    missing = [what for since, what in lacks.items() if abi < since]
    if abi < TRUNCATES_SINCE:
        return warning(
            "confinement.landlock",
            f"Landlock ABI {abi} does not govern {', '.join(missing)}",
            "boot Linux 6.2 or later",
        )
    without = f", which leaves out {' and '.join(missing)}" if missing else ""
    return ok("confinement.landlock", f"Landlock ABI {abi}{without}")
