# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The summary of a journal for a terminal, or as plain text for a pipe."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from rsyncgate.admin.audit_attention import attention
from rsyncgate.admin.audit_times import shown
from rsyncgate.admin.terminal import canvas
from rsyncgate.refusal import REASONS, show

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rsyncgate.admin.audit_tally import Client, Day, Refused, Tally

DAYS = 14
"""How many days the sparkline shows."""
MOST = 20
"""How many rows of refusals are shown."""
UNBOUNDED = 10_000


def page(found: Tally, colors: bool, width: int | None) -> str:
    """The summary: what needs attention, every client, refusals by reason.

    In `colors` or without; lines are broken at `width`, or not if it is None.
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    stream = io.StringIO()
    console = canvas(stream, colors, width or UNBOUNDED)
    now = datetime.now(UTC)
    urgent = attention(found, now)
    if urgent:
        console.print(Text("Needs attention", "bold"))
        sentences = Table.grid(padding=(0, 0, 0, 1))
        for concern in urgent:
            sentences.add_row(" !", Text(concern.sentence), style="yellow")
        console.print(sentences)
    else:
        console.print(Text("Nothing needs attention", "bold green"))
    several = len({host for host, _ in found.clients}) > 1
    table = Table(box=SIMPLE_HEAD if width else None, pad_edge=False, show_edge=False)
    for title in ("client", "last success"):
        table.add_column(title, no_wrap=True)
    for title in ("requests", "sent", "refused"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column(f"{DAYS} days", no_wrap=True)
    for (host, name), client in sorted(found.clients.items()):
        whole = client.total()
        table.add_row(
            Text(_plain(f"{name} ({host})" if several else name), "bold"),
            shown(whole.success) if whole.success else Text("never", "red"),
            str(client.requests),
            size(whole.bytes),
            Text(str(whole.refused), "red" if whole.refused else ""),
            sparkline(client, now),
        )
    console.print()
    console.print(table)
    rows = refusals(found)
    if rows:
        table = Table(box=SIMPLE_HEAD if width else None, pad_edge=False, show_edge=False)
        table.add_column("refused", justify="right")
        for title in ("client", "reason", "last", "which means"):
            table.add_column(title)
        for who, reason, refused in rows[:MOST]:
            table.add_row(
                str(refused.count),
                _plain(who),
                _plain(reason),
                shown(refused.last),
                REASONS.get(reason, ""),
            )
        console.print()
        console.print(table)
        if len(rows) > MOST:
            console.print(f"and {len(rows) - MOST} more; audit report shows them all")
    return "".join(f"{line.rstrip()}\n" for line in stream.getvalue().splitlines())


def refusals(found: Tally) -> Sequence[tuple[str, str, Refused]]:
    """Who was refused, the reason, and the refusals, the most frequent first."""
    several = len({host for host, _ in found.clients}) > 1
    rows = [
        (f"{name} ({host})" if several else name, reason, refused)
        for (host, name), client in sorted(found.clients.items())
        for reason, refused in client.refusals.items()
    ]
    return sorted(rows, key=lambda row: -row[2].count)


def as_json(found: Tally) -> str:
    """The summary for a program: the same attention, clients by day, and refusals, as JSON."""
    clients = []
    rows = []
    for (host, name), client in sorted(found.clients.items()):
        who = {"host": host, "client": name}
        whole = client.total()
        days = [{"date": date, **_numbers(day)} for date, day in sorted(client.days.items())]
        counts = {"requests": client.requests, "captured": client.captured, "errors": client.errors}
        success = {"last_success": whole.success or None}
        clients.append({**who, **success, **counts, **_numbers(whole), "days": days})
        for reason, refused in sorted(client.refusals.items()):
            seen = {"count": refused.count, "first": refused.first, "last": refused.last}
            rows.append({**who, "reason": reason, **seen})
    concerns = [concern._asdict() for concern in attention(found, datetime.now(UTC))]
    return json.dumps({"attention": concerns, "clients": clients, "refusals": rows})


def _numbers(day: Day) -> dict[str, int]:
    names = {"allowed": "allowed", "succeeded": "sessions", "failed": "failed",
             "refused": "refused", "bytes": "bytes"}  # fmt: skip
    return {said: getattr(day, name) for said, name in names.items()}


def sparkline(client: Client, now: datetime) -> str:
    """The sessions that succeeded on each of the last DAYS days, as a row of bars."""
    today = now.astimezone().date()
    dates = [(today - timedelta(days=ago)).isoformat() for ago in range(DAYS - 1, -1, -1)]
    counts = [day.sessions if (day := client.days.get(date)) else 0 for date in dates]
    most = max(counts)
    return "".join("·" if not n else "▁▂▃▄▅▆▇█"[(n * 8 - 1) // most] for n in counts)


def size(count: int) -> str:
    """A number of bytes, as "1.2 GB"."""
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} PB"


def _plain(text: str) -> str:
    return show(text)[1:-1]
