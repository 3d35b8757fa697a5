# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Requests as a journal has them, and the policies that are learned from them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from typing import Any

from rsyncgate.admin.history import Seen
from rsyncgate.admin.learn import Learned, learn
from rsyncgate.admin.policy_text import add
from rsyncgate.journal.record import line
from rsyncgate.policy.decide import decide
from rsyncgate.policy.model import Client
from rsyncgate.policy.read import client_from
from rsyncgate.refusal import Refusal

RSYNC = "/usr/bin/rsync"
MORNING, EVENING = "2026-11-22T06:00:00.000000Z", "2026-11-22T18:00:00.000000Z"


def seen(command: str, *, block: tuple[str, ...] = (), count: int = 1, home: str = "/root") -> Seen:
    """A request from 192.0.2.10, in the morning and, where it came more than once, the evening."""
    one = Seen(command, block, home)
    one.again("192.0.2.10", 1, MORNING, MORNING)
    if count > 1:
        one.again("192.0.2.10", count - 1, EVENING, EVENING)
    return one


def pull(options: str, *paths: str) -> Seen:
    """A pull with these options, as an rsync client of 3.2 and later sends it."""
    return seen(f"rsync --server --sender {options} . {' '.join(paths)}")


def client(text: str) -> Client:
    """The client of the policy `text`, which has no mistakes."""
    tomllib.loads(text)
    found, mistakes = client_from(text, "nas01", RSYNC)
    assert mistakes == []
    return found


def lesson(requests: Iterable[Seen], text: str = "") -> tuple[str, Learned]:
    """The policy that `requests` make, added to `text`; it has no mistakes."""
    learned = learn(list(requests), client(text))
    new = add(text, learned, "nas01")
    client(new)
    return new, learned


def refused(one: Seen, policy: Client, peer: str = "") -> str:
    """The code of the refusal that `policy` has for a request; "" if it is allowed."""
    try:
        refusal = decide(one.located(), policy, peer).refusal
    except Refusal as fault:
        return fault.code
    return refusal.code if refusal else ""


def record(command: str | None, event: str = "captured", **more: Any) -> bytes:
    """A line of a journal, as the gate writes it."""
    facts = {
        "prev": "0" * 64,
        "seq": 1,
        "v": 1,
        "ts": MORNING,
        "event": event,
        "id": "00000000000000aa",
        "host": "server",
        "client": "nas01",
        "user": "root",
        "home": "/root",
        "peer": "192.0.2.10",
        "key": "",
        "pid": 7,
        "version": "1",
        "command": command,
    }
    return line({**facts, **more})
