# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Every command that real clients of twenty years sent, against the gate and a real shell.

`commands.jsonl.gz` holds what rsync 2.6.8 to 3.5.0 and openrsync handed to a remote shell, each
line once, with the block that a -s client sent on stdin; `secluded.jsonl` the -s lines beside the
plain lines of the same job. Bytes that are no UTF-8 stand as lone surrogates, as in the journal.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path

import pytest

from rsyncgate.policy.model import Client
from rsyncgate.refusal import Refusal
from rsyncgate.rsync.request import Request, server_argv
from rsyncgate.rsync.words import quote, split
from rsyncgate.session.paths import locate
from unit.conftest import encoded, expanded, names, policy, requested, rule, shell_words, walk

HERE = Path(__file__).parent

# What is refused of the pulls, under paths = ["/"] without options: {(reason, what): how many}.
# "What" is the character or option at fault, "" where the paths or the program differ too much.
REFUSED = {
    # rsync before 3.2.4 and openrsync quote nothing, and a path with shell syntax arrives bare;
    # --rsync-path may bring syntax of its own ("cd /tmp && rsync"). The gate is no shell.
    ("shell-syntax", "$"): 25,
    ("shell-syntax", "{"): 23,
    ("shell-syntax", ";"): 17,
    ("shell-syntax", "&"): 16,
    ("shell-syntax", "`"): 10,
    ("shell-syntax", "\n"): 8,
    ("shell-syntax", "#"): 8,
    ("shell-syntax", "("): 5,
    ("shell-syntax", "}"): 5,
    ("shell-syntax", "|"): 4,
    ("shell-syntax", "<"): 3,
    # The same clients send the quotes of a path bare: a shell would wait for the other one.
    ("unbalanced-quote", "'"): 11,
    ("unbalanced-quote", "\\"): 7,
    # No record, terminal or log should have to cope with these. (rsync sends a line end in a path
    # as backslash and line end, which a shell deletes: such a path never arrived.)
    ("control-character", "\r"): 5,
    ("control-character", "\x01"): 4,
    ("control-character", "\x7f"): 3,
    ("control-character", "\n"): 2,
    ("control-character", "\t"): 1,
    # Options that delete or write on the server. The second came with -M or in --rsync-path.
    ("deletes", "--remove-source-files"): 11,
    ("deletes", "--remove-sent-files"): 8,
    ("writes", "--log-file"): 5,
    ("writes", "--log-file-format"): 2,
    # -M--daemon: what follows would be a daemon's configuration.
    ("daemon", "--daemon"): 2,
    # Sent for --qsort, and no server takes it. --help was the name of a file, sent bare by 2.6;
    # --confine-root is the server's own to set.
    ("changes-role", "--use-qsort"): 5,
    ("changes-role", "--help"): 3,
    ("changes-role", "--confine-root"): 2,
    # A filter may name a file to read; no client sends one here but with -M.
    ("reads-path", "--filter"): 1,
    # They read what lies behind links and on devices: a rule must name them.
    ("option", "-L"): 31,
    ("option", "-k"): 13,
    ("option", "--copy-unsafe-links"): 9,
    ("option", "--copy-devices"): 4,
    ("option", "--insecure-links"): 2,
    # Clients resolve ".." on their own side only.
    ("dot-dot", ""): 12,
    # A value with a blank, sent bare, falls apart and leaves its tail where the "." belongs;
    # an empty value, sent bare, swallows the ".".
    ("missing-dot", ""): 21,
    # --rsync-path= leaves no program at all, and no policy can name that.
    ("program", ""): 4,
}

# openrsync takes host::module for a path: byte for byte the line of a pull from the home directory.
_OPENRSYNC = "rsync --server --sender -g -l -o -p -D -r -t"
DAEMON_AS_PULL = (
    "rsync --server --sender . module/path",
    f"{_OPENRSYNC} -v . module/",
    f"{_OPENRSYNC} -v . module/path",
    f"{_OPENRSYNC} -v . module/p",
    f"{_OPENRSYNC} -v . m/a m/b",
    f"{_OPENRSYNC} . m/a b",
    f"sudo {_OPENRSYNC} -v . module/path",
)

