"""The distinct requests that a journal holds, with how often, from where and how they ended."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rsyncgate.admin.learn import Seen
from rsyncgate.journal.record import ALLOWED, CAPTURED, REFUSED

OUTCOMES = (CAPTURED, ALLOWED, REFUSED)
"""The events that hold a request and what became of it."""

Key = tuple[str, str, tuple[str, ...], str, str]


def requests(
    records: Iterable[dict[str, Any]], client: str = "", since: str = ""
) -> dict[str, dict[str, list[Seen]]]:
    """The distinct requests of each client by outcome: {client: {outcome: [Seen, ...]}}.

    Of `client` alone if it is given, and of no record before `since`, a time as in `ts`.
    """
    seen: dict[Key, Seen] = {}
    for record in records:
        event, name = record.get("event"), record.get("client")
        ts = record.get("ts")
        if event not in OUTCOMES or (client and name != client):
            continue
        if not isinstance(ts, str) or ts < since:
            continue
        secluded = tuple(record.get("secluded") or ())
        command, home = record.get("command") or "", record.get("home") or "/"
        key = (str(name), str(event), secluded, command, home)
        one = seen.get(key)
        if one is None:
            one = seen[key] = Seen(command, secluded, home)
        one.again(ts, str(record.get("peer") or ""))
        for source in record.get("sources") or ():
            one.real[source["name"]] = source["real"]
    found: dict[str, dict[str, list[Seen]]] = {}
    for (name, event, *_), one in seen.items():
        found.setdefault(name, {}).setdefault(event, []).append(one)
    return found
