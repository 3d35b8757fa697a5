# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Entries of an authorized_keys file, as sshd(8) describes them. Pure but for `write`."""

from __future__ import annotations

import os
import re
import stat

from rsyncgate.admin.atomic import replace
from rsyncgate.refusal import Refusal
from rsyncgate.rsync.words import split
from rsyncgate.session.arrival import fingerprint

KEY_TYPES = ("ssh-", "ecdsa-", "sk-")
"""How the names of all key types begin (ssh-keygen(1), -t)."""


class Entry:
    """One line that names a key: its `options` ("" for none), `kind`, `blob` and `comment`."""

    __slots__ = ("blob", "comment", "kind", "options")

    def __init__(self, options: str, kind: str, blob: str, comment: str) -> None:
        self.options = options
        self.kind = kind
        self.blob = blob
        self.comment = comment

    def __str__(self) -> str:
        return " ".join(part for part in (self.options, self.kind, self.blob, self.comment) if part)

    def fingerprint(self) -> str:
        """The key's fingerprint, as `ssh-keygen -l` prints it."""
        return fingerprint(self.blob)

    def client(self) -> str | None:
        """The client that the entry's gate is for, None where there is no gate."""
        try:
            words = [word.text for word in split(self.command())]
        except Refusal:
            return None
        if not words or os.path.basename(words[0]) != "rsyncgate" or "--client" not in words[:-1]:
            return None
        return words[words.index("--client") + 1]

    def names(self) -> list[str]:
        """The names of its options, in small letters; sshd makes nothing of their case."""
        return [option.partition("=")[0].lower() for option in _divided(self.options, ",")]

    def command(self) -> str:
        """The forced command, "" where there is none."""
        for option in _divided(self.options, ","):
            name, _, value = option.partition("=")
            if name.lower() == "command":
                return value[1:-1].replace('\\"', '"')
        return ""

    def others(self) -> list[str]:
        """The options beside `restrict` and the command."""
        options = [option for option in _divided(self.options, ",") if option]
        return [o for o in options if o.partition("=")[0].lower() not in ("restrict", "command")]


_STRICTER = ("from", "expiry-time", "verify-required")
"""Options that a person may add to a gate's line: they take something away, as no-... do."""


def parse(line: str) -> Entry | None:
    """The Entry that `line` is, None for a comment, a blank line or one without a key."""
    line = line.strip()
    if not line or line.startswith("#"):
        return None
    options = ""
    if not line.startswith(KEY_TYPES):
        options = _divided(line, " \t")[0]
        line = line[len(options) :].lstrip()
    kind, _, rest = line.partition(" ")
    blob, _, comment = rest.strip().partition(" ")
    if not kind.startswith(KEY_TYPES) or not blob:
        return None
    return Entry(options, kind, blob, comment.strip())


def _divided(text: str, separators: str) -> list[str]:
    """`text` divided at `separators` outside of double quotes, as sshd reads options."""
    parts = [""]
    quoted = False
    before = ""
    for c in text:
        if c == '"' and before != "\\":
            quoted = not quoted
        if c in separators and not quoted:
            parts.append("")
        else:
            parts[-1] += c
        before = c
    return parts


def with_gate(text: str, entry: Entry) -> tuple[str, Entry | None]:
    """The file's `text` with `entry` in place of the gate for the same key and client, or added.

    Returns the entry that was replaced too; what a person added to it to narrow it stays. Raises
    ValueError, with a sentence, if the key is there under other terms: sshd uses the first entry
    that fits, and one without a gate would undo everything.
    """
    lines = text.split("\n")
    found = [(n, there) for n, line in enumerate(lines) if (there := parse(line))]
    same = [(n, there) for n, there in found if there.blob == entry.blob]
    for n, there in same:
        mistake = _other_terms(there, entry)
        if mistake:
            raise ValueError(f"line {n + 1} {mistake}; take that line out first")
    if len(same) > 1:
        raise ValueError(f"line {same[1][0] + 1} has this key once more; take that line out first")
    if not same:
        end = "" if text.endswith("\n") or not text else "\n"
        return f"{text}{end}{entry}\n", None
    n, there = same[0]
    options = ",".join([*there.others(), entry.options])
    lines[n] = str(Entry(options, entry.kind, entry.blob, entry.comment or there.comment))
    return "\n".join(lines), there


def without_gate(text: str, client: str, but: str = "") -> tuple[str, list[Entry]]:
    """The file's `text` without the gates of `client`, and the entries that were there.

    The key with the blob `but` stays.
    """
    kept, gone = [], []
    for line in re.split("(?<=\n)", text):
        entry = parse(line)
        if entry and entry.client() == client and entry.blob != but:
            gone.append(entry)
        else:
            kept.append(line)
    return "".join(kept), gone


def _other_terms(there: Entry, entry: Entry) -> str:
    """What keeps the line of `there` from being replaced by `entry`, as the end of a sentence."""
    if there.client() is None:
        return "lets this key in without a gate, which would undo everything"
    if there.client() != entry.client():
        return f"has this key for the client {there.client()}, and one key is one client"
    for option in there.others():
        name = option.partition("=")[0].lower()
        if name not in _STRICTER and not name.startswith("no-"):
            return f"gives this key {name} beside the gate"
    return ""


def write(path: str, text: str, uid: int, gid: int) -> None:
    """Puts `text` in place of the file at once: whole or not at all, owner and mode as they were.

    A new file, and a new directory above it, belong to `uid` and `gid` and are theirs alone.
    """
    directory = os.path.dirname(path)
    if not os.path.isdir(directory):
        os.mkdir(directory, 0o700)
        os.chown(directory, uid, gid)
    mode = 0o600
    if os.path.exists(path):
        found = os.stat(path)
        uid, gid, mode = found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)
    replace(path, text, mode, (uid, gid))
