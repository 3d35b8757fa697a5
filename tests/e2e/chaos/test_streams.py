# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Streams that nobody holds at the other end, or that were never opened."""

from __future__ import annotations

import os

import pytest

from e2e.chaos.sessions import Place
from e2e.confine.raw import conversation
from e2e.confine.worlds import program

REFUSED = "rsync --server --sender -r . /etc/"


def without(streams: tuple[int, ...]) -> list[str]:
    """The words that start a program without `streams`, and end it after a while."""
    closed = " ".join(f"{fd}>&-" for fd in streams)
    return ["timeout", "-s", "KILL", "3", "sh", "-c", f'exec "$@" {closed}', "sh"]


@pytest.mark.parametrize("streams", [(0,), (1,), (2,), (0, 1, 2)])
def test_a_refusal_without_streams(ground: Place, streams: tuple[int, ...]) -> None:
    """A gate that was given no stdin, stdout or stderr records its refusal, and says it there."""
    session = ground.start(REFUSED, *without(streams))
    assert (session.ends(), session.out) == (77, b"")
    assert session.err.count(b"\n") == (2 not in streams)
    (record,) = ground.records()
    assert (record["event"], record["reason"]) == ("refused", "path")


@pytest.mark.parametrize(
    ("streams", "more"),
    [
        *((streams, "") for streams in [(0,), (2,), (0, 1), (0, 2), (0, 1, 2), (1,)]),
        *((streams, "sessions = 1") for streams in [(0,), (1,), (2,), (0, 2), (1, 2), (0, 1, 2)]),
    ],
)
def test_a_pull_without_streams(ground: Place, streams: tuple[int, ...], more: str) -> None:
    """A pull that was given no stdin, stdout or stderr ends; nothing stands where it should not."""
    ground.site.allow(ground.root, more=more)
    session = ground.start(ground.pull, *without(streams))
    session.send(conversation())
    assert session.ends(close=True) != -9
    assert [record["event"] for record in ground.records()] == ["allowed", "finished"]
    assert b"prev" not in session.out + session.err
    assert not more or (ground.site.directory / ".nas01.1.slot").read_bytes() == b""
    ground.nothing_left()


@pytest.mark.parametrize("streams", [(0,), (2,), (0, 2)])
def test_what_rsync_has_instead(ground: Place, streams: tuple[int, ...]) -> None:
    """Rsync has a stdin and a stderr where the gate had none: no file it opens lies there."""
    script = "#!/bin/bash\nfor fd in 0 2; do { : >&$fd; } || echo closed; done\n"
    ground.site.settings(f'rsync = "{program(ground.site.directory / "root/looks", script)}"\n')
    session = ground.start(ground.pull, *without(streams))
    assert (session.ends(), session.out) == (0, b"")
    assert [record["event"] for record in ground.records()] == ["allowed", "finished"]


@pytest.mark.parametrize("command", ["", REFUSED, "rsync --server --sender -sr"])
def test_nobody_reads_the_sentence(ground: Place, command: str) -> None:
    """A refusal is recorded, and ends as any other, where nobody is left to be told."""
    here, there = os.pipe()
    os.close(here)
    session = ground.start(command, stdout=there, stderr=there)
    os.close(there)
    assert session.ends(close=True) == 77
    assert [record["event"] for record in ground.records()] == ["refused"]


def test_nobody_reads_the_pull(ground: Place) -> None:
    """A pull whose client had gone before it began ends with SIGPIPE or an error, and says so."""
    here, there = os.pipe()
    os.close(here)
    session = ground.start(ground.pull, stdout=there)
    os.close(there)
    session.send(conversation())
    assert session.ends() != 0
    allowed, finished = ground.records()
    assert (allowed["event"], finished["connection"]) == ("allowed", "lost")
    ground.nothing_left()
