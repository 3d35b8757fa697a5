# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""What must hold for any bytes: a function a target, which raises where it does not hold.

`make fuzz` hands them what atheris thinks up, test_targets.py what hypothesis does.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from pathlib import Path

from fuzz import judge
from rsyncgate.journal.record import line
from rsyncgate.policy import lexical
from rsyncgate.policy.decide import decide
from rsyncgate.policy.limits import added_options
from rsyncgate.policy.model import Client
from rsyncgate.policy.read import client_from
from rsyncgate.refusal import Refusal
from rsyncgate.rsync.request import OTHER, Request, parse, server_argv
from rsyncgate.rsync.secluded import LIMIT, arguments_of, block_of, with_stdin
from rsyncgate.rsync.words import quote, split
from rsyncgate.session.block import read_block
from rsyncgate.session.paths import locate
from unit.conftest import encoded, policy, rule

PULL = "rsync --server --sender"
OPTIONS = ["-logDtprzRL", "-F", "--bwlimit=*", "--suffix=*", "--files-from=*", "--exclude-from=*"]


def _world(directory: str) -> str:
    """A home directory with what clients may read in data/ and ways out of it."""
    top = Path(directory).resolve()
    for file in (
        "home/data/a",
        "home/data/b c",
        "home/data/.h",
        "home/data/d/e",
        "home/x",
        "out/s",
    ):
        (top / file).parent.mkdir(parents=True, exist_ok=True)
        (top / file).touch()
    for link, leads in (("out", "../../out"), ("x", "../x"), ("in", "d"), ("loop", "loop")):
        (top / "home/data" / link).symlink_to(leads)
    return str(top / "home")


_WORLD = tempfile.TemporaryDirectory(prefix="rsyncgate-fuzz-")
HOME = _world(_WORLD.name)
OUT = os.path.dirname(HOME) + "/out"
POLICIES = (
    policy(rule(f"{HOME}/data")),
    policy(
        rule("/data", "/a", "/srv", HOME),
        programs=("rsync", "sudo -u x rsync"),
        probes=("true", "rsync --version"),
    ),
    policy(rule(f"{HOME}/data", options=OPTIONS)),
    policy(rule(f"{HOME}/data"), rule(OUT, options=["-r"], number=2)),
    policy(rule(f"{HOME}/d*")),
    policy(rule(f"{HOME}/data/out", f"{HOME}/data/[ab]*", options=OPTIONS)),
    policy(),
)
"""One for each kind of policy; the first byte of a command chooses."""


def command(data: bytes) -> None:
    """A byte for the policy, a command, and behind a NUL the block of a -s client.

    Only a Refusal is ever raised, and what is allowed harms nobody and means what was sent.
    """
    line, _, block = data[1:].partition(b"\0")
    text = line.decode("utf-8", "surrogateescape")
    client = POLICIES[(data[:1] or b"\0")[0] % len(POLICIES)]
    _kept({"command": text, "secluded": arguments_of(block)})
    with contextlib.suppress(Refusal):
        request = parse(split(text))
        if request.secluded and not request.faults:
            request = with_stdin(request, block)
        _walk(request, client)


def secluded(data: bytes) -> None:
    """What a -s client sends on stdin, and behind it the protocol, which no one may touch.

    The first byte chooses the character set.
    """
    charset = ("", " --iconv=.", " --iconv=latin1", " --iconv=utf-16", " --iconv=utf-7")
    request = parse(split(f"{PULL} -s" + charset[(data[:1] or b"\0")[0] % len(charset)]))
    block, rest = _received(data[1:])
    if block is None:
        return
    assert block + rest == data[1:]
    assert block_of(arguments_of(block)) == block or block == b"\0"
    with contextlib.suppress(Refusal):
        request = with_stdin(request, block)
        for client in POLICIES[:3]:
            _walk(request, client)


def toml(data: bytes) -> None:
    """A client's file: it is a policy or has mistakes, and no policy allows what harms."""
    text = data.decode("utf-8", "replace")
    client, mistakes = client_from(text, "nas01", "/usr/bin/rsync")
    for mistake in mistakes:
        mistake.encode("utf-8")
    if mistakes:
        return
    for sent in ("-r . data", "-rL --bwlimit=99 . 'data/out'", "-re.L --log-file=x . data", ". /"):
        with contextlib.suppress(Refusal):
            _walk(parse(split(f"{PULL} {sent}")), client)


def _walk(request: Request, client: Client) -> None:
    """The gate's way of a request, and the log host's, which has no look at this server."""
    with contextlib.suppress(Refusal):
        decide(lexical.locate(request, HOME, {}), client, "192.0.2.10")
    located = locate(request, client.roots(), HOME, client.hide)
    verdict = decide(located, client, "192.0.2.10")
    if verdict.refusal:
        verdict.refusal.sentence().encode("utf-8", "surrogateescape")
        return
    if request.role == OTHER:
        assert request.program in client.probes
        return
    names = [source.name for source in located.sources] if request.paths else []
    argv = server_argv(located.request, names, added_options(located.request, client))
    judge.harmless(argv, client.roots(), HOME)
    again = parse(split(" ".join(map(quote, argv)))) if _printable(argv) else None
    if again is not None:
        assert again.faults == () or ".." in "/".join(names), again.faults
        assert server_argv(again, [word.text for word in again.paths]) == argv


def _printable(argv: list[str]) -> bool:
    return not any(c < " " or c == "\x7f" for word in argv for c in word)


def _received(data: bytes) -> tuple[bytes | None, bytes]:
    """The block that the gate reads from a pipe with `data` in it, and what it leaves there."""
    ours, theirs = os.pipe()
    try:
        os.write(theirs, data[: min(LIMIT, 65536)])
        os.close(theirs)
        block = read_block(ours)
    except Refusal:
        return None, b""
    else:
        return block, os.read(ours, 65536)
    finally:
        os.close(ours)


def _kept(facts: dict[str, object]) -> None:
    """Fails where the journal would give back something else than was written."""
    again = json.loads(line(facts))
    assert again == facts
    assert encoded(again["command"]) == encoded(str(facts["command"]))


TARGETS = {"command": command, "secluded": secluded, "toml": toml}