# Lines with options before --server (from --rsync-path), after the "." (2.6 and openrsync send a
# file called "-x" bare), or with --server or --sender once more (from -M). rsync reads
# them all the same; the gate puts them where they belong.
MISPLACED_HEADS = ("rsync --log-file=", "rsync --fake-super", "sudo rsync --open-noatime")
MISPLACED_TAILS = (
    " . -x",
    " . --help",
    " . -a b",
    " . --",
    " . /a -b",
    "C --server . /data/",
    "u --server . /data/",
    "C --sender . /data/",
    "u --sender . /data/",
)
PLACED = ("--server", "--sender", "--")

# Plain lines whose client asked for something else than with -s, and what.
UNLIKE = {
    "rsync --server --sender -logDtpr .": "2.6 sends no path for the home directory",
    "rsync --server --sender -logDtpre.iLsf . ": "3.0 sends an empty one",
    "rsync --server --sender -logDtpre.iLsf . /a ": "and not even that after another path",
    "rsync --server --sender -logDtpr . --help": "2.6 sends a leading dash bare",
    "rsync --server --sender -g -l -o -p -D -r -t . --help": "openrsync does",
    "rsync --server --sender -g -l -o -p -D -r -t . -x": "openrsync does",
    "rsync --server --sender -g -l -o -p -D -r -t . /a -b": "openrsync does",
    "rsync --server --sender -logDtpre.iLsfxCIvu . /a\\*bU": "3.3 and 3.4 add a stray byte",
    "rsync --server --sender -logDtpre.iLsfxCIvu . /a\\6": "3.3 and 3.4 add a stray byte",
    "rsync --server --sender -logDtpre.iLsfxC --iconv=latin1 . /café": "names convert with -s only",
    "rsync --server --sender -logDtpre.iLsfxCIvu --iconv=latin1 . /café": "with -s only",
    "rsync --server --sender -logDtpre.iLsfxCIvu . /a\\\nb": "a shell deletes a quoted line end",
}


class Sent:
    """One line of the corpus."""

    def __init__(self, row: dict[str, str]) -> None:
        self.direction = row["direction"]
        self.command = row["command"]
        self.block = encoded(row["stdin"]) if "stdin" in row else None

    def splits(self) -> bool:
        """Whether the gate can tell the words of the line."""
        try:
            split(self.command)
        except Refusal:
            return False
        return True


@pytest.fixture(scope="module")
def corpus() -> list[Sent]:
    """Every line of the corpus."""
    with gzip.open(HERE / "commands.jsonl.gz", "rt") as stream:
        return [Sent(json.loads(line)) for line in stream]


@pytest.fixture(scope="module")
def everything(corpus: list[Sent]) -> Client:
    """A client that may read the whole server, with every program the corpus names."""
    requests = [requested(s.command) for s in corpus if s.direction == "pull" and s.splits()]
    programs = {" ".join(map(quote, request.program)): None for request in requests}
    return policy(rule("/"), programs=tuple(filter(None, programs)))


def outcome(client: Client, command: str, block: bytes | None) -> tuple[str, str]:
    """The reason code of the refusal, or "allowed", and the character or option at fault."""
    try:
        refusal = walk(client, command, block)[1].refusal
    except Refusal as raised:
        refusal = raised
    if refusal is None:
        return "allowed", ""
    plain = refusal.code in ("dot-dot", "missing-dot", "program")  # they name a path or a command
    return refusal.code, "" if plain else refusal.token.partition("=")[0]


def rebuilt(request: Request, home: str) -> list[str]:
    """The arguments that the gate would start rsync with, less its own `--`."""
    located = locate(request, ("/",), home)
    argv = server_argv(located.request, names(located))[1:]
    argv.remove("--")
    return argv


def test_words(corpus: list[Sent], tmp_path: Path) -> None:
    """Every line that can be split has the words that a real shell gives it."""
    commands = [sent.command for sent in corpus if sent.splits()]
    words = [[expanded(word) for word in split(command)] for command in commands]
    assert words == shell_words(commands, str(tmp_path), noglob=True)
    assert len(words) > 3000


