# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The keys that open an account: which have a gate, which should, and what the gates lack."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from rsyncgate.admin.authorized_keys import Entry, parse
from rsyncgate.admin.doctor_finding import Finding, failure, ok, warning
from rsyncgate.policy.load import CONFIG, client_file, name_mistakes
from rsyncgate.refusal import Refusal, show
from rsyncgate.rsync.words import split

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CLOSED = {"restrict"}
CLOSED_BY_HAND = {
    "no-agent-forwarding",
    "no-port-forwarding",
    "no-pty",
    "no-user-rc",
    "no-x11-forwarding",
}
"""What `restrict` stands for; sshd(8) may add to that."""
OPENED = ("agent-forwarding", "port-forwarding", "pty", "user-rc", "x11-forwarding")
"""Options that take back a part of `restrict`."""


class Gate(NamedTuple):
    """What a forced command starts: `program`, with `config`, and `learning` as it is written."""

    program: str
    config: str
    learning: str
    client: str


class Key(NamedTuple):
    """A key where it stands; `gate` is None where its command is no gate."""

    place: str
    entry: Entry
    gate: Gate | None

    def __str__(self) -> str:
        comment = f" ({show(self.entry.comment, 40)[1:-1]})" if self.entry.comment else ""
        return f"{self.place}{comment}"


class Keys(NamedTuple):
    """The keys of an account, and the places of lines that sshd makes nothing of."""

    keys: list[Key]
    strange: list[str]


def read(files: list[str]) -> Keys:
    """The keys in `files`; one that does not exist holds none. Raises OSError for any other."""
    found = Keys([], [])
    for file in files:
        try:
            with open(file, encoding="utf-8", errors="surrogateescape") as stream:
                keys = listed(stream.read(), file)
        except FileNotFoundError:
            continue
        found.keys.extend(keys.keys)
        found.strange.extend(keys.strange)
    return found


def listed(text: str, file: str) -> Keys:
    """The keys in the `text` of `file`."""
    found = Keys([], [])
    for n, line in enumerate(text.splitlines(), 1):
        place, entry = f"{file}:{n}", parse(line)
        if entry is not None:
            found.keys.append(Key(place, entry, gate_of(entry.command())))
        elif line.strip() and not line.lstrip().startswith("#"):
            found.strange.append(place)
    return found


def gate_of(command: str) -> Gate | None:
    """The gate that a forced command starts; None if it starts another program, or says it wrong.

    rsyncgate [--config DIR] [--learn | --learn=run] --client NAME
    """
    try:
        program, *rest = [word.text for word in split(command)] or [""]
    except Refusal:
        return None
    if os.path.basename(program) != "rsyncgate":
        return None
    config, learning = CONFIG, ""
    if rest[:1] == ["--config"] and len(rest) > 1:
        _, config, *rest = rest
    elif rest and rest[0].startswith("--config="):
        config = rest.pop(0).partition("=")[2]
    if rest and rest[0] in ("--learn", "--learn=run"):
        learning = rest.pop(0)
    words = rest[0].split("=", 1) if len(rest) == 1 else rest
    if len(words) != 2 or words[0] != "--client":
        return None
    return Gate(program, config, learning, words[1])


def has_policy(gate: Gate) -> bool:
    """Whether the client that `gate` serves has a file."""
    return os.path.exists(client_file(gate.config, gate.client))


def judge(
    user: str, keys: Keys, commands_only: bool, known: Callable[[Gate], bool]
) -> Iterator[Finding]:
    """What is right and wrong with the keys of `user`.

    `commands_only` says that sshd lets no key in without a command; `known` whether there is a
    policy for a gate's client.
    """
    found = [*_single(keys.keys, commands_only, known), *_double(keys.keys)]
    gates = sum(key.gate is not None for key in keys.keys)
    if not gates:
        found.append(
            warning(
                "keys.gates",
                f"no key of {user} is behind a gate",
                "put one there: rsyncgate authorize NAME --key FILE --install",
            )
        )
    elif not found:
        behind = "1 key is" if gates == 1 else f"{gates} keys are"
        yield ok("keys.gates", f"{user}: {behind} behind a gate, and no other opens the account")
    yield from found
    for place in keys.strange:
        yield warning("keys.strange", f"{place}: sshd makes nothing of this line", "take it out")


def _single(
    keys: list[Key], commands_only: bool, known: Callable[[Gate], bool]
) -> Iterator[Finding]:
    gated = {key.entry.blob for key in keys if key.gate}
    for key in keys:
        command = key.entry.command()
        if key.gate is not None:
            yield from _gate(key, key.gate, known)
        elif key.entry.blob in gated:
            continue  # worse than a key without a gate: _double
        elif os.path.basename(command.partition(" ")[0]) == "rsyncgate":
            yield failure(
                "keys.command",
                f"{key}: {show(command)} is no command line of the gate's",
                "write the line that rsyncgate authorize prints",
            )
        elif command:
            yield warning(
                "keys.no-gate",
                f"{key}: the forced command is {show(command)}, no gate",
                "make sure that it lets in no more than it should",
            )
        elif not commands_only:
            yield warning(
                "keys.no-gate",
                f"{key}: opens a shell, with no gate before it",
                "take it out, unless it is an administrator's own",
            )


def _gate(key: Key, gate: Gate, known: Callable[[Gate], bool]) -> Iterator[Finding]:
    options = set(key.entry.names())
    if not (options & CLOSED or options >= CLOSED_BY_HAND):
        yield failure(
            "keys.restrict",
            f"{key}: without restrict the client can open tunnels through this server",
            "write restrict before command=",
        )
    elif opened := [name for name in OPENED if name in options]:
        yield warning(
            "keys.restrict",
            f"{key}: {' and '.join(opened)} takes back a part of restrict",
            f"take {' and '.join(opened)} out",
        )
    if name_mistakes(gate.client):
        yield failure(
            "keys.policy",
            f"{key}: {show(gate.client)} is no client name, every request is refused",
            "write the line that rsyncgate authorize prints",
        )
    elif gate.learning:
        runs = "runs any pull of any file" if gate.learning.endswith("run") else "runs nothing"
        yield warning(
            "keys.learning",
            f"{key}: {gate.client} is being learned: the gate writes requests down and {runs}",
            f"when it has seen enough: rsyncgate learn {gate.client} --write, and authorize again",
        )
    elif not known(gate):
        yield failure(
            "keys.policy",
            f"{key}: {gate.client} has no policy, every request is refused",
            f"write {client_file(gate.config, gate.client)}",
        )


def _double(keys: list[Key]) -> Iterator[Finding]:
    """Keys that stand there more than once, a gate before one of them."""
    by_blob: dict[str, list[Key]] = {}
    for key in keys:
        by_blob.setdefault(key.entry.blob, []).append(key)
    for same in by_blob.values():
        gated = [key for key in same if key.gate]
        open_ = [key for key in same if not key.gate]
        if gated and open_:
            yield failure(
                "keys.duplicate",
                f"{open_[0]}: the same key as {gated[0].place}, without that gate",
                f"take {open_[0].place} out",
            )
        elif len(gated) > 1:
            yield warning(
                "keys.duplicate",
                f"{gated[1]}: the same key as {gated[0].place}; sshd takes the first that fits",
                "give each client a key of its own",
            )
