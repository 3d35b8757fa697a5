# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Writes a journal of any length: python tests/bench/journals.py FILE RECORDS."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator
from typing import Any

from rsyncgate.digest import digest
from rsyncgate.journal.chain import HEAD, START, Head, linked, write_head
from rsyncgate.journal.record import VERSION, line

CLIENTS = 20
TREES = 200
"""How many paths each client pulls, so that there are a few thousand distinct requests."""
SESSION = 30.0
"""Seconds from one session to the next."""


def sessions(count: int) -> Iterator[dict[str, Any]]:
    """`count` records up to now: pulls for the most part, one session in ten refused.

    The client nas00 is being learned: its pulls are captured, and run.
    """
    chance = random.Random(5)  # the same journal on every run
    begin = time.time() - count / 1.9 * SESSION
    written = number = 0
    while written < count:
        client = chance.randrange(CLIENTS)
        moment = begin + number * SESSION
        facts = _facts(client, number)
        if chance.random() < 0.1:
            yield _record(
                moment, "refused", facts, reason=chance.choice(_REASONS), message=_SENTENCE
            )
            written += 1
        else:
            event = "allowed" if client else "captured"
            yield _record(moment, event, facts, **_ALLOWED)
            yield _record(moment + 20, "finished", facts, status=0, signal=None, connection="open",
                          seconds=20.0, bytes=chance.randrange(10**9))  # fmt: skip
            written += 2
        number += 1


_REASONS = ("path", "option", "push")
_SENTENCE = '"/etc/shadow" is not a path this key may read'
_OPTIONS = ["-logDtprze.iLsfxCIvu", "--numeric-ids"]
_ALLOWED = {
    "rule": "allow 1",
    "granted": {"paths": ["/etc", "/srv"], "options": None},
    "sources": [],
    "argv": ["rsync", "--server", "--sender", *_OPTIONS, "--", ".", "/srv/data/"],
    "confinement": {"mounts": "narrow", "hidden": [], "no_new_privs": True, "landlock": 7},
}


def _facts(client: int, number: int) -> dict[str, Any]:
    tree = f"/srv/data/{number % TREES:03d}/"
    return {
        "id": f"{number:016x}",
        "host": "server",
        "client": f"nas{client:02d}",
        "user": "root",
        "home": "/root",
        "peer": f"192.0.2.{client + 1}",
        "key": "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU",
        "pid": 4711,
        "version": "0.1.0",
        "command": f"rsync --server --sender {' '.join(_OPTIONS)} . {tree}",
        "request": {
            "role": "sender",
            "program": "rsync",
            "options": ["--server", "--sender", *_OPTIONS],
            "paths": [tree],
        },
    }


def _record(moment: float, event: str, facts: dict[str, Any], **more: Any) -> dict[str, Any]:
    seconds, part = divmod(moment, 1)
    ts = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{int(part * 1e6):06d}Z"
    return {"v": VERSION, "ts": ts, "event": event, **facts, **more}


def write(path: str, count: int) -> None:
    """Writes a journal of `count` records to `path`, chained, with its head."""
    head = START
    with open(path, "wb") as stream:
        for record in sessions(count):
            data = linked(line(record), head)
            stream.write(data)
            head = Head(digest(data[:-1]), head.size + len(data), head.seq + 1)
    with open(path + HEAD, "w+b") as stream:
        write_head(stream.fileno(), head)


if __name__ == "__main__":
    write(sys.argv[1], int(sys.argv[2]))
