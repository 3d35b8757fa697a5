# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""A disk without room: nothing runs unrecorded, and what is recorded stays whole."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.chaos.disks import Disk
from e2e.chaos.sessions import Place, wait_for
from e2e.confine.raw import conversation
from rsyncgate import cache


@pytest.fixture
def disk(ground: Place) -> Iterator[Disk]:
    """Where the journal is from now on: a file system of 64 KiB."""
    site = ground.site
    site.journal_file = site.directory / "log" / "journal.jsonl"
    site.settings()
    disk = Disk(site.journal_file.parent, "size=64k")
    ground.inside = disk.inside
    site.journal_file = disk.here / "journal.jsonl"
    yield disk
    disk.stop()


def refused_for_the_journal(ground: Place) -> bool:
    """Whether a pull is refused because it cannot be recorded; else it is because of `busy`."""
    before = ground.site.journal_file.read_bytes()
    session = ground.start(ground.pull)
    assert (session.ends(close=True), session.out) == (75, b"")
    assert session.err.startswith(b"rsyncgate: refused: ")
    assert session.err.count(b"\n") == 1
    after = ground.site.journal_file.read_bytes()
    if b"the server cannot write its journal, so nothing was run; try again" in session.err:
        assert after == before
        return True
    assert b"(busy, record" in session.err
    assert after.startswith(before)
    assert after.count(b"\n") == before.count(b"\n") + 1
    return False


def test_it_fills_up_within_a_record(ground: Place, disk: Disk) -> None:
    """The record that no longer fits is not there at all, nor is its pull; with room, all goes on.

    The end of a pull that began before is missing, and its client hears so.
    """
    running = ground.start(ground.pull)
    wait_for(ground.records)
    disk.fill()
    length = 0
    while not refused_for_the_journal(ground):
        length += 1
    assert length < 10  # each filled up the block that the journal had begun
    running.send(conversation())
    assert running.ends() == 0
    assert b"file" in running.out
    assert b"rsync ended, and the server could not write that down" in running.err
    ended = [record["event"] for record in ground.records()]
    assert ended == ["allowed"] + ["refused"] * length
    assert refused_for_the_journal(ground)
    disk.clear()
    ground.serves()
    assert "the chain holds" in ground.holds()
    ground.nothing_left()


def test_no_room_for_a_file(ground: Place, disk: Disk) -> None:
    """Where there is no journal yet and no room for one, nothing runs."""
    disk.fill()
    session = ground.start(ground.pull)
    assert (session.ends(close=True), session.out) == (75, b"")
    assert b"refused: the server cannot" in session.err
    assert ground.records() == []
    disk.clear()
    ground.serves()
    ground.holds()
    ground.nothing_left()


def test_no_room_for_the_cache(ground: Place) -> None:
    """Where nothing can be kept, pulls work as ever, and nothing piles up."""
    disk = Disk(Path(cache.DIRECTORY), "size=8k")
    ground.inside = disk.inside
    disk.fill()
    wait_for(lambda: time.time() > ground.site.config.stat().st_ctime + cache.SETTLED + 1)
    ground.serves()
    ground.serves()
    left = os.listdir(disk.here)
    disk.clear()
    ground.serves()
    kept = os.listdir(disk.here)
    disk.stop()
    assert left == ["filler"]
    assert len(kept) >= 2
    assert all(name.endswith((".toml", " is made of")) for name in kept)
