# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Clients that say nothing, say it slowly, or never listen: each costs little and ends."""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import termios
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from e2e.chaos.sessions import LIBFAKETIME, Place, Session, wait_for
from e2e.confine.raw import hello
from e2e.servers import command_line

SILENT = int(os.environ.get("RSYNCGATE_SILENT", "40"))

SECLUDED = "rsync --server --sender -sr"

HASTE = 60
FAST = {"LD_PRELOAD": str(LIBFAKETIME), "FAKETIME": f"+0 x{HASTE}", "NO_FAKE_STAT": "1"}
"""A gate to which a second is a minute long, its monotonic clock and its waits included."""


@pytest.mark.parametrize("sent", [b"", b"x"], ids=["silence", "a byte a second"])
def test_a_block_that_does_not_come(ground: Place, sent: bytes) -> None:
    """The gate waits for a -s client's arguments for half a minute, however they trickle."""
    session = ground.start(SECLUDED, **FAST)
    begun = time.monotonic()
    while session.process.poll() is None:
        session.send(sent)
        time.sleep(1 / HASTE)
    assert 25 / HASTE < time.monotonic() - begun < 300 / HASTE
    assert (session.ends(), session.out) == (77, b"")
    assert b"announced arguments on stdin, and they did not come" in session.err
    assert [record["reason"] for record in ground.records()] == ["secluded"]
    ground.nothing_left()


def pipe() -> tuple[int, int]:
    """Two ends of what sshd may give: the client's and the gate's."""
    return os.pipe()


def sockets() -> tuple[int, int]:
    """Likewise; a full socket is another wait than a full pipe."""
    ours, theirs = socket.socketpair()
    return ours.detach(), theirs.detach()


def waiting(fd: int) -> int:
    """How many bytes wait to be read from `fd`."""
    return int(struct.unpack("i", fcntl.ioctl(fd, termios.FIONREAD, bytes(4)))[0])


@pytest.mark.parametrize("ends", [pipe, sockets])
def test_a_client_that_never_reads(ground: Place, ends: Callable[[], tuple[int, int]]) -> None:
    """Rsync waits with all it has to send; when the connection dies, so does the session."""
    for number in range(1500):
        (ground.root / f"{number}-".ljust(200, "x")).touch()
    ours, theirs = ends()
    session = ground.start(ground.pull, stdout=theirs)
    os.close(theirs)
    session.send(hello([]))
    wait_for(lambda: waiting(ours) > 60_000)
    rsync = session.rsync()
    assert session.process.poll() is None
    os.close(ours)
    assert session.ends(close=True) != 0
    _, finished = ground.records()
    assert (finished["event"], finished["connection"]) == ("finished", "lost")
    assert not command_line(rsync)
    ground.nothing_left()
    ground.serves()


def memory(pid: int) -> int:
    """The KiB that a process costs: its own, and its share of what it has in common."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def becomes_rsync(session: Session) -> bool:
    """Whether rsync runs."""
    return command_line(session.rsync()).startswith("rsync\0")


def waits_for_a_block(session: Session) -> bool:
    """Whether the gate waits in poll(2)."""
    return "poll" in session.waits()


def test_a_silent_crowd(ground: Place) -> None:
    """Sessions of clients that say nothing, before rsync runs or after, all end with their stdin.

    Each costs less than 10 MB.
    """
    ground.site.allow(ground.root)
    crowd = []
    for number in range(SILENT):
        session = ground.start(ground.pull if number % 2 else SECLUDED)
        crowd.append(session)
        if number % 4 == 3:  # as many at once as two processors start
            wait_for(partial(waits_for_a_block, crowd[-2]))
            wait_for(partial(becomes_rsync, session))
    wait_for(lambda: all(map(waits_for_a_block, crowd[::2])))
    wait_for(lambda: all(map(becomes_rsync, crowd[1::2])))
    before, gate, rsync = (
        sum(map(memory, pids)) // len(pids)
        for pids in (
            [session.process.pid for session in crowd[::2]],
            [session.process.pid for session in crowd[1::2]],
            [session.rsync() for session in crowd[1::2]],
        )
    )
    print(f"{SILENT} silent: KiB for each that waits: {before}; for rsync: {gate} and {rsync}")
    assert max(before, gate + rsync) < 10_000
    for session in crowd:
        assert session.process.stdin
        session.process.stdin.close()
        session.process.stdin = None
    assert {session.ends() for session in crowd[::2]} == {77}
    assert 0 not in {session.ends() for session in crowd[1::2]}
    events = [record["event"] for record in ground.records()]
    assert sorted(events) == sorted(["allowed", "finished", "refused"] * (SILENT // 2))
    ground.nothing_left()
    ground.holds()
