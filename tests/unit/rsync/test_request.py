# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""A command in rsync's own grammar, and the argv that the gate makes of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rsyncgate.rsync.request import (
    DAEMON,
    OTHER,
    RECEIVER,
    SENDER,
    Request,
    parse,
)
from rsyncgate.rsync.words import quote, split
from unit.conftest import PULL, block_of, requested
from unit.options import BY_NAME


def texts(request: Request) -> list[str]:
    """The options of a request, less --server and --sender."""
    return [t.text() for t in request.tokens if t.spelling not in ("--server", "--sender")]


def faults(command: str, block: bytes | None = None) -> list[tuple[str, str]]:
    """What is wrong with the grammar of `command`: reason code and token."""
    return [(fault.code, fault.token) for fault in requested(command, block).faults]


@pytest.mark.parametrize(
    ("command", "role"),
    [
        (f"{PULL} -r . /", SENDER),
        (f"sudo -u backup {PULL} -r . /", SENDER),
        ("rsync --fake-super --server --sender . /", SENDER),
        ("rsync --server -r . /", RECEIVER),
        ("rsync --server --daemon .", DAEMON),
        ("rsync --daemon", DAEMON),
        ("rsync -r / /tmp/x", OTHER),
        ("rsync --version", OTHER),
        ("true", OTHER),
        ("", OTHER),
    ],
)
def test_roles(command: str, role: str) -> None:
    """A command asks for a sender, a receiver, a daemon, or for something else."""
    assert requested(command).role == role


@pytest.mark.parametrize(
    "command",
    [
        "rsync --sender --server . /",
        "rsync --server -r --sender . /",
        "rsync --server -v . / --sender",
        "rsync --server . --sender /",
        "rsync --server -e --sender . /",
        "rsync --server --backup-dir --sender . /",
        "rsync --server -- --sender . /",
        "rsync --server --unknown . / --sender",
    ],
)
def test_sender_elsewhere_is_a_push(command: str) -> None:
    """Only a --sender directly after --server makes a pull: clients put it nowhere else."""
    assert requested(command).role == RECEIVER


def test_sender_in_a_block_is_a_push() -> None:
    """A --sender that comes on stdin alone makes no pull either."""
    assert requested("rsync -s --server", block_of("--sender", ".", "/")).role == RECEIVER


@pytest.mark.parametrize(
    "command",
    [
        f"{PULL} --daemon . /",
        f"{PULL} . / --daemon",
        f"{PULL} . /a --daemon /b",
        f"{PULL} --config=/tmp/x . /",
        f"{PULL} --config /tmp/x . /",
        f"{PULL} --dparam=x=y . /",
        f"{PULL} --no-detach . /",
        "rsync --daemon --server --sender . /",
        "rsync --config=/x --server --daemon .",
        "rsync --server . /x --daemon",
    ],
)
def test_daemon_anywhere(command: str) -> None:
    """Whatever makes rsync read a daemon's configuration makes the request one for a daemon."""
    assert requested(command).role == DAEMON


def test_daemon_in_a_block() -> None:
    """It does so among the arguments on stdin too."""
    assert requested(f"{PULL} -s", block_of(".", "/a", "--daemon")).role == DAEMON
    assert requested(f"{PULL} -s", block_of("--config=/x", ".", "/a")).role == DAEMON


@pytest.mark.parametrize(
    "command",
    [f"{PULL} . -- /a --daemon", f"{PULL} --suffix --daemon . /a", f"{PULL} . ./--daemon"],
)
def test_a_daemon_that_is_none(command: str) -> None:
    """After `--`, as another option's value or as part of a path, --daemon is text."""
    assert requested(command).role == SENDER


def test_bundle() -> None:
    """The letters of one word are options each, and the argument of one takes the rest."""
    request = requested(f"{PULL} -vlogDtpre.iLsfxCIvu -B1024 -@-1 . /a")
    assert texts(request) == [
        "-v",
        "-l",
        "-o",
        "-g",
        "-D",
        "-t",
        "-p",
        "-r",
        "-e.iLsfxCIvu",
        "-B1024",
        "-@-1",
    ]
    assert not request.secluded  # the s in the tail of -e is no option
    assert not request.faults


@pytest.mark.parametrize(
    ("sent", "values"),
    [
        ("--bwlimit=5", ["5"]),
        ("--bwlimit 5", ["5"]),
        ("--bwlimit= --bwlimit=7", ["", "7"]),
        ("--bwlimit -v", ["-v"]),
        ("--bwlimit --", ["--"]),
        ("--bwlimit=a=b", ["a=b"]),
        ("'--bwlimit' ''", [""]),
    ],
)
def test_values(sent: str, values: list[str]) -> None:
    """A value stands behind a = or in the next word, whatever that looks like."""
    assert requested(f"{PULL} {sent} . /a").values("--bwlimit") == values


