"""The distinct requests that journals hold: how often, from where, and what became of them."""

from __future__ import annotations

from collections.abc import Callable

from rsyncgate.admin.learn import Seen
from rsyncgate.journal.read import Scan
from rsyncgate.journal.record import ALLOWED, CAPTURED, REFUSED

OUTCOMES = (CAPTURED, ALLOWED, REFUSED)
"""The events that hold a request and what became of it."""

History = dict[str, dict[str, list[Seen]]]
"""{client: {outcome: [Seen, ...]}}"""


def requests(
    scan: Scan, client: str = "", since: str = "", progress: Callable[[int], object] | None = None
) -> History:
    """The distinct requests that `scan` finds, by client and outcome.

    Of `client` alone if it is given, and of no record before `since`, a time as in `ts`. Calls
    `progress` with the number of lines read so far. Memory grows with what is distinct alone.
    """
    seen: dict[tuple[str, str, str, str, tuple[str, ...]], Seen] = {}
    for row in scan.requests():
        name, ts = row.get("client", ""), row["ts"]
        if (client and name != client) or ts < since:
            continue
        command, home = row.get("command") or "", row.get("home") or "/"
        key = (name, row["event"], command, home, tuple(row.get("secluded", ())))
        one = seen.get(key)
        if one is None:
            one = seen[key] = Seen(command, key[4], home)
            if progress:
                progress(scan.lines)
        one.again(ts, row.get("peer", ""))
        for source in row.get("sources", ()):
            one.real[source["name"]] = source["real"]
    found: History = {}
    for (name, event, *_), one in seen.items():
        found.setdefault(name, {}).setdefault(event, []).append(one)
    return found
