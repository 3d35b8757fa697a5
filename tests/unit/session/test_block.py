# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Reading a -s client's block from stdin, which is the connection that rsync goes on with."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rsyncgate.refusal import Refusal
from rsyncgate.rsync.secluded import LIMIT
from rsyncgate.session.block import read_block
from unit.conftest import block_of

BLOCK = block_of("--timeout=72000", ".", "/data/")
PROTOCOL = b"\x20\0\0\0"  # what follows at once: rsync's protocol version


def pipe() -> tuple[int, int]:
    """Both ends of a pipe, as sshd may use."""
    return os.pipe()


def sockets() -> tuple[int, int]:
    """Both ends of a socket pair, as sshd uses by default."""
    ours, theirs = socket.socketpair()
    return ours.detach(), theirs.detach()


@pytest.fixture(params=[pipe, sockets])
def connection(request: pytest.FixtureRequest) -> Iterator[tuple[int, int]]:
    """The gate's stdin and the client's end of it."""
    ends = request.param()
    yield ends
    for fd in ends:
        os.close(fd)


def refused(fd: int, seconds: float = 5) -> str:
    """The sentence that reading a block from `fd` is refused with."""
    with pytest.raises(Refusal) as caught:
        read_block(fd, seconds)
    assert caught.value.code == "secluded"
    return caught.value.sentence()


def test_not_a_byte_more(connection: tuple[int, int]) -> None:
    """The block is taken whole, and what follows it is left for rsync to the last byte."""
    ours, theirs = connection
    os.write(theirs, BLOCK + PROTOCOL)
    assert read_block(ours) == BLOCK
    assert os.read(ours, 100) == PROTOCOL


def test_in_pieces(connection: tuple[int, int]) -> None:
    """A block may come byte by byte."""
    ours, theirs = connection

    def send() -> None:
        for n in range(len(BLOCK)):
            os.write(theirs, BLOCK[n : n + 1])

    sender = threading.Thread(target=send)
    sender.start()
    assert read_block(ours) == BLOCK
    sender.join()


def test_an_empty_block(connection: tuple[int, int]) -> None:
    """A block that begins with its end is over at once; the parser has its say about it."""
    ours, theirs = connection
    os.write(theirs, b"\0" + PROTOCOL)
    assert read_block(ours) == b"\0"
    assert os.read(ours, 100) == PROTOCOL


def test_nothing_comes(connection: tuple[int, int]) -> None:
    """A client that sends nothing is not waited for longer than the limit."""
    begun = time.monotonic()
    assert "did not come" in refused(connection[0], 0.1)
    assert 0.1 <= time.monotonic() - begun < 3


def test_drop_by_drop(connection: tuple[int, int]) -> None:
    """The limit is for the whole block: sending a byte now and then does not prolong it."""
    ours, theirs = connection
    stop = threading.Event()

    def send() -> None:
        while not stop.wait(0.02):
            os.write(theirs, b"x")

    sender = threading.Thread(target=send)
    sender.start()
    begun = time.monotonic()
    assert "did not come" in refused(ours, 0.2)
    assert 0.2 <= time.monotonic() - begun < 3
    stop.set()
    sender.join()


@pytest.mark.parametrize("sent", [b"", b"rsync\0", b"rsync\0.\0/data/\0"])
def test_it_breaks_off(connection: tuple[int, int], sent: bytes) -> None:
    """A connection that ends within the block is refused at once."""
    ours, theirs = connection
    os.write(theirs, sent)
    with Path(os.devnull).open() as nothing:
        os.dup2(nothing.fileno(), theirs)  # the client's end is closed, its number is not
    assert "broke off" in refused(ours)


def test_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A block may be as long as the limit, and not a byte longer."""
    assert LIMIT > 128 * 1024  # what Linux allows for one argument
    monkeypatch.setattr("rsyncgate.session.block.LIMIT", 1000)
    longest = block_of("x" * (1000 - len(block_of(""))))
    (tmp_path / "stdin").write_bytes(longest)
    with (tmp_path / "stdin").open("rb", 0) as stream:
        assert read_block(stream.fileno()) == longest
    (tmp_path / "stdin").write_bytes(b"x" + longest)
    with (tmp_path / "stdin").open("rb", 0) as stream:
        assert "1000" in refused(stream.fileno())
