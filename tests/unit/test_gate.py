# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The walk of any request at all: nothing but a refusal, or a pull that harms nobody."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rsyncgate.policy.model import Client, Located
from rsyncgate.policy.roots import instance
from rsyncgate.refusal import REASONS, Refusal
from rsyncgate.rsync.options import DELETES, EXECUTES, READS, ROLE, WRITES
from rsyncgate.rsync.request import SENDER, parse, server_argv
from rsyncgate.rsync.words import quote, split
from unit.conftest import PULL, block_of, names, policy, rule, walk
from unit.options import BY_NAME

SPELLINGS = st.sampled_from(sorted(BY_NAME))
VALUES = st.sampled_from(["", "=", "=1", "=-", "=/srv/x", " -", " a", " *", "='!#:+'", "=.iLsf"])
STARTS = st.sampled_from([PULL, f"{PULL} .", f"{PULL} -r .", "rsync --server", "sudo rsync", ""])
PATHS = st.sampled_from(
    ["a", "a/", "*", "*/*", "out", "out/", "out/*", "..", "~", "./a", "/", "/etc", "'a b'", "''"]
) | st.sampled_from([".", "--", "-x", "[ab]", "a/.", "link/one"])
LINES = st.builds(
    lambda start, words: " ".join([start, *words]),
    STARTS,
    st.lists(st.builds(str.__add__, SPELLINGS, VALUES) | PATHS, max_size=6),
)
BYTES = st.binary(max_size=40).map(lambda raw: raw.decode("utf-8", "surrogateescape"))
COMMANDS = LINES | BYTES | BYTES.map(f"{PULL} . ".__add__)
PLACED = ("--server", "--sender", "--secluded-args", "--no-secluded-args")
OPTIONS = st.none() | st.just(["-a", "-L", "-z", "--bwlimit=*", "--files-from=*"])


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root with a few names in it, and a link that leads out."""
    directory = tmp_path_factory.mktemp("root")
    for file in ("a/one", "b/two", "a b/three", ".hidden"):
        (directory / file).parent.mkdir(exist_ok=True)
        (directory / file).touch()
    (directory / "out").symlink_to("/etc")
    (directory / "link").symlink_to("a")
    return directory


def check(client: Client, located: Located) -> None:
    """Fails if an allowed request could do what no sender may, or means more than the gate saw."""
    request = located.request
    assert request.role == SENDER
    assert not request.faults
    assert request.program in client.programs
    for token in request.tokens:
        assert token.option
        assert token.option.effect not in (WRITES, DELETES, EXECUTES)
        assert token.option.effect != ROLE or token.option.name in ("--server", "--sender")
    for source in (*located.sources, *located.lists):
        assert any(instance(source.real, where) for where in client.roots())
    reading = [t for t in request.tokens if t.option and t.option.effect == READS]
    assert len(reading) == len(located.lists) + sum(t.value == "-" for t in reading)
    argv = server_argv(request, names(located))
    again = parse(split(" ".join(map(quote, argv))))
    assert argv[:3] == PULL.split()
    assert [t.text() for t in again.tokens if t.option] == ["--server", "--sender"] + [
        t.text() for t in request.tokens if t.option and t.option.name not in PLACED
    ]
    assert [word.text for word in again.args] == [".", *names(located)]


@given(COMMANDS, OPTIONS)
@settings(max_examples=600)
def test_any_command(root: Path, command: str, options: list[str] | None) -> None:
    """Whatever the command is, it is refused for a known reason or asks for a harmless pull."""
    client = policy(rule(str(root), options=options))
    try:
        located, verdict = walk(client, command, home=str(root))
    except Refusal as refusal:
        assert refusal.code in REASONS  # noqa: PT017
        return
    if verdict.refusal:
        assert verdict.refusal.code in REASONS
    elif not located.request.secluded:  # the gate reads the block before it decides
        check(client, located)


@given(st.lists(st.builds(str.__add__, SPELLINGS, VALUES) | PATHS, max_size=6), OPTIONS, BYTES)
@settings(max_examples=600)
def test_any_block(root: Path, words: list[str], options: list[str] | None, more: str) -> None:
    """Whatever a -s client sends on stdin is judged like what stands on a command line."""
    client = policy(rule(str(root), options=options))
    block = block_of(*filter(None, [".", *words, *more.split("\0")]))
    with contextlib.suppress(Refusal):
        located, verdict = walk(client, f"{PULL} -s", block, home=str(root))
        if verdict.allowed:
            check(client, located)


@given(st.lists(st.sampled_from(["-a", "-vz", "--bwlimit=5", "-e.iLs", "--timeout 3"])), st.data())
def test_what_is_harmless_is_allowed(root: Path, options: list[str], data: st.DataObject) -> None:
    """A plain pull of what lies inside is allowed, and reaches rsync unchanged."""
    known = st.sampled_from(["a", "a/", "./b", "'a b'", "out", "link/one", ".hidden", "''", "none"])
    asked = data.draw(st.lists(known))
    client = policy(rule(str(root)))
    located, verdict = walk(client, " ".join([PULL, *options, ".", *asked]), home=str(root))
    assert verdict.rule == "allow 1"
    check(client, located)
    assert [quote(name) for name in names(located)] == asked


@pytest.mark.parametrize(
    "piece", ["[", "?", "*", "a ", "* ", "*/", "'a'/", "\\a", "-v ", "-", "~/ "]
)
def test_longest_commands(root: Path, piece: str) -> None:
    """A command as long as Linux hands over, whatever is in it, costs the gate a moment."""
    command = f"{PULL} -r . *" + piece * (128 * 1024 // len(piece))
    begun = time.monotonic()
    with contextlib.suppress(Refusal):
        walk(policy(rule(str(root))), command, home=str(root))
    assert time.monotonic() - begun < 20
