# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Takes the lines of a journal apart: fast where msgspec is there, and the same without it."""

from __future__ import annotations

import json
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints, is_typeddict

from rsyncgate.journal.record import VERSION


class _Slow:
    """Decodes with the standard library; also what msgspec will not: bytes that are no UTF-8."""

    def __init__(self, shape: Any, check: Any) -> None:
        self.hints = get_type_hints(check)
        self.required: frozenset[str] = check.__required_keys__
        self.whole = shape is not check

    def many(self, _block: bytes) -> list[Any] | None:
        """The records of a block of lines, or None if they must be taken one by one."""
        return None

    def one(self, line: bytes) -> dict[str, Any] | None:
        """The record on `line`, or None if it is none."""
        row = _object(line)
        if row is None or not self.required <= row.keys():
            return None
        if not all(_fits(row[name], hint) for name, hint in self.hints.items() if name in row):
            return None
        return row if self.whole else _named(row, self.hints)


class _Fast(_Slow):
    """Decodes with msgspec, and takes what it refuses to the slow way."""

    def __init__(self, shape: Any, check: Any, msgspec: Any) -> None:
        super().__init__(shape, check)
        self.refused = msgspec.DecodeError
        self.decoder = msgspec.json.Decoder(shape)

    def many(self, block: bytes) -> list[Any] | None:
        try:
            rows: list[Any] = self.decoder.decode_lines(block)
        except self.refused:
            return None
        if self.whole:
            return rows if all(map(self._complete, rows)) else None
        return rows

    def _complete(self, row: dict[str, Any]) -> bool:
        right = type(row.get("v")) is int and row["v"] == VERSION  # true equals 1
        return right and type(row.get("ts")) is type(row.get("event")) is str


def decoder(shape: Any, check: Any = None) -> _Slow:
    """What decodes lines to the TypedDict `shape`, or to whole objects that fulfil `check`."""
    try:
        import msgspec
    except ImportError:
        return _Slow(shape, check or shape)
    return _Fast(shape, check or shape, msgspec)


def fault(line: bytes) -> str:
    """Why `line` is no record, as a sentence."""
    if not line.strip():
        return "is empty"
    if b"\0" in line:
        return "holds NUL bytes, as a crash of the machine leaves them"
    row = _object(line)
    if row is None:
        torn = line.startswith(b'{"prev": ')
        return "is torn: a record that was cut short" if torn else "is no record of rsyncgate"
    if isinstance(row.get("v"), int) and row["v"] > VERSION:
        return f"has the shape {row['v']}, which only a later rsyncgate reads"
    return "is no record of rsyncgate"


def _object(line: bytes) -> dict[str, Any] | None:
    """The JSON object on `line`, or None."""
    try:
        row = json.loads(line.decode("utf-8", "surrogateescape"), parse_constant=_no_number)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None


def _no_number(name: str) -> None:
    raise ValueError(name)


def _named(row: dict[str, Any], hints: dict[str, Any]) -> dict[str, Any]:
    """The fields of `row` that a shape names, in it and in the objects in it."""
    return {
        name: _named(row[name], get_type_hints(hint)) if is_typeddict(hint) else row[name]
        for name, hint in hints.items()
        if name in row
    }


def _fits(value: Any, hint: Any) -> bool:
    """Whether `value` has the type `hint`, as far as the shapes of the journal's readers go."""
    if hint is Any:
        return True
    origin = get_origin(hint)
    if origin is Literal:
        return type(value) is not bool and value in get_args(hint)
    if origin is UnionType:
        return any(_fits(value, part) for part in get_args(hint))
    if origin is list:
        (item,) = get_args(hint)
        return isinstance(value, list) and all(_fits(each, item) for each in value)
    if origin is dict or is_typeddict(hint):
        return isinstance(value, dict)
    if hint is NoneType or hint is None:
        return value is None
    return isinstance(value, hint) and not (hint is int and isinstance(value, bool))
