# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The argv that the gate makes of a request means what the client's words meant."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rsyncgate.rsync.options import CLIENT_SIDE, HARMLESS, NEUTRAL
from rsyncgate.rsync.request import SENDER, Request, option_words, parse, server_argv
from rsyncgate.rsync.words import quote, split
from unit.conftest import PULL, block_of, requested
from unit.options import OPTIONS


def texts(request: Request) -> list[str]:
    """The options of a request, less --server and --sender."""
    return [t.text() for t in request.tokens if t.spelling not in ("--server", "--sender")]


def parsed(*words: str) -> Request:
    """The request that a client makes with exactly these words."""
    return parse(split(" ".join(map(quote, words))))


def test_argv() -> None:
    """The options of the client come first, in its order, and `--` before the dot and the names."""
    request = requested(f"sudo {PULL} -vr --bwlimit 5 . /a --numeric-ids -- /b")
    argv = server_argv(request, ["-x", "/b"])
    assert " ".join(argv) == f"{PULL} -vr --bwlimit 5 --numeric-ids -- . -x /b"


def test_argv_of_secluded_arguments() -> None:
    """A -s client's arguments stand on the line, and the s that announced them does not."""
    request = requested(f"{PULL} -svre.iLsf", block_of("--bwlimit=5", ".", "/a b"))
    argv = server_argv(request, ["/a b"])
    assert argv == [*f"{PULL} -vre.iLsf --bwlimit=5 -- .".split(), "/a b"]


def test_words_of_line_and_block_stay_apart() -> None:
    """The last word of a -s client's line and the first of its block are two."""
    request = requested(f"{PULL} -se.iLs", block_of("-x", "-v", ".", "/a"))
    assert server_argv(request, ["/a"]) == f"{PULL} -e.iLs -x -v -- . /a".split()


NO_WORDS_OF_THEIR_OWN = ("--secluded-args", "--no-secluded-args", "--rsh")
HARMLESS_ONES = [
    option
    for option in OPTIONS
    if option.effect in (HARMLESS, NEUTRAL, CLIENT_SIDE)
    and option.name not in NO_WORDS_OF_THEIR_OWN
]
LETTERS = [o.names[0] for o in HARMLESS_ONES if not o.takes and o.names[0][:2] != "--"]
VALUES = st.text("ab-=/ '*", min_size=1, max_size=6).filter(lambda text: text[0] != "=")
NAMES = st.text("ab-/ .'~é\udcff", max_size=8).filter(lambda name: ".." not in name.split("/"))
PATHS = st.lists(NAMES, max_size=4)


@st.composite
def options(draw: st.DrawFn) -> list[str]:
    """Words that hold options in any spelling and company, with a value where one belongs."""
    words = []
    for option in draw(st.lists(st.sampled_from(HARMLESS_ONES), max_size=6)):
        name, value = draw(st.sampled_from(option.names)), draw(VALUES)
        if name[:2] != "--":
            others = draw(st.lists(st.sampled_from(LETTERS), max_size=4))
            name = "-" + "".join(other[1] for other in others) + name[1]
        if not option.takes:
            words.append(name)
        elif draw(st.booleans()):
            words += [name, value]
        else:
            words.append(name + ("=" if name[:2] == "--" else "") + value)
    return words


@given(options(), PATHS)
def test_argv_and_back(sent: list[str], names: list[str]) -> None:
    """The argv that rsync gets means to rsync what the client's words meant to the gate."""
    request = parsed("rsync", "--server", "--sender", *sent, ".")
    again = parsed(*server_argv(request, names))
    assert (again.role, again.faults) == (SENDER, ())
    assert texts(again) == texts(request)
    assert [word.text for word in again.args] == [".", *names]


@given(options())
def test_option_words(sent: list[str]) -> None:
    """Options become the very words they were sent in."""
    assert option_words(parsed("rsync", "--server", *sent, ".").tokens) == ["--server", *sent]


@given(options(), PATHS)
def test_secluded_or_not(sent: list[str], names: list[str]) -> None:
    """Arguments mean the same on stdin as quoted on the line."""
    names = [name for name in names if name]  # -s clients send "." for an empty one
    line = parsed("rsync", "--server", "--sender", *sent, ".", "--", *names)
    block = requested(f"{PULL} -s", block_of(*sent, ".", "--", *names))
    assert (block.role, block.faults) == (line.role, line.faults) == (SENDER, ())
    assert texts(block) == texts(line)
    assert [word.text for word in block.args] == [word.text for word in line.args]
