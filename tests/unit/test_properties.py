# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The whole way of a command, against real shells, rsync's own popt and rsync itself."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from random import Random

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from fuzz import judge
from rsyncgate.gate import CAPTURE, serve
from rsyncgate.policy.model import Client, Located, Rule
from rsyncgate.refusal import Refusal
from rsyncgate.rsync.options import FOLLOWS
from rsyncgate.rsync.request import option_words, server_argv
from rsyncgate.rsync.words import quote
from unit import popt
from unit.commands import (
    COMMANDS,
    EVERY_OPTION,
    ODD_OPTIONS,
    ODD_PATHS,
    ON_STDIN,
    OPTIONS,
    PATHS,
    ROOTS,
    RULES,
    WORDS,
    Drawn,
)
from unit.conftest import (
    HOME,
    PULL,
    Configuration,
    Runs,
    block_of,
    encoded,
    names,
    policy,
    requested,
    rule,
    shell_words,
    walk,
)

PLACED = ("--server", "--sender", "--secluded-args", "--no-secluded-args")
HELLO = b"\x1d\0\0\0" + b"\0\0\0\0"
"""What a client of protocol 29 says first: its version, and that it has no filter rules."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A home directory with data/ in it, links from there to elsewhere, and things beside."""
    top = tmp_path_factory.mktemp("server")
    for file in ("home/data/a", "home/data/b c", "home/data/d/a", "home/x", "out/a", "out/b/a"):
        (top / file).parent.mkdir(parents=True, exist_ok=True)
        (top / file).write_text("d/a\n")
    for link, leads in (("out", "../../out"), ("in", "d"), ("x", "../x")):
        (top / "home/data" / link).symlink_to(leads)
    return str(top / "home")


def everything() -> Client:
    """A client that may read everything."""
    return policy(rule("/", options=EVERY_OPTION))


def rules(home: str, *drawn: Drawn) -> list[Rule]:
    """The rules that were drawn, numbered, with their roots around `home`."""
    return [
        rule(*(os.path.normpath(root.format(home)) for root in roots), options=options, number=n)
        for n, (roots, options) in enumerate(drawn, 1)
    ]


def allowed(client: Client, command: str, home: str, block: bytes | None = None) -> Located | None:
    """What an allowed request means on this server; None if it is refused."""
    try:
        located, verdict = walk(client, command, block, home)
    except Refusal:
        return None
    return located if verdict.allowed else None


def argv_of(located: Located) -> list[str]:
    """What rsync is started with."""
    return server_argv(located.request, names(located))


def read(argv: list[str]) -> popt.Read:
    """What popt makes of an argv that it takes."""
    found = popt.read(argv[1:])
    assert found is not None, argv
    return found


def meaning(argv: list[str]) -> popt.Read:
    """What popt makes of an argv, less the options that the gate puts in their places."""
    options, args = read(argv)
    return [option for option in options if option[0] not in PLACED], args


@pytest.mark.parametrize("sh", ["dash", "bash"])
@given(st.lists(COMMANDS, min_size=60, max_size=80))
@settings(max_examples=8, phases=[Phase.generate])  # a batch is cheap for a shell, dear to shrink
def test_rsync_gets_what_a_shell_would_have_handed_it(
    home: str, sh: str, commands: list[str]
) -> None:
    """The gate's argv has the same options and paths to popt as the shell's."""
    client = everything()
    taken = {c: found for c in commands if (found := allowed(client, c, home))}
    for (command, located), words in zip(
        taken.items(), shell_words(list(taken), home, sh=sh), strict=True
    ):
        assert meaning(argv_of(located)) == meaning(words), command


@given(st.lists(COMMANDS, min_size=30, max_size=30))
@settings(max_examples=10)
def test_a_fixed_point(home: str, commands: list[str]) -> None:
    """The argv of an allowed request, sent as a command, is allowed, and makes that argv again."""
    client = everything()
    for command in commands:
        located = allowed(client, command, home)
        if located is not None:
            argv = argv_of(located)
            again = allowed(client, " ".join(map(quote, argv)), home)
            assert again is not None, command
            assert argv_of(again) == argv


@given(st.lists(COMMANDS, min_size=60, max_size=60), st.lists(ON_STDIN, min_size=60, max_size=60))
@settings(max_examples=2, phases=[Phase.generate])
def test_rsync_does_what_it_would_have_done_without_the_gate(
    home: str, plain: list[str], on_stdin: list[str]
) -> None:
    """With the gate's argv rsync sends the same list, and says the same, as behind a shell."""
    client = policy(rule(str(Path(home).parent), options=EVERY_OPTION))
    commands, theirs, ours = [], [], []
    for secluded, drawn in ((False, plain), (True, on_stdin)):
        for command in drawn:
            line, block = command, None
            if secluded:
                line, block = f"{PULL} -s", block_of(*command.split(" ")[3:])
            located = allowed(client, line, home, block)
            if located is not None:
                commands.append(command)
                theirs.append(started(["sh", "-c", line], home, (block or b"") + HELLO))
                ours.append(started(argv_of(located), home, HELLO))
    for command, one, other in zip(commands, ours, theirs, strict=True):
        assert ended(one) == ended(other), command


def started(argv: list[str], home: str, said: bytes) -> subprocess.Popen[bytes]:
    """A server in `home` to which a client has `said` something."""
    pipe = subprocess.PIPE
    env = {"HOME": HOME, "PATH": "/usr/bin:/bin"}
    process = subprocess.Popen(argv, cwd=home, env=env, stdin=pipe, stdout=pipe, stderr=pipe)
    assert process.stdin is not None
    process.stdin.write(said)
    process.stdin.close()
    process.stdin = None
    return process


