# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The block of arguments that a -s client sends on stdin."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rsyncgate.refusal import Refusal
from rsyncgate.rsync.secluded import words
from unit.conftest import PULL, block_of, encoded, requested


def texts(block: bytes, charset: str | None = None) -> list[str]:
    """The words of a block."""
    return [word.text for word in words(block, charset)]


def test_words() -> None:
    """The arguments are those between NULs, as they are, without rsync's own name."""
    block = b"rsync\0--suffix=s x\0.\0/it's; $HOME\0/a\nb\0/caf\xe9\0\0"
    assert texts(block) == ["--suffix=s x", ".", "/it's; $HOME", "/a\nb", "/caf\udce9"]


@pytest.mark.parametrize(
    "block", [b"", b"\0", b"\0\0", b"rsync\0", b"rsync\0.\0/a", b"rsync\0.\0\0/a\0\0", b"a\0\0\0"]
)
def test_damaged_blocks_are_refused(block: bytes) -> None:
    """A block that does not end in an empty argument, or has one inside, is no client's."""
    with pytest.raises(Refusal) as caught:
        words(block, None)
    assert caught.value.code == "secluded"


def test_wildcards_count_behind_the_dot_only() -> None:
    """Rsync globs the paths; an option's value is what was sent, backslashes and all."""
    found = words(block_of("--suffix", r"a\*", "--exclude=b*", ".", r"/c\*", "/d*"), None)
    assert [word.text for word in found] == ["--suffix", r"a\*", "--exclude=b*", ".", "/c*", "/d*"]
    assert [word.live("*") for word in found] == [False] * 5 + [True]


@pytest.mark.parametrize(
    ("charset", "path"),
    [
        (None, "/café".encode()),
        (".", "/café".encode()),
        ("-", "/café".encode()),
        ("utf8", "/café".encode()),
        ("latin1", b"/caf\xe9"),
        ("ISO-8859-15", b"/caf\xe9"),
    ],
)
def test_iconv(charset: str | None, path: bytes) -> None:
    """With --iconv the arguments come as UTF-8 and mean names in the server's character set."""
    assert [encoded(text) for text in texts(block_of("/café"), charset)] == [path]


@pytest.mark.parametrize("charset", ["no-such-set", "ascii", "utf-16", "rot13", "undefined", "a\0"])
def test_iconv_that_cannot_be(charset: str) -> None:
    """A character set that is unknown, or cannot write the path, is refused as a bad value."""
    with pytest.raises(Refusal) as caught:
        words(block_of("/café"), charset)
    assert caught.value.code == "bad-value"


def test_iconv_of_damaged_text() -> None:
    """A path that is no UTF-8 is refused where it would have to be converted."""
    with pytest.raises(Refusal) as caught:
        words(block_of("/caf\udce9"), "latin1")
    assert caught.value.code == "bad-value"


@given(st.binary(max_size=40), st.sampled_from([None, ".", "latin1", "utf8", "utf-7", "idna"]))
def test_any_bytes(block: bytes, charset: str | None) -> None:
    """Whatever arrives is either refused, or as many words as it has NULs."""
    for whole in (block, b"rsync\0" + block + b"\0\0"):
        with contextlib.suppress(Refusal):
            found = texts(whole, charset)
            assert len(found) == whole[:-2].count(b"\0")
            assert not any("\0" in text for text in found)


def test_the_line_and_the_block_make_one_request() -> None:
    """What rsync parses in two goes, the line and then the block, counts as one command."""
    request = requested(f"sudo {PULL} -svre.iLsf --iconv=utf8", block_of("--old", ".", "/a"))
    assert request.program == ("sudo", "rsync")
    assert [fault.token for fault in request.faults] == ["--old"]
    assert request.values("--iconv") == ["utf8"]
    assert request.has("--verbose", "--no-such")
    assert not request.secluded
    assert [word.text for word in request.paths] == ["/a"]