def test_options_after_paths() -> None:
    """Options count wherever they stand before a `--`, and behind it nothing is one."""
    request = requested(f"{PULL} . /a -v --numeric-ids /b -- -x --delete")
    assert texts(request) == ["-v", "--numeric-ids"]
    assert [word.text for word in request.paths] == ["/a", "/b", "-x", "--delete"]


def test_empty_and_missing_paths() -> None:
    """A client of 3.0 sends an empty path for the home directory, one of 2.6 none at all."""
    assert [word.text for word in requested(f"{PULL} . ''").paths] == [""]
    assert requested(f"{PULL} .").paths == ()


@pytest.mark.parametrize(
    ("sent", "fault"),
    [
        ("--no-such-option . /a", ("unknown-option", "--no-such-option")),
        ("--serve . /a", ("unknown-option", "--serve")),
        ("-v-r . /a", ("unknown-option", "--")),
        ("-é . /a", ("unknown-option", "-é")),
        ("--verbose=1 . /a", ("bad-value", "--verbose=1")),
        (". /a --bwlimit", ("bad-value", "--bwlimit")),
        ("-B=5 . /a", ("bad-value", "-B=5")),
        ("-e ssh . /a", ("bad-value", "-e ssh")),
        ("--rsh=.L/bin/sh . /a", ("bad-value", "--rsh=.L/bin/sh")),
        ("-e1.2.3.L . /a", ("bad-value", "-e1.2.3.L")),
        ("/a", ("missing-dot", "/a")),
        ("/a .", ("missing-dot", "/a")),
        ("./ /a", ("missing-dot", "./")),
        ("", ("missing-dot", "")),
        ("--suffix . /a", ("missing-dot", "/a")),
    ],
)
def test_faults(sent: str, fault: tuple[str, str]) -> None:
    """What rsync's grammar does not hold is a fault, with its code and the word it lies in."""
    assert faults(f"{PULL} {sent}")[0] == fault


def test_the_missing_dot() -> None:
    """The sentence says what stands where the dot belongs, or that nothing does."""
    (wrong,) = requested(f"{PULL} /a").faults
    assert wrong.sentence().startswith('"/a" stands where rsync clients send "."')
    (missing,) = requested(f"{PULL} -r").faults
    assert missing.sentence().startswith('the "." that rsync clients send')


@pytest.mark.parametrize("tail", [".", ".L", ".iLsfxCIvu", "32.0.iLsf", "31.L"])
def test_what_a_client_says_of_itself(tail: str) -> None:
    """The argument of -e is a client's version and letters, and nothing that could be a command."""
    assert faults(f"{PULL} -e{tail} . /a") == []


@pytest.mark.parametrize(
    "sent",
    [
        "--suffix='!#:+'",
        "--suffix='a!#:+b'",
        "--backup-dir '!#:+'",
        "-f '!#:+'",
        "-T'!#:+'",
        "-e'!#:+'",
    ],
)
def test_popt_takes_no_argument_from_a_value(sent: str) -> None:
    """A value with !#:+ is refused: popt would put the next argument in its place."""
    assert faults(f"{PULL} {sent} . /a")[0][0] == "bad-value"
    assert faults(f"{PULL} . '/!#:+'") == []


def test_program() -> None:
    """What stands before rsync's first option is the program."""
    assert requested(f"sudo -u backup {PULL} . /a").program == ("sudo", "-u", "backup", "rsync")
    assert requested("rsync --fake-super --server --sender . /a").program == ("rsync",)
    assert requested("--server --sender . /a").program == ()


@pytest.mark.parametrize(
    ("command", "secluded"),
    [
        (f"{PULL} -s", True),
        (f"{PULL} -vse.L", True),
        (f"{PULL} -ve.Ls . /a", False),
        (f"{PULL} --protect-args", True),
        (f"{PULL} -s --no-s . /a", False),
        (f"{PULL} --no-secluded-args -s", True),
    ],
)
def test_who_sends_arguments_on_stdin(command: str, secluded: bool) -> None:
    """The last of -s and --no-s counts, under any of their names."""
    assert requested(command).secluded is secluded


def test_stray_arguments_beside_a_block() -> None:
    """A -s client sends no paths on its line, and no second block on stdin."""
    assert faults(f"{PULL} -s . /a", block_of(".", "/b"))[0] == ("secluded", ".")
    assert ("secluded", "-s") in faults(f"{PULL} -s", block_of("-s", ".", "/b"))


@given(st.lists(st.sampled_from([*BY_NAME, "--bogus", "-", "--", ".", "/a", "x=y", ""])))
def test_parse_never_raises(words: list[str]) -> None:
    """Whatever the words are, parse() says what they ask for."""
    request = parse(split(" ".join(map(quote, ["rsync", "--server", *words]))))
    assert request.role in (SENDER, RECEIVER, DAEMON)
    assert request.role == SENDER or words[:1] != ["--sender"] or request.role == DAEMON
