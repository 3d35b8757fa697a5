# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Whether the times in the journal can be believed."""

from __future__ import annotations

import ctypes
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rsyncgate.admin.doctor_finding import Finding, failure, ok, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

UNKNOWN_ERROR = 16_000_000
"""Microseconds: the error that the kernel assumes once nobody has set its clock for long."""

YEARS = 20
"""A program older than that is rather a clock that is wrong."""


class _Timex(ctypes.Structure):
    """The beginning of adjtimex(2)'s struct; 0 as `modes` asks and changes nothing."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("rest", ctypes.c_byte * 256),
    )


def error() -> int | None:
    """By how many microseconds the kernel thinks its clock may be wrong; None: it does not say."""
    asked = _Timex()
    if ctypes.CDLL(None).adjtimex(ctypes.byref(asked)) < 0:
        return None
    return int(asked.maxerror)


def installed() -> float:
    """When this program was made: no clock was ever right before that."""
    return os.stat(__file__).st_mtime


def judge(now: float, made: float, wrong_by: int | None) -> Iterator[Finding]:
    """Whether `now` can be the time, and whether anything keeps it so."""
    check, today = "clock.time", datetime.fromtimestamp(now, UTC)
    age = (now - made) / (365.25 * 24 * 3600)
    if not 0 <= age <= YEARS:
        than = "before this program was made" if age < 0 else f"{age:.0f} years after it was made"
        yield failure(check, f"the clock says {today:%Y-%m-%d}, {than}", "set the clock")
    elif wrong_by is None:
        yield ok(check, f"{today:%Y-%m-%d}; the kernel does not say whether the clock is kept")
    elif wrong_by >= UNKNOWN_ERROR:
        yield warning(
            check,
            f"{today:%Y-%m-%d}, and nothing keeps the clock: the journal's times will drift",
            "run an NTP client, such as chrony or systemd-timesyncd",
        )
    else:
        yield ok(check, f"{today:%Y-%m-%d}, synchronised to {wrong_by / 1e6:.2g} s or better")
