# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Journals whose every number is known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rsyncgate.journal.write import append

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
NOW = datetime.now(UTC)
PULL = "rsync --server --sender -logDtpr --numeric-ids . /srv/"


def stamp(ago: timedelta) -> str:
    """A `ts` that long ago."""
    return (NOW - ago).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Book:
    """Writes a journal as the gate would have."""

    def __init__(self, journal: Path, host: str = "server") -> None:
        self.journal = journal
        self.host = host
        self.count = 0

    def note(self, event: str, client: str, ago: timedelta, **facts: Any) -> str:
        """A record of `client`, `ago`; returns its id."""
        self.count += 1
        head = {"v": 1, "ts": stamp(ago), "event": event, "id": f"{self.count:016x}"}
        shared = {"host": self.host, "client": client, "peer": "192.0.2.1", "command": PULL}
        append(str(self.journal), {**head, **shared, **facts})
        return head["id"]  # type: ignore[return-value]

    def pull(self, client: str, ago: timedelta, sent: int = 1000, held: bool = True) -> str:
        """A session that succeeded."""
        confinement = {"landlock": 7} if held else {"mounts": "shared"}
        name = self.note("allowed", client, ago, rule="allow 1", confinement=confinement,
                         granted={"paths": ["/srv"], "options": ["--numeric-ids"]})  # fmt: skip
        self.count -= 1
        return self.note("finished", client, ago, status=0, bytes=sent) or name

    def refuse(self, client: str, ago: timedelta, reason: str = "path", **facts: Any) -> str:
        """A request that was refused."""
        return self.note("refused", client, ago, reason=reason, message="is no path", **facts)
