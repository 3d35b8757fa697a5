# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The line of authorized_keys that puts a client's key behind the gate."""

from __future__ import annotations

import os
import pwd

from rsyncgate.admin.authorized_keys import Entry, parse, with_gate, without_gate, write
from rsyncgate.journal.record import KEY_AUTHORIZED, KEY_REMOVED, LEARN_SWITCHED
from rsyncgate.policy.load import CONFIG, name_mistakes
from rsyncgate.rsync.words import quote

USUAL = (".ssh/authorized_keys", ".ssh/authorized_keys2")
"""Where sshd looks for an account's keys: AuthorizedKeysFile in sshd_config(5), as it comes."""


class Change:
    """What to do to an authorized_keys file: its `path`, `old` and `new` text, and its owner.

    `acts` are what the journal says of it: events, each with the Entry it is about.
    """

    def __init__(self, path: str, old: str, owner: tuple[int, int]) -> None:
        self.path = path
        self.old = self.new = old
        self.owner = owner
        self.acts: list[tuple[str, Entry]] = []

    def install(self, new: Entry) -> None:
        """Has `new` there. Raises ValueError where its key is there already under other terms."""
        try:
            text, replaced = with_gate(self.new, new)
        except ValueError as error:
            raise ValueError(f"{self.path}: {error}") from None
        if text != self.new:
            self.new = text
            self.acts.append((LEARN_SWITCHED if replaced else KEY_AUTHORIZED, new))

    def remove(self, client: str, but: str = "") -> None:
        """Takes the keys of `client` out, all `but` the one with that blob."""
        self.new, gone = without_gate(self.new, client, but)
        self.acts += [(KEY_REMOVED, entry) for entry in gone]

    def holds(self, blob: str) -> bool:
        """Whether that key is there, whatever for."""
        return any(there.blob == blob for line in self.new.split("\n") if (there := parse(line)))

    def make(self) -> None:
        """Does it, at once. Raises OSError where it cannot be done."""
        write(self.path, self.new, *self.owner)


def entry(config: str, program: str, client: str, key: str, learning: str) -> Entry:
    """The Entry for `key`, the text of a public key file, behind a gate for `client`.

    `program` is the gate's path, `learning` "", "--learn" or "--learn=run". Raises ValueError, with
    a sentence, for what is no client name or no key.
    """
    mistakes = name_mistakes(client)
    if mistakes:
        raise ValueError(mistakes[0])
    keys = [found for line in key.splitlines() if (found := parse(line))]
    if len(keys) != 1:
        raise ValueError(f"the key file holds {len(keys)} public keys; give one with a single key")
    words = [program]
    if config != CONFIG:
        words += ["--config", os.path.abspath(config)]
    words += [learning] if learning else []
    command = " ".join(map(quote, [*words, "--client", client])).replace('"', '\\"')
    found = keys[0]
    return Entry(f'restrict,command="{command}"', found.kind, found.blob, found.comment)


def installation(user: str, file: str, new: Entry, only: bool = False) -> list[Change]:
    """What installing `new` for the account `user` does to its authorized_keys, or to `file`.

    The first Change is of the file with the entry; with `only` the client's other keys go. Raises
    ValueError, with a sentence, where the account is not known, the key is there already under
    other terms or a file could be another's, OSError where one cannot be read.
    """
    changes = _read(user, file)
    client = new.client()
    if only and client:
        for change in changes:
            change.remove(client, new.blob)
    holding = [change for change in changes if change.holds(new.blob)] or changes[:1]
    for change in holding:
        change.install(new)
    if len(holding) > 1:
        both = " and ".join(change.path for change in holding)
        raise ValueError(f"{both} both have this key; take its line out of one of them first")
    return _sound(holding + [change for change in changes if change not in holding])


def removal(user: str, file: str, client: str) -> list[Change]:
    """What taking all keys of `client` out does to the files of the account `user`, or to `file`.

    Raises ValueError and OSError as `installation` does.
    """
    mistakes = name_mistakes(client)
    if mistakes:
        raise ValueError(mistakes[0])
    changes = _read(user, file)
    for change in changes:
        change.remove(client)
    return _sound(changes)


def _read(user: str, file: str) -> list[Change]:
    """The files in which sshd finds the keys of `user`, or `file` alone, as they are."""
    try:
        account = pwd.getpwnam(user)
    except KeyError:
        raise ValueError(f"{user} is no account of this server") from None
    files = [file] if file else [os.path.join(account.pw_dir, usual) for usual in USUAL]
    changes = []
    for path in map(os.path.abspath, files):
        try:
            with open(path, encoding="utf-8", errors="surrogateescape", newline="") as stream:
                old = stream.read()
        except FileNotFoundError:
            old = ""
        changes.append(Change(path, old, (account.pw_uid, account.pw_gid)))
    return changes


def _sound(changes: list[Change]) -> list[Change]:
    for change in changes:  # whoever made a symlink chose which file root would write to
        if change.new != change.old and os.path.islink(change.path):
            raise ValueError(f"{change.path} is a symlink; name the file it leads to with --file")
    return changes