def test_rebuilt_argv(corpus: list[Sent], tmp_path: Path) -> None:
    """The client's own arguments reach rsync, as a real shell would have handed them over."""
    commands = [s.command for s in corpus if s.direction == "pull" and not s.block and s.splits()]
    commands = [c for c in commands if not requested(c).faults and ".." not in c]
    commands = [c for c in commands if "--daemon" not in c]
    for command, words in zip(commands, shell_words(commands, str(tmp_path)), strict=True):
        request = requested(command)
        sent = words[len(request.program) :]
        argv = rebuilt(request, str(tmp_path))
        if command.startswith(MISPLACED_HEADS) or command.endswith(MISPLACED_TAILS):
            assert argv != sent
            argv, sent = (sorted(w for w in list_ if w not in PLACED) for list_ in (argv, sent))
        assert argv == sent, command
    assert len(commands) > 1800


def test_rebuilt_argv_of_secluded_arguments(corpus: list[Sent]) -> None:
    """A -s client's arguments become one line: that of its command, less the s, and its block."""
    secluded = [sent for sent in corpus if sent.direction == "pull" and sent.block]
    for sent in secluded:
        block = sent.block or b""
        request = requested(sent.command, block)
        line = [word.text for word in split(sent.command)][len(request.program) :]
        bundle = [line[2].replace("s", "", 1)] if line[2] != "-s" else []
        on_stdin = block.decode("utf-8", "surrogateescape").split("\0")[1:-2]
        on_stdin = [word.replace("\\*", "*") for word in on_stdin]  # quoted for rsync's own glob
        if "--iconv=latin1" in line:
            on_stdin = [w.encode("latin-1").decode("utf-8", "surrogateescape") for w in on_stdin]
        assert rebuilt(request, "/nonexistent") == [*line[:2], *bundle, *line[3:], *on_stdin]
    assert len(secluded) == 175


def test_pulls(corpus: list[Sent], everything: Client) -> None:
    """A client that may read everything pulls whatever it asks for, but for the table's reasons."""
    found = Counter(
        outcome(everything, s.command, s.block) for s in corpus if s.direction == "pull"
    )
    allowed = found.pop(("allowed", ""))
    assert found == REFUSED
    assert allowed == 2248 - sum(REFUSED.values())


def test_pushes(corpus: list[Sent], everything: Client) -> None:
    """Every push is refused, as one or for a line that cannot be split or wants a daemon."""
    pushes = [sent for sent in corpus if sent.direction == "push"]
    found = Counter(outcome(everything, sent.command, sent.block)[0] for sent in pushes)
    assert found == {
        "push": 899,
        "shell-syntax": 38,
        "unbalanced-quote": 8,
        "daemon": 2,
        "control-character": 1,
    }
    assert all(
        outcome(everything, s.command, s.block)[0] == "push"
        for s in pushes
        if s.splits() and "--daemon" not in s.command
    )


def test_daemons(corpus: list[Sent], everything: Client) -> None:
    """Every call for a daemon is refused, but for openrsync's, which look like pulls."""
    daemons = [sent for sent in corpus if sent.direction == "daemon"]
    for sent in daemons:
        code = outcome(everything, sent.command, sent.block)[0]
        if sent.command in DAEMON_AS_PULL:
            assert code == "allowed"
        elif "--sender" in sent.command or "--daemon" in sent.command:
            assert code == "daemon"
        else:
            assert code == "push"
    assert set(DAEMON_AS_PULL) < {sent.command for sent in daemons}


def test_secluded_and_plain(everything: Client) -> None:
    """A -s client gets the verdict and the paths of the same job on a plain line."""
    with (HERE / "secluded.jsonl").open() as stream:
        jobs = [json.loads(line) for line in stream]
    unlike = set()
    for job in jobs:
        located, verdict = walk(everything, job["secluded"], encoded(job["stdin"]))
        assert verdict.allowed
        for line in job["plain"]:
            if line in UNLIKE:
                unlike.add(line)
                continue
            plain, its_verdict = walk(everything, line)
            assert its_verdict.allowed
            assert names(plain) == names(located), line
    assert unlike == set(UNLIKE)
    assert len(jobs) > 90
