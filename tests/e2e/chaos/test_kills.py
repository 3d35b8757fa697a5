# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""SIGKILL, to the gate or to rsync, at any moment: what is left is a journal that holds."""

from __future__ import annotations

import fcntl
import os
import random
import signal
import time
from functools import partial
from itertools import count

import pytest

from e2e.chaos.sessions import Place, Session, wait_for
from e2e.confine.raw import conversation
from e2e.servers import command_line
from e2e.sites import Site

SESSIONS = int(os.environ.get("RSYNCGATE_KILLS", "40"))

ACTS = ("clone", "pipe2", "mkdir", "flock", "write", "pwrite64", "pidfd_open", "wait4")
"""The system calls by which a session does anything: before each the gate is killed once."""


def kill(pid: int) -> None:
    """Kills a process that may have ended."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def ended(pid: int) -> bool:
    """Whether a process has ended."""
    return not command_line(pid)


def begins(session: Session) -> None:
    """Waits until a session has its rsync, or has ended."""
    wait_for(lambda: session.rsync() or ended(session.process.pid))


@pytest.mark.parametrize("act", ACTS)
def test_the_gate_before_each_of_its_acts(ground: Place, act: str) -> None:
    """Wherever the gate is killed, nothing was sent unrecorded, nothing runs on, the next works."""
    killed = 0
    for number in count(1):
        before = len(ground.records())
        blow = f"-einject={act}:signal=KILL:when={number}"
        session = ground.start(ground.pull, "strace", "-qqo/dev/null", f"-etrace={act}", blow)
        session.send(conversation())
        status = session.ends()
        events = [record["event"] for record in ground.records()[before:]]
        assert events in ([], ["allowed"], ["allowed", "finished"])
        assert events or not session.out
        if status == 0:
            break
        assert status == -signal.SIGKILL, session.err
        killed += 1
    assert killed
    ground.nothing_left()
    assert "the chain holds" in ground.holds()


@pytest.mark.parametrize("act", ["unshare", "pivot_root", "landlock_restrict_self"])
def test_rsync_before_it_is_confined(ground: Place, act: str) -> None:
    """Where what becomes rsync is killed as it confines itself, the request is refused."""
    blow = f"-einject={act}:signal=KILL:when=1"
    session = ground.start(ground.pull, "strace", "-fqqo/dev/null", f"-etrace={act}", blow)
    session.send(conversation())
    assert (session.ends(), session.out) == (78, b"")
    (record,) = ground.records()
    assert (record["event"], record["reason"]) == ("refused", "confinement")
    ground.nothing_left()
    ground.serves()


def test_rsync_as_it_waits_for_the_word(ground: Place) -> None:
    """Where what becomes rsync is killed as its request is written down, that is how it ended."""
    ground.serves()
    with ground.site.journal_file.open("rb") as journal:
        fcntl.flock(journal, fcntl.LOCK_EX)
        session = ground.start(ground.pull)
        wait_for(lambda: session.rsync() and "nanosleep" in session.waits())
        kill(session.rsync())
    assert (session.ends(), session.out, session.err) == (137, b"", b"")
    allowed, finished = ground.records()[2:]
    assert (allowed["event"], finished["event"], finished["signal"]) == ("allowed", "finished", 9)


def test_any_of_them_at_any_time(ground: Place) -> None:
    """A gate that was killed may leave its records off; one whose rsync was killed says so."""
    begun = time.monotonic()
    ground.serves()
    whole = time.monotonic() - begun
    dice = random.Random(8)  # the same blows on every run, as far as time allows
    survived: dict[int, bool] = {}
    sent = set()
    for number in range(SESSIONS):
        session = ground.start(ground.pull)
        session.send(conversation())
        gate = session.process.pid
        if number % 2:
            begins(session)
        if number > 1:  # the first two hit however busy the machine is: a gate, and an rsync
            time.sleep(dice.random() * whole)
        kill((session.rsync() if number % 2 else 0) or gate)
        status = session.ends()
        assert status in (-9, 0, 75, 78, 137), session.err  # 137: of rsync, as the gate tells it
        survived[gate] = status >= 0
        if session.out:
            sent.add(gate)
    ground.serves()
    found: dict[int, list[str]] = {gate: [] for gate in survived}
    for record in ground.records()[2:-2]:
        found[record["pid"]].append(record["event"])
    for gate, events in found.items():
        if survived[gate]:
            assert events in (["allowed", "finished"], ["allowed", "error"], ["refused"])
        else:
            assert events in ([], ["allowed"], ["allowed", "finished"])
        assert "allowed" in events or gate not in sent
    assert {*survived.values()} == {True, False}
    ground.nothing_left()
    ground.holds()


def test_behind_sshd(site: Site, ground: Place) -> None:
    """A client whose gate is killed hears of it; its rsync is gone, its place free at once."""
    (ground.root / "big").write_bytes(bytes(1_000_000))
    dice = random.Random(8)
    gates: set[int] = set()
    for _ in range(SESSIONS // 5):
        client = site.start("-r", "--bwlimit=50", f"server:{ground.root}/", site.here / "copy")
        wait_for(lambda: {record["pid"] for record in ground.records()} - gates)
        time.sleep(dice.random() / 5)
        gate = ground.records()[-1]["pid"]
        with open(f"/proc/{gate}/task/{gate}/children", encoding="ascii") as children:
            rsync = int(children.read())
        kill(gate)
        _, err = client.communicate(timeout=20)
        assert client.returncode in (12, 255)
        assert b"rsync error" in err
        wait_for(partial(ended, rsync))
        gates.add(gate)
    assert [record["event"] for record in ground.records()] == ["allowed"] * (SESSIONS // 5)
    site.pull("-r", f"server:{ground.root}/file", site.here)
    ground.nothing_left()
    ground.holds()
