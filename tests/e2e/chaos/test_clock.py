# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""A clock that jumps: records keep their order, sessions their length, limits their meaning.

The gate's clock is that of libfaketime; its monotonic clock, as the kernel's, never jumps.
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from e2e.chaos.sessions import LIBFAKETIME, Place, wait_for
from e2e.confine.raw import conversation
from e2e.sites import Run
from rsyncgate.admin.audit_times import local

YEAR = 365 * 24 * 3600


@pytest.fixture
def clock(ground: Place) -> Path:
    """The file that says by how many seconds the clock of `skewed` is wrong."""
    file = ground.site.here / "clock"
    file.write_text("+0")
    return file


def skewed(clock: Path) -> dict[str, str]:
    """The environment of a gate with that clock, which it looks at anew each time."""
    return {
        "LD_PRELOAD": str(LIBFAKETIME),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
    }


def wrong_by(record: dict[str, Any]) -> float:
    """How many years a record lies in the future."""
    return round((local(record["ts"]) - datetime.now().astimezone()).total_seconds() / YEAR, 2)


def pull(ground: Place, clock: Path, *jumps: int) -> None:
    """A pull whose clock shows each of `jumps` in turn: at its start, and as rsync runs."""
    clock.write_text(f"{jumps[0]:+d}")
    before = len(ground.records())
    session = ground.start(ground.pull, **skewed(clock))
    wait_for(lambda: len(ground.records()) > before)
    clock.write_text(f"{jumps[-1]:+d}")
    session.send(conversation())
    assert session.ends() == 0


def audit(ground: Place, *words: str) -> Run:
    """What `audit` with these words says, with the clock as it really is."""
    run = ground.site.admin("audit", *words)
    assert run.status == 0, run
    return run


def test_between_sessions_and_within(ground: Place, clock: Path) -> None:
    """Each record has the time that the clock showed; the chain holds; a span never is negative."""
    for jumps in ((0,), (-YEAR,), (YEAR,), (YEAR, 0), (-YEAR, YEAR), (0,)):
        pull(ground, clock, *jumps)
    records = ground.records()
    assert [*map(wrong_by, records)] == [0, 0, -1, -1, 1, 1, 1, 0, -1, 1, 0, 0]
    assert [record["seq"] for record in records] == [*range(1, 13)]
    assert all(0 < r["seconds"] < 20 for r in records if r["event"] == "finished")
    assert "12 lines, the chain holds" in ground.holds()
    assert len(audit(ground, "list").out.splitlines()) == 12
    ids = [record["id"] for record in records if wrong_by(record) >= 0]
    assert [*map(_id, audit(ground, "list", "--since", "1h").out.splitlines())] == ids
    ground.nothing_left()


def _id(line: str) -> str:
    return line.rpartition("id=")[2].strip("'")


def test_a_block_that_is_late_by_the_clock_alone(ground: Place, clock: Path) -> None:
    """The time that a -s client has for its block is not the wall clock's."""
    session = ground.start("rsync --server --sender -sr", **skewed(clock))
    session.send(b"rsync\0.\0")
    wait_for(lambda: "poll" in session.waits())
    clock.write_text(f"+{YEAR}")
    session.send(os.fsencode(ground.root) + b"/\0\0" + conversation())
    assert session.ends() == 0, session.err
