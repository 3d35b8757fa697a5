# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The distinct requests of journals: each is taken apart once, however often it came.

Most lines differ from one before them in nothing but the moment, so they are compared as text,
which is faster than taking each apart; and large files are read by several processes.
"""

from __future__ import annotations

import json
import multiprocessing
import os
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, NamedTuple

from rsyncgate.journal.read import Asked, Damage, Scan
from rsyncgate.journal.read_files import STDIN, Piece, pieces
from rsyncgate.journal.read_lines import decoder, fault
from rsyncgate.journal.record import ALLOWED, CAPTURED, EVENTS, REFUSED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PIECE = 1 << 26
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

    Calls `progress` with the bytes of the files that were read since it was called before. Memory
    grows with what is distinct alone.
    """
    sources = pieces(files, piece)
    processes = min(len(sources), len(os.sched_getaffinity(0))) if STDIN not in files else 1
    report = progress or (lambda _: None)
    if processes > 1:
        shares = _in_processes(sources, since.encode(), report, processes)
    else:
        shares = [_share(sources, since.encode(), report)]
    return _joined(sources, shares)


class _Share(NamedTuple):
    """What one process found; `notes` are the number of lines and the damage of each source."""

    requests: dict[Key, Again]
    notes: list[tuple[int, list[Damage]]]
    older: bool


def _share(
    sources: Sequence[str | Piece], since: bytes, progress: Callable[[int], object]
) -> _Share:
    reading = _Reading(since)
    notes = []
    for source in sources:
        notes.append(reading.take(source))
        progress(_size(source))
    return _Share(reading.found, notes, reading.older)


def _in_processes(
    sources: list[str | Piece], since: bytes, progress: Callable[[int], object], processes: int
) -> list[_Share]:
    """The shares of so many processes, each of which takes its turns in `sources`."""
    fork = multiprocessing.get_context("fork")  # the child has all it needs, without an import
    waiting: dict[Connection, int] = {}
    shares: dict[int, _Share] = {}
    for n in range(processes):
        here, there = fork.Pipe(duplex=False)
        mine = sources[n::processes]
        fork.Process(target=_child, args=(mine, since, there), daemon=True).start()
        there.close()
        waiting[here] = n
    while waiting:
        for pipe in [pipe for pipe in wait(list(waiting)) if isinstance(pipe, Connection)]:
            said = pipe.recv()  # EOFError if the process has died
            if isinstance(said, int):
                progress(said)
            else:
                shares[waiting.pop(pipe)] = said
    return [shares[n] for n in range(processes)]


def _child(sources: Sequence[str | Piece], since: bytes, pipe: Connection) -> None:
    pipe.send(_share(sources, since, pipe.send))


def _joined(sources: list[str | Piece], shares: list[_Share]) -> Part:
    """What all found, with the damaged lines' numbers counted from the beginning of their file."""
    requests = shares[0].requests
    for share in shares[1:]:
        for key, again in share.requests.items():
            known = requests.setdefault(key, again)
            if known is not again:
                known.add(again)
    damage: list[Damage] = []
    total = above = 0
    file = ""
    for n, source in enumerate(sources):
        lines, noted = shares[n % len(shares)].notes[n // len(shares)]
        name = source.file if isinstance(source, Piece) else source
        file, above = name, above if name == file else 0
        damage += [found._replace(line=found.line and found.line + above) for found in noted]
        above += lines
        total += lines
    return Part(requests, damage, total, any(share.older for share in shares))


def _size(source: str | Piece) -> int:
    if isinstance(source, Piece):
        return source.end - source.begin
    return os.path.getsize(source) if os.path.isfile(source) else 0


class _Reading(Scan):
    """The requests that one process has `found` in one source after the other."""

    def __init__(self, since: bytes) -> None:
        super().__init__([])
        self.since = since
        self.found: dict[Key, Again] = {}
        self.older = False
        self.decoder = decoder(Asked)

    def take(self, source: str | Piece) -> tuple[int, list[Damage]]:
        """Reads `source`; the number of its lines, and the damage in it."""
        self.files, self.lines, self.damage = [source], 0, []
        found, since = self.found, self.since
        for file, number, block in self._blocks():
            lines = block.split(b"\n")[:-1]
            self.lines += len(lines)
            for n, line in enumerate(lines, number):
                at = line.find(b'", "event": "', 100, 200) + 13  # no string holds a bare quote
                end = line.find(b'"', at)
                event = line[at:end]
                if event in _OTHERS:
                    continue
                pid = line.find(b', "pid": ', end)
                rest = line.find(b",", pid + 9)
                if not (
                    line[74:84] == b'", "seq": '
                    and line[84 : at - 57].isdigit()
                    and line[at - 57 : at - 40] == b', "v": 1, "ts": "'
                    and line[end : end + 10] == b'", "id": "'
                    and line[end + 10 : end + 26].isalnum()
                    and line[end + 26 : end + 38] == b'", "host": "'
                    and line[pid + 9 : rest].isdigit()
                ):
                    self._count_other(file, n, line)
                    continue
                ts = line[at - 40 : at - 13]
                if ts < since:
                    self.older = True
                    continue
                key = event, line[end + 26 : pid], line[rest:]
                again = found.get(key)
                if again is None:
                    row = self._apart(file, n, line)
                    if row is None:
                        continue
                    again = found[key] = Again(row, ts)
                again.count += 1
                again.last = ts
        return self.lines, self.damage

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
        again = self.found.setdefault(key, Again(row, ts))
        again.count += 1
        again.last = ts

    def _apart(self, file: str, number: int, line: bytes) -> Asked | None:
        """The record of a request on `line`; None where there is none."""
        rows = self.decoder.many(line + b"\n") or [self.decoder.one(line)]
        row: Asked | None = rows[0]
        if row is None:
            self._note(file, number, fault(line))
        return row if row and row["event"] in REQUESTS else None