def ended(process: subprocess.Popen[bytes]) -> tuple[int, bytes, bytes]:
    """Status, stdout and stderr of a server.

    Less its version, the seed of its checksums, and the line of rsync's source that reports an end.
    """
    out, err = process.communicate()
    return process.returncode, out[8:], re.sub(rb"at \w+\.c\(\d+\) ", b"", err)


@given(COMMANDS | COMMANDS | WORDS, st.lists(RULES, min_size=1, max_size=2))
@settings(max_examples=400)
def test_what_is_allowed_is_harmless(home: str, command: str, drawn: list[Drawn]) -> None:
    """Whatever words come in whatever order, what any rules allow only reads, below their roots."""
    harmless(home, command, drawn)


@pytest.mark.parametrize("root", ROOTS)
def test_every_word_with_every_root(home: str, root: str) -> None:
    """So it is with each of these words alone, under a rule with a single root."""
    inside = os.path.normpath(root.format(home)).replace("*", "ata")
    options = [f"{PULL} {option} . {inside}" for option in OPTIONS + ODD_OPTIONS]
    taken = [
        harmless(home, command, [([root], EVERY_OPTION)])
        for command in options + [f"{PULL} -r . {path}" for path in PATHS + ODD_PATHS]
    ]
    assert any(taken)


def harmless(home: str, command: str, drawn: list[Drawn]) -> bool:
    """Whether the rules allow a command; fails where it is one that harms."""
    client = policy(*rules(home, *drawn))
    located = allowed(client, command, home)
    if located is not None:
        judge.harmless(argv_of(located), client.roots(), home)
    return located is not None


@example(f"{PULL} . data/*/*", [(["{}/data"], None)], (["{}/../out"], None))
@given(COMMANDS, st.lists(RULES, min_size=1, max_size=2), RULES)
@settings(max_examples=300)
def test_a_rule_more_refuses_nothing(
    home: str, command: str, few: list[Drawn], more: Drawn
) -> None:
    """What some rules allow they allow beside any other, links and wildcards included."""
    monotone(home, command, few, more)


def test_each_rule_has_its_wildcards(tmp_path: Path) -> None:
    """A wildcard stands for what is there in the directory of whichever rule it lies in."""
    for place in ("a/one", "a/two", "b/three", "b/four"):
        (tmp_path / place).mkdir(parents=True)
    first, second = rule(f"{tmp_path}/a", options=["-r"]), rule(f"{tmp_path}/b", number=2)
    client = policy(first, second)
    for directory, found in (("a", ["one", "two"]), ("b", ["four", "three"])):
        located, verdict = walk(client, f"{PULL} -r . {tmp_path}/{directory}/*")
        assert names(located) == [f"{tmp_path}/{directory}/{name}" for name in found]
        assert verdict.rule == f"allow {1 if directory == 'a' else 2}"
    _, verdict = walk(client, f"{PULL} -r . {tmp_path}/a/* {tmp_path}/b/*")
    assert verdict.refusal
    assert verdict.refusal.code == "path"
    _, verdict = walk(client, f"{PULL} -rz . {tmp_path}/a/*")
    assert verdict.refusal
    assert verdict.refusal.code == "option"


def monotone(home: str, command: str, few: list[Drawn], more: Drawn) -> None:
    """Fails where `few` allow a command that they do not allow beside `more`."""
    if allowed(policy(*rules(home, *few)), command, home):
        assert allowed(policy(*rules(home, *few, more)), command, home)
        assert allowed(policy(*rules(home, more, *few)), command, home)


@given(COMMANDS, RULES, st.randoms())
@settings(max_examples=400)
def test_an_option_less_is_no_other_request(
    home: str, command: str, drawn: Drawn, random: Random
) -> None:
    """Less one of its options an allowed request is allowed, and asks for the same less that.

    Without --server or --sender it is refused; without what follows links it may be another path,
    and be refused for that.
    """
    client = policy(*rules(home, drawn))
    located = allowed(client, command, home)
    if located is None:
        return
    argv = argv_of(located)
    tokens = requested(" ".join(map(quote, argv))).tokens
    n = random.randrange(len(tokens))
    option = tokens[n].option
    words = [*option_words(tokens[:n] + tokens[n + 1 :]), *argv[argv.index("--") :]]
    less = allowed(client, " ".join(map(quote, ["rsync", *words])), home)
    if less is not None:
        options, args = read(argv)
        assert read(argv_of(less)) == (options[:n] + options[n + 1 :], args)
        assert n > 1
    else:
        assert n <= 1 or (option is not None and option.effect == FOLLOWS)


@given(st.lists(st.binary(max_size=50).map(lambda raw: raw.replace(b"\0", b"")), min_size=80))
@settings(max_examples=2, phases=[Phase.generate])
def test_the_journal_gives_every_command_back(
    tmp_path_factory: pytest.TempPathFactory, rsyncgate: Runs, commands: list[bytes]
) -> None:
    """Any command comes out of `audit list --json` byte for byte, from the gate's own record."""
    config = Configuration(tmp_path_factory.mktemp("journal") / "etc")
    for command in commands:
        text = command.decode("utf-8", "surrogateescape")
        serve(config.path, "nas01", CAPTURE, {"SSH_ORIGINAL_COMMAND": text})
    listed = rsyncgate("--config", config.path, "audit", "list", "--json").stdout.splitlines()
    found = [json.loads(record)["command"] for record in listed]
    assert [encoded(command) for command in found] == commands
