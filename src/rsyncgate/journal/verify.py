# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Proves that a journal is what was written, or names the first record that is not.

Every line holds the hash of the one before it (see chain.py), so a line that was changed is missed
by the next, as is one that was removed; one that was inserted is missed by nobody.
"""

from __future__ import annotations

import fcntl
import os
from collections import deque
from hashlib import sha256
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from rsyncgate.journal.chain import HEAD, LENGTH, Head, failures, links, parse_head
from rsyncgate.journal.read_files import STDIN, Unreadable, chunks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

WINDOW = 1000
"""Lines looked at on both sides of a break, to tell what happened there."""
LONGEST = 1 << 24
"""Bytes of the longest line that is hashed whole."""
OPENING = slice(10, 74)
"""Where a line holds the hash of the one before it."""


class Line(NamedTuple):
    """One line: where it stands, its text without the newline, and its hash in hexadecimal."""

    file: str
    number: int
    text: bytes
    hash: bytes

    def __str__(self) -> str:
        """Where it stands, and which record it is."""
        where = "standard input" if self.file == STDIN else self.file
        link = links(self.text)
        return f"{where}:{self.number}" + (f" (record {link[1]})" if link else "")


class Proof:
    """What the reading of one journal showed.

    `breaks` are the signs of tampering, a sentence each, the first first, and `notes` what is worth
    knowing besides. `lines` were read; `opening` is the hash that the first of them follows, and
    `head` the hash of the last (both "" where there is none).
    """

    def __init__(self) -> None:
        self.breaks: list[str] = []
        self.notes: list[str] = []
        self.lines = 0
        self.opening = ""
        self.head = ""


class Noted(NamedTuple):
    """What stands beside a journal.

    `head` is where the gate last left the chain, None if no head is there; `failures` counts the
    records that could not be written, and `lags` says that the journal is longer than that.
    """

    head: Head | None
    failures: int
    lags: bool


def noted_head(journal: str) -> Noted:
    """What is Noted beside `journal`. Raises OSError where it cannot be read."""
    try:
        fd = os.open(journal, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        fd = -1
    try:
        size = 0
        if fd >= 0:
            fcntl.flock(fd, fcntl.LOCK_SH)  # no gate is between its two writes now
            size = os.fstat(fd).st_size
        with open(journal + HEAD, "rb") as stream:
            text = stream.read(2 * LENGTH)
    except FileNotFoundError:
        return Noted(None, 0, lags=False)
    finally:
        if fd >= 0:
            os.close(fd)
    head = parse_head(text)
    return Noted(head, failures(text), lags=head is not None and size > head.size)


def verify(files: Sequence[str], noted: Noted | None = None, since: str = "") -> Proof:
    """Reads the `files` of one journal, oldest first, and follows the chain through them.

    `noted` is what noted_head() said before, `since` a hash that was noted elsewhere; both must be
    that of one of the lines. Never raises for what the files hold.
    """
    proof = Proof()
    walk = _Walk(_lines(files, proof), proof)
    head = noted.head if noted else None
    awaited = {mark.encode() for mark in (head.hash if head else "", since) if mark}
    met = {line.hash for line in walk if line.hash in awaited}
    met.add(proof.opening.encode())
    last = walk.behind[-1] if walk.behind else None
    proof.head = last.hash.decode() if last else ""
    if head and head.hash.encode() not in met:
        proof.breaks.append(_cut(last, head))
    elif noted and noted.lags:
        proof.notes.append(
            "goes on after the last record that the gate vouches for: a gate was killed as it "
            "wrote, or something else wrote"
        )
    if since and since.encode() not in met:
        proof.breaks.append(
            f"no record has the hash {since}: the one that had it was changed or removed"
        )
    if proof.opening:
        proof.notes.append(f"begins after a record that is not here, with the hash {proof.opening}")
    return proof


def _cut(last: Line | None, head: Head) -> str:
    """What the head says of an end that is not there."""
    if last is None:
        return f"all {head.seq} records were removed"
    link = links(last.text)
    if link and link[1] == head.seq:
        return f"{last} was changed; it is the last"
    return f"{last}: the records after it were removed, up to record {head.seq}"


class _Walk:
    """Goes through the lines, and gives each on; says in `proof` where one does not fit.

    `behind` are the last lines that it went by.
    """

    def __init__(self, lines: Iterator[Line], proof: Proof) -> None:
        self.lines = lines
        self.proof = proof
        self.ahead: deque[Line] = deque()
        self.behind: deque[Line] = deque(maxlen=WINDOW)
        self.garbled: Line | None = None

    def __iter__(self) -> Iterator[Line]:
        before = b""
        for line in self._next():
            text = line.text
            if text[OPENING] != before or not text.startswith(b'{"prev": "'):
                if not self._belongs(line):
                    continue
            elif text[-1:] != b"}":
                self._damaged(line)
            self.behind.append(line)
            before = line.hash
            yield line

    def _next(self) -> Iterator[Line]:
        while True:
            line = self.ahead.popleft() if self.ahead else next(self.lines, None)
            if line is None:
                return
            yield line

    def _belongs(self, line: Line) -> bool:
        """Says what is wrong with a line that does not follow the one before it.

        Returns whether the chain goes on from there; it passes over what was inserted.
        """
        link = links(line.text)
        if not self.behind:
            if link is None:
                self._damaged(line)
            else:
                self.proof.opening = link[0]
            return True
        before = self.behind[-1]
        self.ahead.extend(islice(self.lines, WINDOW - len(self.ahead)))
        after = next((n for n, other in enumerate(self.ahead) if _follows(other, before)), None)
        if after is not None:
            more = f", and {after} more after it" if after else ""
            self.proof.breaks.append(f"{line} was inserted{more}")
            for _ in range(after):
                self.ahead.popleft()
            return False
        if link is not None:
            if before != self.garbled:
                self.proof.breaks.append(self._missed(line, *link))
        elif self.ahead and not _follows(self.ahead[0], line):
            self.proof.breaks.append(f"{line} was changed, and is no record now")
            self.garbled = line
        else:
            self._damaged(line)
        return True

    def _missed(self, line: Line, named: str, number: int) -> str:
        """What happened before `line`, which follows a line that is not there."""
        before = self.behind[-1]
        for other in reversed(self.behind):
            if other.hash == named.encode():
                first = self.behind[self.behind.index(other) + 1]
                if first is before and line.number == 1 and _follows(first, other):
                    return (
                        f"{first} was inserted, or the gate that wrote it was killed just before "
                        "the journal was rotated"
                    )
                return f"{first} was inserted"
        link = links(before.text)
        last = link[1] if link else number - 1
        if not named:
            return f"{line} begins the journal anew: the records before it were cut off from it"
        if number > last + 1:
            missing = f"{number - last - 1} records were" if number > last + 2 else "a record was"
            return f"{missing} removed between {before} and {line}"
        return f"{before} was changed"

    def _damaged(self, line: Line) -> None:
        self.ahead.extend(islice(self.lines, 0 if self.ahead else 1))
        since = "was so when the next was written" if self.ahead else "is the last"
        self.proof.notes.append(f"{line} is no whole record; it {since}")


def _follows(line: Line, before: Line) -> bool:
    return line.text[OPENING] == before.hash and line.text.startswith(b'{"prev": "')


def _lines(files: Sequence[str], proof: Proof) -> Iterator[Line]:
    for file in files:
        number, rest = 0, b""
        try:
            for chunk in chunks(file):
                texts = (rest + chunk).split(b"\n")
                rest = texts.pop()[:LONGEST]
                for text in texts:
                    number += 1
                    yield Line(file, number, text, sha256(text).hexdigest().encode())
                proof.lines += len(texts)
        except Unreadable as error:
            proof.breaks.append(f"{file} {error}")
        if rest:
            proof.lines += 1
            yield Line(file, number + 1, rest, sha256(rest).hexdigest().encode())
