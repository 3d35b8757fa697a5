# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The doctor on the kernel: what it governs, whether it holds, and what time it says."""

from __future__ import annotations

import pytest

from rsyncgate.admin import doctor_clock, doctor_kernel
from rsyncgate.admin.doctor_finding import FAILURE, OK, WARNING
from rsyncgate.session.run import WITHOUT_LANDLOCK

YEAR = 365.25 * 24 * 3600
MADE = 1_790_000_000.0


def levels(confine: str, abi: int, faults: list[str] | None) -> list[int]:
    """The levels of Landlock's line and of the trial's, as far as there are any."""
    return [one.level for one in doctor_kernel.judge(confine, abi, faults)]


@pytest.mark.parametrize(
    ("confine", "abi", "faults", "expected"),
    [
        ("require", 7, [], [OK, OK]),
        ("require", 2, [], [WARNING, OK]),
        ("require", 0, [WITHOUT_LANDLOCK], [FAILURE]),
        ("prefer", 0, [WITHOUT_LANDLOCK], [WARNING]),
        ("require", 7, ["a file could be written"], [OK, FAILURE]),
        ("prefer", 7, ["a file could be written", "it died"], [OK, WARNING, WARNING]),
        ("off", 7, None, [OK, WARNING]),
        ("require", 7, None, [OK]),  # there is no rsync to try it with
    ],
)
def test_confinement(confine: str, abi: int, faults: list[str] | None, expected: list[int]) -> None:
    """What does not hold is a failure where gate.toml requires it, a warning where it prefers."""
    assert levels(confine, abi, faults) == expected


def test_what_an_old_landlock_leaves_out() -> None:
    """What the kernel's ABI does not govern is named."""
    said = {abi: next(doctor_kernel.judge("require", abi, [])).says for abi in (1, 3, 4, 6)}
    for abi, words in ((1, "truncat"), (3, "TCP"), (4, "signals")):
        assert words in said[abi]
    assert said[6] == "Landlock ABI 6"


@pytest.mark.parametrize(
    ("age", "wrong_by", "level"),
    [
        (1, 2000, OK),
        (1, None, OK),
        (1, 16_000_000, WARNING),
        (-0.01, 2000, FAILURE),
        (30, 2000, FAILURE),
    ],
)
def test_clock(age: float, wrong_by: int | None, level: int) -> None:
    """The time must be later than the program's own making, not by decades, and be kept."""
    (found,) = doctor_clock.judge(MADE + age * YEAR, MADE, wrong_by)
    assert (found.level, found.check) == (level, "clock.time")


def test_this_clock() -> None:
    """The kernel here answers, or says that it does not; this program was made before now."""
    wrong_by = doctor_clock.error()
    assert wrong_by is None or wrong_by >= 0
    (found,) = doctor_clock.judge(doctor_clock.installed() + 1, doctor_clock.installed(), 1)
    assert found.level == OK
