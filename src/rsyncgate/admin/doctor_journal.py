# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Room for the journal, and whether logrotate keeps it small without hurting it."""

from __future__ import annotations

import glob
import os
import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from rsyncgate.admin.audit_view import size
from rsyncgate.admin.doctor_finding import Finding, failure, ok, warning
from rsyncgate.journal.chain import HEAD

if TYPE_CHECKING:
    from collections.abc import Iterator

LOGROTATE = "/etc/logrotate.conf"

LARGE = 1 << 30
"""Bytes of a journal that somebody should have rotated."""

LITTLE, NO_ROOM = 0.10, 0.01
"""Shares of a file system that are free."""

PASSED_OVER = ("~", ".bak", ".old", ".orig", ".rej", ".swp", ".disabled", ".dpkg-old", ".dpkg-dist",
               ".dpkg-new", ".rpmnew", ".rpmorig", ".rpmsave")  # fmt: skip
"""Endings of files that logrotate does not take from a directory (its tabooext)."""


class Rule(NamedTuple):
    """A block of a logrotate configuration: the `patterns` it is for, and its directives."""

    patterns: tuple[str, ...]
    directives: tuple[str, ...]

    def names(self, path: str) -> bool:
        """Whether it is for the file `path`."""
        return any(
            fnmatchcase(path, pattern) and path.count("/") == pattern.count("/")
            for pattern in self.patterns
        )


def rules(file: str) -> list[Rule]:
    """The rules of a logrotate configuration and of all it includes. Raises OSError."""
    with open(file, encoding="utf-8", errors="replace") as stream:
        found, included = parse(stream.read())
    for place in included:
        for path in _files(place):
            found += rules(path)
    return found


def _files(place: str) -> list[str]:
    if not os.path.isdir(place):
        return glob.glob(place)
    names = [name for name in sorted(os.listdir(place)) if not name.endswith(PASSED_OVER)]
    paths = [os.path.join(place, name) for name in names if not name.startswith(".")]
    return [path for path in paths if os.path.isfile(path)]


def parse(text: str) -> tuple[list[Rule], list[str]]:
    """The rules in `text`, and what it includes (logrotate.conf(5))."""
    found: list[Rule] = []
    included: list[str] = []
    text = re.sub(r"(?m)^\s*#.*$", "", text)
    script = r"(?ms)^\s*(?:pre|post|first|last)(?:rotate|action|remove)\b.*?^\s*endscript\b"
    text = re.sub(script, "", text)
    blocks = re.compile(r"(?s)(?P<head>[^{}]*)\{(?P<body>[^{}]*)\}")
    end = 0
    for block in blocks.finditer(text):
        *_, patterns = _outside(block["head"], included)
        directives = tuple(line.strip() for line in block["body"].splitlines() if line.strip())
        found.append(Rule(tuple(patterns), directives))
        end = block.end()
    _outside(text[end:], included)
    return found, included


def _outside(text: str, included: list[str]) -> list[list[str]]:
    """The words before a block that are paths, last; directives go by, `include` is noted."""
    patterns: list[str] = []
    for line in text.splitlines():
        words = [word[1:-1] if word[0] in "\"'" else word for word in re.findall(_WORD, line)]
        if words[:1] == ["include"]:
            included += words[1:]
        elif words and words[0].startswith("/"):
            patterns += words
        elif words:
            patterns = []
    return [patterns]


_WORD = r"\"[^\"]*\"|'[^']*'|\S+"


class Room(NamedTuple):
    """A file system: how many bytes are `free` of `all`, and the share of inodes that is."""

    free: int
    all: int
    inodes: float


def room(path: str) -> Room:
    """The room where `path` is, or will be. Raises OSError."""
    while not os.path.isdir(path):
        path = os.path.dirname(path)
    found = os.statvfs(path)
    inodes = found.f_favail / found.f_files if found.f_files else 1.0
    return Room(found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize, inodes)


def judge_room(there: Room) -> Finding:
    """Whether the journal can go on: without it nothing runs."""
    check = "journal.room"
    share = min(there.free / there.all if there.all else 1.0, there.inodes)
    left = f"{size(there.free)} free for the journal, {share:.0%}"
    mend = "make room there: where the journal cannot be written, nothing runs"
    if share < NO_ROOM:
        return failure(check, left, mend)
    return warning(check, left, mend) if share < LITTLE else ok(check, left)


def judge_rotation(journal: str, length: int, known: list[Rule]) -> Iterator[Finding]:
    """Whether a rule of logrotate's is for `journal`, now `length` bytes, and does it no harm."""
    check = "journal.rotation"
    mine = [rule for rule in known if rule.names(journal)]
    if not mine:
        wrong = failure if length > LARGE else warning
        yield wrong(
            check,
            f"no rule of logrotate's names {journal}, which has {size(length)}",
            "write one in /etc/logrotate.d/rsyncgate",
        )
        return
    harm = [fault for rule in mine for fault in _harm(rule, journal)]
    yield from harm
    if not harm:
        yield ok(check, f"logrotate keeps {journal} small; it has {size(length)}")


def _harm(rule: Rule, journal: str) -> Iterator[Finding]:
    check, mend = "journal.rotation", "write nocreate: the next gate makes the file"
    for directive in rule.directives:
        name, *words = directive.split()
        if name == "copytruncate":
            yield failure(
                check,
                "copytruncate loses what is written between the copy and the cut",
                "take copytruncate out",
            )
        elif name == "create" and not _sound(words):
            yield failure(check, f"the gate does not write to a file after {directive!r}", mend)
    if rule.names(journal + HEAD):
        yield warning(
            check,
            f"the rule takes {journal}{HEAD} away too, and the chain of records breaks there",
            f"name {journal} alone in it",
        )


def _sound(words: list[str]) -> bool:
    """Whether `create` with these arguments makes a file that the gate writes to."""
    mode = [word for word in words[:1] if re.fullmatch("[0-7]+", word)]
    owner = words[len(mode) :][:1] or ["root"]
    return owner[0] in ("root", "0") and not any(int(m, 8) & 0o022 for m in mode)
