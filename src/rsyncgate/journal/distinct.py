"""The distinct requests of journals: each is taken apart once, however often it came.

Most lines differ from one before them in nothing but the moment, so they are compared as text,
which is faster than taking each apart; and large files are read by several processes.
"""

from __future__ import annotations

import json
import multiprocessing
import os
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from rsyncgate.journal.read import Asked, Damage, Scan
from rsyncgate.journal.read_files import STDIN, Piece, pieces
from rsyncgate.journal.read_lines import decoder, fault
from rsyncgate.journal.record import ALLOWED, CAPTURED, EVENTS, REFUSED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

PIECE = 1 << 27
"""Bytes of a plain file that one process takes at a time."""

REQUESTS = (CAPTURED, ALLOWED, REFUSED)
"""The events that hold a request and what became of it."""

_OTHERS = {event.encode() for event in EVENTS if event not in REQUESTS}

Key = tuple[bytes, bytes, bytes]
"""What the records of one request have in common: all but prev, seq, ts, id and pid."""


class Again:
    """A record of a request, and how often and when it came, the same but for the moment."""

    __slots__ = ("count", "first", "last", "row")

    def __init__(self, row: Asked, ts: bytes) -> None:
        self.row = row
        self.count = 0
        self.first = self.last = ts

    def add(self, other: Again) -> None:
        """Counts what another reading found."""
        self.count += other.count
        self.first = min(self.first, other.first)
        self.last = max(self.last, other.last)


class Part(NamedTuple):
    """What one reading found: `older` says that requests from before its time were there."""

    requests: dict[Key, Again]
    damage: list[Damage]
    lines: int
    older: bool


def distinct(
    files: Sequence[str],
    since: str = "",
    progress: Callable[[int], object] | None = None,
    piece: int = PIECE,
) -> Part:
    """The distinct requests of `files` ("-" is stdin), those since the time `since`, a `ts`.

    Calls `progress` with the bytes of the files that were read since it was called before.
    """
    whole = Part({}, [], 0, False)
    above: dict[str, int] = {}
    sources = pieces(files, piece)
    for source, part in zip(sources, _parts(sources, since.encode()), strict=True):
        whole = _joined(whole, part, above.get(_file(source), 0))
        above[_file(source)] = above.get(_file(source), 0) + part.lines
        if progress:
            progress(_size(source))
    return whole


def _joined(whole: Part, part: Part, above: int) -> Part:
    """Both, where `above` lines of the same file were read before `part`."""
    for key, again in part.requests.items():
        known = whole.requests.setdefault(key, again)
        if known is not again:
            known.add(again)
    damage = [found._replace(line=found.line and found.line + above) for found in part.damage]
    return Part(
        whole.requests,
        whole.damage + damage,
        whole.lines + part.lines,
        whole.older or part.older,
    )


def _file(source: str | Piece) -> str:
    return source.file if isinstance(source, Piece) else source


def _size(source: str | Piece) -> int:
    if isinstance(source, Piece):
        return source.end - source.begin
    return os.path.getsize(source) if os.path.isfile(source) else 0


def _parts(sources: list[str | Piece], since: bytes) -> Iterator[Part]:
    """What each of `sources` holds, in their order, read by as many processes as can run."""
    read = partial(_part, since=since)
    processes = min(len(sources), len(os.sched_getaffinity(0)))
    if processes < 2 or STDIN in sources:
        yield from map(read, sources)
        return
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        yield from pool.imap(read, sources)


def _part(source: str | Piece, since: bytes) -> Part:
    reading = _Reading(source, since)
    reading.take()
    return Part(reading.requests, reading.damage, reading.lines, reading.older)


class _Reading(Scan):
    """One source, read by one process."""

    def __init__(self, source: str | Piece, since: bytes) -> None:
        super().__init__([source])
        self.since = since
        self.requests: dict[Key, Again] = {}
        self.older = False
        self.decoder = decoder(Asked)

    def take(self) -> None:
        """Reads it."""
        requests, since = self.requests, self.since
        for file, number, block in self._blocks():
            lines = block.split(b"\n")[:-1]
            self.lines += len(lines)
            for n, line in enumerate(lines, number):
                # As the gate writes it; a quote within a string would have a backslash before it.
                at = line.find(b'", "event": "', 70, 200) + 13
                event = line[at : line.find(b'"', at)]
                if event in _OTHERS:
                    continue
                host = line.find(b', "host": "', at)
                pid = line.find(b', "pid": ', host)
                rest = line.find(b",", pid + 9)
                if not 13 <= at < host < pid < rest:
                    self._count_other(file, n, line)
                    continue
                ts = line[at - 40 : at - 13]
                if ts < since:
                    self.older = True
                    continue
                key = event, line[host:pid], line[rest:]
                again = requests.get(key)
                if again is None:
                    row = self._apart(file, n, line)
                    if row is None:
                        continue
                    again = requests[key] = Again(row, ts)
                again.count += 1
                again.last = ts

    def _count_other(self, file: str, number: int, line: bytes) -> None:
        """Counts the request on a line that is written in another way, if there is one."""
        row = self._apart(file, number, line)
        if row is None:
            return
        ts = row["ts"].encode("utf-8", "surrogateescape")
        if ts < self.since:
            self.older = True
            return
        fixed = {name: value for name, value in row.items() if name not in ("ts", "id")}
        key = b"", b"", json.dumps(fixed, sort_keys=True).encode()
        again = self.requests.setdefault(key, Again(row, ts))
        again.count += 1
        again.last = ts

    def _apart(self, file: str, number: int, line: bytes) -> Asked | None:
        """The record of a request on `line`; None where there is none."""
        rows = self.decoder.many(line + b"\n") or [self.decoder.one(line)]
        row: Asked | None = rows[0]
        if row is None:
            self._note(file, number, fault(line))
        return row if row and row["event"] in REQUESTS else None
