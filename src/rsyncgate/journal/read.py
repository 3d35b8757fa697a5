# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Reads journals back, whatever is in them: records as they come, and what is no record counted.

Nothing here ends at a damaged line, or raises for one.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypedDict, TypeVar, cast

from rsyncgate.journal.read_files import (
    STDIN,
    Piece,
    Unreadable,
    chunks,
    journal_files,
    journal_of,
    journals,
)
from rsyncgate.journal.read_lines import decoder, fault

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["STDIN", "Asked", "Damage", "Record", "Scan", "journal_files", "journal_of", "journals"]

T = TypeVar("T")
LONGEST = 1 << 24
"""Bytes of the longest line that is looked at."""
MOST = 1000
"""How many damaged lines are remembered; more are only counted."""


class Record(TypedDict):
    """What every record must have; the other fields are as in journal/record.py."""

    v: Literal[1]
    ts: str
    event: str


class Asked(Record, total=False):
    """What a record says of the request: the little that learn and replay need."""

    id: str
    client: str
    peer: str
    home: str
    command: str | None
    secluded: list[str]
    sources: list[dict[str, str]]
    reason: str


class Damage(NamedTuple):
    """A line that is no record: in which `file`, its number (0: the file itself), and `why`."""

    file: str
    line: int
    why: str

    def __str__(self) -> str:
        """One line for a person."""
        where = "standard input" if self.file == STDIN else self.file
        return f"{where}:{self.line}: {self.why}" if self.line else f"{where}: {self.why}"


class Scan:
    """One reading of `files`, or of pieces of them, in their order ("-" is stdin).

    `damage` lists what was no record, the first MOST of them; `damaged` counts them all, and
    `lines` all lines, `read` their bytes. They grow while the records are taken.
    """

    def __init__(self, files: Sequence[str | Piece]) -> None:
        self.files = list(files)
        self.damage: list[Damage] = []
        self.damaged = 0
        self.lines = 0
        self.read = 0

    def records(self) -> Iterator[dict[str, Any]]:
        """Every record, whole."""
        for rows in self.rows(dict[str, Any], Record):
            yield from rows

    def requests(self) -> Iterator[Asked]:
        """What was asked for: one for each record that was captured, allowed or refused.

        A session that was allowed has one record here, its `finished` is passed over.
        """
        for rows in self.rows(Asked):
            for row in rows:
                if row["event"] in ("captured", "allowed", "refused"):
                    yield row

    def find(self, record_id: str) -> Iterator[dict[str, Any]]:
        """The records of one session; lines that do not hold its id are not taken apart."""
        wanted = json.dumps(record_id).encode()
        take = decoder(dict[str, Any], Record)
        for file, number, block in self._blocks():
            if wanted not in block:
                self.lines += block.count(b"\n")
                continue
            for row in self._one_by_one(file, number, block, take.one, wanted):
                if row.get("id") == record_id:
                    yield row

    def rows(self, shape: type[T], check: Any = None) -> Iterator[list[T]]:
        """The records by the hundred, each as the TypedDict `shape`: only the fields it names.

        `check` is the shape they must fulfil where that is another.
        """
        take = decoder(shape, check)
        for file, number, block in self._blocks():
            count = block.count(b"\n")
            rows = take.many(block)
            if rows is not None and len(rows) == count:
                self.lines += count
                yield cast("list[T]", rows)
            else:
                yield [*self._one_by_one(file, number, block, take.one)]

    def _one_by_one(
        self, file: str, number: int, block: bytes, take: Any, wanted: bytes = b""
    ) -> Iterator[Any]:
        for line in block.split(b"\n")[:-1]:
            self.lines += 1
            if wanted in line:
                row = take(line)
                if row is None:
                    self._note(file, number, fault(line))
                else:
                    yield row
            number += 1

    def _note(self, file: str, line: int, why: str) -> None:
        self.damaged += 1
        if len(self.damage) < MOST:
            self.damage.append(Damage(file, line, why))

    def _blocks(self) -> Iterator[tuple[str, int, bytes]]:
        """Whole lines by the megabyte: file, number of the first line, and the lines."""
        for source in self.files:
            file = source.file if isinstance(source, Piece) else source
            number, rest = 1, b""
            try:
                for chunk in chunks(source):
                    self.read += len(chunk)
                    cut = chunk.rfind(b"\n") + 1
                    if not cut:
                        rest += chunk
                        if len(rest) > LONGEST:
                            rest = rest[:1]  # it stays a line, and no record
                        continue
                    block, rest = rest + chunk[:cut], chunk[cut:]
                    yield file, number, block
                    number += block.count(b"\n")
            except Unreadable as error:
                self._note(file, number if number > 1 or rest else 0, str(error))
            if rest:
                yield file, number, rest + b"\n"
