# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""A journal as it grows, through rotation, truncation and its absence."""

from __future__ import annotations

import os
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from rsyncgate.journal.read import Record, Scan, journal_files
from rsyncgate.journal.read_files import Piece
from rsyncgate.journal.read_lines import decoder, fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rsyncgate.admin.audit_list import Filter

PAUSE = 0.2
"""Seconds between two looks at the journal."""


def follow(journal: str, wanted: Filter, last: int) -> Iterator[dict[str, Any] | str]:
    """The `last` records that `wanted` takes, then each new one; what is no record, as a sentence.

    The journal need not exist yet. Does not end.
    """
    tail = _Tail(journal)
    earlier = deque(filter(wanted.takes, _before(journal, tail)), maxlen=last)
    yield from earlier
    take = decoder(dict[str, Any], Record)
    while True:
        for line in tail.lines():
            record = take.one(line)
            if record is None:
                yield f"{journal}: a line {fault(line)}"
            elif wanted.takes(record):
                yield record
        time.sleep(PAUSE)


def _before(journal: str, tail: _Tail) -> Iterator[dict[str, Any]]:
    """What the live journal holds already, and the file before it."""
    end = tail.skip()
    try:
        older = [file for file in journal_files(journal) if file != journal][-1:]
    except OSError:
        older = []
    return Scan([*older, Piece(journal, 0, end)]).records()


class _Tail:
    """Reads on where it ended; opens the journal anew when another file has its name."""

    def __init__(self, journal: str) -> None:
        self.journal = journal
        self.fd = -1
        self.rest = b""

    def skip(self) -> int:
        """Goes to the end of what is there, and returns where that is."""
        self._open()
        return os.lseek(self.fd, 0, os.SEEK_END) if self.fd >= 0 else 0

    def lines(self) -> Iterator[bytes]:
        """The lines that are new, without their newlines."""
        if self.fd < 0:
            self._open()
        while self.fd >= 0:
            yield from self._read()
            if self._is_current():
                return
            yield from self._read()  # what was written between the reading and the renaming
            os.close(self.fd)
            self._open()

    def _open(self) -> None:
        self.rest = b""
        try:
            self.fd = os.open(self.journal, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            self.fd = -1

    def _read(self) -> Iterator[bytes]:
        if os.fstat(self.fd).st_size < os.lseek(self.fd, 0, os.SEEK_CUR):
            os.lseek(self.fd, 0, os.SEEK_SET)  # it was cut, as logrotate's copytruncate does
        while chunk := os.read(self.fd, 1 << 16):
            *lines, self.rest = (self.rest + chunk).split(b"\n")
            yield from lines

    def _is_current(self) -> bool:
        try:
            there = os.stat(self.journal, follow_symlinks=False)
        except OSError:
            return True  # until there is another, more may come here
        here = os.fstat(self.fd)
        return (here.st_ino, here.st_dev) == (there.st_ino, there.st_dev)
