# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""What an attack is: what is sent, and what harm it is after, and nothing of any gate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

LEAK, WRITE, EXEC, FORGE = "leak", "write", "exec", "forge"
HANG, CRASH, NOISE = "hang", "crash", "noise"
HARMS = (LEAK, WRITE, EXEC, FORGE, HANG, CRASH, NOISE)
"""Something outside is told; something is changed; a program runs; a false line stands in the
gate's log; a process stays when the client is gone; the gate dies; text where the protocol belongs.
"""

RECEIVER = "rsync --server -logDtpre.iLsfxCIvu"
SENDER = "rsync --server --sender -logDtpre.iLsfxCIvu"
PULL = f"{SENDER} . <root>/"
COPY = "<here>/copy/"
FORGED = '{"event": "allowed", "client": "forged"}'


@dataclass(frozen=True)
class Attack:
    """What one attacker does.

    `command` is what sshd puts in SSH_ORIGINAL_COMMAND ("" for a login shell). `client` are the
    arguments of a real rsync client (or scp or sftp, named first) that speaks the protocol then;
    without a `command` its own is sent. `rules` are filter rules that a client made by hand sends.
    Otherwise the server gets `stdin` and its end, or something `endless`.

    What `varies` outside is, before each of several tries, other content, a directory or nothing:
    whoever can tell which has learned something. `races` is how often it is tried while paths are
    swapped. `dead` says why it does no harm even without a gate, if that is so.

    In all texts `<root>` is the directory that may be pulled, `<outside>` one that may not, `<run>`
    a program that leaves a mark, `<home>` the account's home, `<here>` the attacker's directory.
    """

    name: str
    harm: str
    stands_for: str
    command: str | None = None
    client: str | None = None
    rules: tuple[str, ...] | None = None
    stdin: bytes = b""
    endless: bool = False
    locale: str = "C.UTF-8"
    varies: str = ""
    races: int = 0
    dead: str = ""


def commands(harm: str, rows: Mapping[str, tuple[str, str]], **more: Any) -> Iterator[Attack]:
    """An attack for each name, what it stands for and the command that is sent."""
    for name, (stands_for, command) in rows.items():
        yield Attack(name, harm, stands_for, command, **more)


def clients(harm: str, rows: Mapping[str, tuple[str, ...]], **more: Any) -> Iterator[Attack]:
    """An attack for each name, what it stands for, and the arguments of the client that speaks.

    A command that is not the client's own may follow.
    """
    for name, (stands_for, client, *command) in rows.items():
        yield Attack(name, harm, stands_for, command[0] if command else None, client, **more)
