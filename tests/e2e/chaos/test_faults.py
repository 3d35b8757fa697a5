# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""What nobody foresaw: a system call that fails, or a signal, between two of the gate's steps."""

from __future__ import annotations

import pytest

from e2e.chaos.sessions import Place, Session
from e2e.confine.raw import conversation


def struck(ground: Place, blow: str) -> Session:
    """A pull whose gate, and no child of it, meets the `blow` that strace(1) injects."""
    session = ground.start(ground.pull, "strace", "-qqo/dev/null", f"-einject={blow}:when=1")
    session.send(conversation())
    return session


@pytest.mark.parametrize("blow", ["pipe2:error=EMFILE", "clone:error=EAGAIN"])
def test_a_call_that_fails(ground: Place, blow: str) -> None:
    """Where the gate fails in a way of its own, nothing is sent; the record says what it was."""
    session = struck(ground, blow)
    assert (session.ends(), session.out) == (75, b"")
    (record,) = ground.records()
    assert record["event"] == "error"
    assert record["detail"].startswith(("OSError: ", "BlockingIOError: "))
    assert f"(error, record {record['id']})".encode() in session.err
    ground.nothing_left()
    ground.serves()


def test_a_signal_as_the_gate_forks(ground: Place) -> None:
    """A signal that comes before there is an rsync is kept for it; the gate tells of the end."""
    session = struck(ground, "clone:signal=TERM")
    assert session.ends() in (78, 128 + 15)
    assert session.out == b""
    events = [record["event"] for record in ground.records()]
    assert events in (["refused"], ["allowed", "finished"])
    ground.nothing_left()


def test_a_signal_as_rsync_has_ended(ground: Place) -> None:
    """A signal that comes when there is no rsync any more keeps no end from being written down."""
    session = struck(ground, "wait4:signal=TERM")
    assert session.ends() == 0, session.err
    assert [record["event"] for record in ground.records()] == ["allowed", "finished"]
