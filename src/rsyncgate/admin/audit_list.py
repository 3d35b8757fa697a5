# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The records that someone asks for, oldest first, each as a line for a person."""

from __future__ import annotations

import heapq
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from rsyncgate.admin.audit_times import shown
from rsyncgate.journal.read import Damage, Scan, journal_of
from rsyncgate.refusal import show

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Filter:
    """What a record must be to be listed; what is empty says nothing.

    `since` and `until` are as a record's `ts`; `path` stands for itself and all below it.
    """

    def __init__(
        self,
        *,
        host: str = "",
        client: str = "",
        event: str = "",
        reason: str = "",
        peer: str = "",
        key: str = "",
        path: str = "",
        since: str = "",
        until: str = "",
    ) -> None:
        named = {"host": host, "client": client, "event": event, "reason": reason, "peer": peer,
                 "key": key}  # fmt: skip
        self.equal = {name: value for name, value in named.items() if value}
        self.path = path.rstrip("/") or path
        self.since = since
        self.until = until

    def takes(self, record: dict[str, Any]) -> bool:
        """Whether `record` is asked for."""
        if record["ts"] < self.since or (self.until and record["ts"] >= self.until):
            return False
        if any(record.get(name) != value for name, value in self.equal.items()):
            return False
        return not self.path or any(map(self._below, _paths(record)))

    def _below(self, path: str) -> bool:
        path = path.rstrip("/") or path
        return path == self.path or path.startswith(self.path.rstrip("/") + "/")


def _paths(record: dict[str, Any]) -> Iterator[str]:
    """Every path that a record names: what was asked for, and where that really is."""
    request, sources = record.get("request"), record.get("sources")
    if isinstance(request, dict) and isinstance(request.get("paths"), list):
        yield from (path for path in request["paths"] if isinstance(path, str))
    if isinstance(sources, list):
        for source in sources:
            if isinstance(source, dict):
                yield from (path for path in source.values() if isinstance(path, str))
    if isinstance(record.get("file"), str):
        yield record["file"]


class Listing:
    """The records of several journals that a filter takes, in the order of time.

    `files` of one journal stand together, oldest first. `damage` grows while records are taken.
    """

    def __init__(self, files: Sequence[str]) -> None:
        self.scans = [Scan([*group]) for _, group in groupby(files, journal_of)]

    def records(self, wanted: Filter) -> Iterator[dict[str, Any]]:
        """The records that `wanted` takes, the newest last."""
        streams = [filter(wanted.takes, scan.records()) for scan in self.scans]
        return heapq.merge(*streams, key=itemgetter("ts"))

    @property
    def damage(self) -> list[Damage]:
        """What was no record so far."""
        return [damage for scan in self.scans for damage in scan.damage]

    @property
    def damaged(self) -> int:
        """How much that is."""
        return sum(scan.damaged for scan in self.scans)


class Renderer:
    """Shows single records to people, with structlog, in `colors` or without.

    With `several` servers each line names its own.
    """

    def __init__(self, colors: bool, several: bool = False) -> None:
        import structlog

        self.several = several

        self.render = structlog.dev.ConsoleRenderer(
            colors=colors, sort_keys=False, repr_native_str=True
        )  # repr() makes any text safe for a terminal

    def line(self, record: dict[str, Any]) -> str:
        """`record` as one line: when, who, what, and what there is to say about it."""
        entry = {
            "timestamp": shown(record["ts"]),
            "event": f"{_plain(record.get('client', '')):12} {_plain(record['event'])}",
            **({"host": record.get("host", "")} if self.several else {}),
            **dict(_telling(record)),
        }
        return str(self.render(None, "", entry)).rstrip()


def _telling(record: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The fields that tell most about an event, with their values."""
    event = record["event"]
    names = {
        "allowed": ("peer", "rule"),
        "refused": ("peer", "reason", "message"),
        "captured": ("peer", "reason"),
        "finished": ("status", "signal", "connection", "seconds", "bytes"),
        "error": ("detail",),
    }.get(event, ("by", "file", "key", "facts"))
    for name in names:
        if record.get(name) not in (None, "") and record.get(name) != "open":
            yield name, record[name]
    if event in ("allowed", "refused", "captured"):
        yield "command", record.get("command") or ""
    yield "id", record.get("id", "")


def _plain(value: Any) -> str:
    return show(str(value))[1:-1]
