# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The journals of fifty servers, written as the gate writes them."""

from __future__ import annotations

import gzip
import random
from datetime import timedelta
from pathlib import Path
from typing import Any

from unit.admin.books import DAY, HOUR, Book

HOSTS = 50
DAYS = 16
DAMAGED = [b'{"prev": "torn', b"foreign", b'{"v": 2, "ts": "2026-11-01T00:00:00.000000Z"}', b"\0\0"]
"""Lines that are no records."""
PATHS = [
    "/srv",
    "/srv/",
    "/srv/a",
    "/srvx",
    "/etc/",
    "/",
    "/caf\udce9",
    "/caf\u00e9",
    "/\U0001f4a9",
]
COMMANDS = [
    "rsync --server --sender -logDtpr . /srv/",
    "rsync --server --sender . /caf\udce9",
    "rsync --server --sender . /caf\u00e9/\U0001f4a9\udca9 \udc80\udcff",
    "\\udcff \\\\udcff \\\udcff \\\\\udcff",
    '", "event": "allowed", "x": "',
    "a\nb\t\x01\x7f\u2028",
    None,
]
"""What clients send: bytes that are no UTF-8, text that looks like them, and like a record."""


def write(directory: Path) -> None:
    """Writes the journal of each host to a directory of its own, half of it rotated."""
    chance = random.Random(6)
    for number in range(HOSTS):
        host = f"web{number:02d}"
        journal = directory / host / "journal.jsonl"
        book = Book(journal, host)
        book.count = number * 1000
        for day in range(DAYS, -1, -1):
            if number != 5 or day > 4:  # this host's clients are late
                _day(book, number, DAY * day, chance)
            if day == DAYS // 2:
                rotated = journal.with_name("journal.jsonl-20261101.gz")
                rotated.write_bytes(gzip.compress(journal.read_bytes()))
                journal.unlink()
        if number == 6:
            book.pull("nas01", -DAY)  # its clock was set right since
        if number == 4:
            with journal.open("ab") as stream:
                stream.write(b"".join(line + b"\n" for line in DAMAGED))


def _day(book: Book, number: int, ago: timedelta, chance: random.Random) -> None:
    """One day of one server."""
    ago += timedelta(minutes=10)
    who: dict[str, Any] = {"user": "root", "home": "/root", "pid": 4711, "version": "0.1.0"}
    key = {"key": "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"}
    for client in ("nas01", "nas02", "mac")[: 1 + number % 3]:
        at = ago + HOUR * chance.randrange(1, 4)
        command = chance.choice(COMMANDS)
        path = chance.choice(PATHS)
        request = {
            "role": "sender",
            "program": "rsync",
            "options": ["-r", "\udcff"],
            "paths": [path],
        }
        asked = {
            **who,
            **key,
            "command": command,
            "request": request,
            "peer": f"2001:db8::{number}",
        }
        held: dict[str, Any] = chance.choice(
            [{"landlock": 7, "hidden": ["/x\udc80"]}, {"mounts": "narrow"}, {}]
        )
        outcome = chance.randrange(12) if client != "mac" else 7
        if outcome < 6:
            _pull(
                book, client, at, asked, held, status=0, signal=None, bytes=chance.getrandbits(40)
            )
        elif outcome == 6:
            _pull(book, client, at, asked, held, status=None, signal=13, bytes=None)
        elif outcome < 9:
            reason = chance.choice(["path", "option", "shell-syntax"])
            secluded = ["rsync", command or ""]
            book.note("refused", client, at, **asked, reason=reason, message='"\udcff" is no',
                      detail="\\", secluded=secluded)  # fmt: skip
        elif outcome == 9:
            more = {"confinement": held, "argv": ["rsync", path]} if number % 2 else {}
            book.note("captured", client, at, **asked, **more)
        elif outcome == 10:
            book.note("error", client, at, **asked, detail="Traceback")
        else:
            facts = {"was": {"options": ["\udcff", None, 1.5]}}
            book.note("policy-written", client, at, **who, by="alice", file="/etc/a/", facts=facts)
            book.note("key-authorized", "", at, **who, by="alice", file="/root/k", **key)


def _pull(
    book: Book, client: str, at: timedelta, asked: dict[str, Any], held: dict[str, Any], **end: Any
) -> None:
    """A session in which rsync ran."""
    sources = [{"name": "/srv/link\udcff", "real": "/data"}]
    granted = {"paths": ["/srv"], "options": None}
    book.note("allowed", client, at, **asked, rule="allow 1", granted=granted, sources=sources,
              argv=["rsync", "--server", "\udcff"], confinement=held)  # fmt: skip
    book.count -= 1
    connection = "lost" if end["signal"] else "open"
    book.note("finished", client, at - HOUR / 2, **asked, connection=connection, seconds=1800.25,
              **end)  # fmt: skip
