"""The line of authorized_keys that puts a client's key behind the gate."""

from __future__ import annotations

import os
import pwd

from rsyncgate.admin.authorized_keys import Entry, parse, with_gate, write
from rsyncgate.policy.load import CONFIG, name_mistakes
from rsyncgate.rsync.words import quote


class Change:
    """What to do to an authorized_keys file: its `path`, `old` and `new` text, and its owner.

    `replaced` is the entry that goes, None where the new one is added.
    """

    def __init__(
        self, path: str, old: str, new: str, replaced: Entry | None, owner: tuple[int, int]
    ) -> None:
        self.path = path
        self.old = old
        self.new = new
        self.replaced = replaced
        self.owner = owner

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


def change(user: str, file: str, new: Entry) -> Change:
    """What installing `new` for the account `user` does to its authorized_keys, or to `file`.

    Raises ValueError, with a sentence, where the account is not known, the key is there already
    under other terms or the file could be another's, OSError where it cannot be read.
    """
    try:
        account = pwd.getpwnam(user)
    except KeyError:
        raise ValueError(f"{user} is no account of this server") from None
    path = os.path.abspath(file or os.path.join(account.pw_dir, ".ssh", "authorized_keys"))
    if os.path.islink(path):  # whoever made it chose which file root would write to
        raise ValueError(f"{path} is a symlink; name the file it leads to with --file")
    try:
        with open(path, encoding="utf-8", errors="surrogateescape", newline="") as stream:
            old = stream.read()
    except FileNotFoundError:
        old = ""
    try:
        text, replaced = with_gate(old, new)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    return Change(path, old, text, replaced, (account.pw_uid, account.pw_gid))
