# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Counts a journal: each client's successes, requests, bytes and refusals, in flat memory."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypedDict

from rsyncgate.admin.audit_times import local
from rsyncgate.journal.read import Damage, Record, Scan
from rsyncgate.journal.read_files import Piece, pieces

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

PIECE = 1 << 26
"""Bytes of a journal that one process takes at a time."""


class Held(TypedDict, total=False):
    """What is looked at of the confinement."""

    landlock: Any


class Counted(Record, total=False):
    """The fields that are counted."""

    host: str
    client: str
    reason: str
    bytes: int | None
    status: int | None
    confinement: Held


class Day:
    """One day of one client: counts, and when each thing last was (`ts`, or "").

    `sessions` succeeded, others `failed`; `hours` are those in which one succeeded (a `ts` up to
    the hour). `held` is when rsync last ran with Landlock, `open` without; `served` when a request
    was last answered.
    """

    __slots__ = (
        "allowed",
        "bytes",
        "failed",
        "held",
        "hours",
        "open",
        "refused",
        "served",
        "sessions",
        "success",
    )

    def __init__(self) -> None:
        self.allowed = self.sessions = self.failed = self.refused = self.bytes = 0
        self.held = self.open = self.served = self.success = ""
        self.hours: set[str] = set()

    def add(self, other: Day) -> None:
        """Counts `other` in."""
        for name in ("allowed", "sessions", "failed", "refused", "bytes"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("held", "open", "served", "success"):
            setattr(self, name, max(getattr(self, name), getattr(other, name)))
        self.hours |= other.hours


class Refused:
    """The refusals of one client for one reason: how many, the `first` and the `last` (`ts`)."""

    __slots__ = ("count", "first", "last")

    def __init__(self, ts: str) -> None:
        self.count = 0
        self.first = self.last = ts

    def add(self, count: int, first: str, last: str) -> None:
        """Counts more of them in."""
        self.count += count
        self.first = min(self.first, first)
        self.last = max(self.last, last)


class Client:
    """What the journals say of one client of one host.

    `days` has a Day for each local date, `refusals` a Refused for each reason, `errors` how often
    the gate itself failed. Of `captured` requests it is known how many, and when one was `learned`
    first and last.
    """

    __slots__ = ("captured", "days", "errors", "learned", "refusals")

    def __init__(self) -> None:
        self.days: dict[str, Day] = {}
        self.refusals: dict[str, Refused] = {}
        self.errors = self.captured = 0
        self.learned = ("", "")

    def capture(self, count: int, first: str, last: str) -> None:
        """Counts in requests that were learned."""
        self.captured += count
        self.learned = (min(self.learned[0] or first, first), max(self.learned[1], last))

    @property
    def requests(self) -> int:
        """How often it asked for something."""
        whole = self.total()
        return whole.allowed + whole.refused + self.captured

    def total(self) -> Day:
        """All its days in one."""
        whole = Day()
        for day in self.days.values():
            whole.add(day)
        return whole

    def add(self, other: Client) -> None:
        """Counts in what was found elsewhere, be it earlier or later."""
        for date, day in other.days.items():
            self.days.setdefault(date, Day()).add(day)
        for reason, more in other.refusals.items():
            mine = self.refusals.setdefault(reason, Refused(more.first))
            mine.add(more.count, more.first, more.last)
        self.errors += other.errors
        if other.captured:
            self.capture(other.captured, *other.learned)


class Tally:
    """Every Client by (host, name), the number of `lines`, and what was no record."""

    def __init__(self) -> None:
        self.clients: dict[tuple[str, str], Client] = {}
        self.lines = 0
        self.damaged = 0
        self.damage: list[Damage] = []
        self._dates: dict[str, str] = {}
        self._days: dict[tuple[str, str, str], Day] = {}

    def take(self, rows: Iterable[Counted]) -> None:
        """Counts records."""
        days, dates = self._days, self._dates
        for row in rows:
            ts, event = row["ts"], row["event"]
            try:
                day = days[row["host"], row["client"], dates[ts[:13]]]
            except KeyError:
                if not row.get("client"):
                    continue  # an administrator's act
                day = self._day(row)
            if event == "finished":
                day.bytes += row.get("bytes") or 0
                if row.get("status") == 0:
                    day.sessions += 1
                    day.success = ts
                    day.hours.add(ts[:13])
                else:
                    day.failed += 1
                continue
            if event == "allowed":
                day.allowed += 1
                day.served = ts
            else:
                self._other(row, day)
            if "confinement" in row:  # rsync ran
                if "landlock" in row["confinement"]:
                    day.held = ts
                else:
                    day.open = ts

    def _day(self, row: Counted) -> Day:
        host, name, hour = row.get("host", ""), row["client"], row["ts"][:13]
        date = self._dates.get(hour)
        if date is None:
            date = self._dates[hour] = _date(hour)
        client = self.clients.setdefault((host, name), Client())
        day = self._days[host, name, date] = client.days.setdefault(date, Day())
        return day

    def _other(self, row: Counted, day: Day) -> None:
        """Counts a record that is none of a pull."""
        ts, event = row["ts"], row["event"]
        client = self.clients[row.get("host", ""), row["client"]]
        if event == "refused":
            day.refused += 1
            day.served = ts
            client.refusals.setdefault(row.get("reason", ""), Refused(ts)).add(1, ts, ts)
        elif event == "captured":
            client.capture(1, ts, ts)
        elif event == "error":
            client.errors += 1

    def add(self, other: Tally, lines: int) -> None:
        """Counts in a piece of a file that begins after `lines` lines of it."""
        for who, client in other.clients.items():
            self.clients.setdefault(who, Client()).add(client)
        self.lines += other.lines
        self.damaged += other.damaged
        self.damage += [
            Damage(one.file, one.line + lines if one.line else 0, one.why) for one in other.damage
        ]


def _date(hour: str) -> str:
    """The local date of an hour of UTC; the UTC one where that is no time."""
    try:
        return local(f"{hour}:30:00.000000Z").date().isoformat()
    except ValueError:
        return hour[:10]


def tally(files: Sequence[str]) -> Tally:
    """Counts all that `files` hold; long files with every processor there is."""
    whole = Tally()
    parts = pieces(files, PIECE)
    lines = 0
    file = ""
    for part, found in zip(parts, _counted(parts), strict=True):
        name = part.file if isinstance(part, Piece) else part
        lines = lines if name == file else 0
        whole.add(found, lines)
        lines += found.lines
        file = name
    return whole


def _counted(parts: list[str | Piece]) -> Iterable[Tally]:
    processes = min(len(os.sched_getaffinity(0)), len(parts))
    if processes < 2 or sum(p.end - p.begin for p in parts if isinstance(p, Piece)) < PIECE:
        return map(_count, parts)
    return _together(parts, processes)


def _together(parts: list[str | Piece], processes: int) -> Iterable[Tally]:
    import multiprocessing  # only where there is work for several

    with multiprocessing.get_context("fork").Pool(processes) as pool:
        yield from pool.imap(_count, parts)


def _count(part: str | Piece) -> Tally:
    found = Tally()
    scan = Scan([part])
    for rows in scan.rows(Counted):
        found.take(rows)
    found.lines, found.damaged, found.damage = scan.lines, scan.damaged, scan.damage
    return found
