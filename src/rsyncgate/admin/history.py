# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The distinct requests that journals hold: how often, from where, and what became of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rsyncgate.journal.record import REFUSED
from rsyncgate.policy.lexical import locate
from rsyncgate.refusal import Refusal
from rsyncgate.rsync.request import parse
from rsyncgate.rsync.secluded import block_of, with_stdin
from rsyncgate.rsync.words import split

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rsyncgate.journal.distinct import Again
    from rsyncgate.policy.model import Located

MOMENTARY = ("journal", "busy", "confinement", "unconfined", "not-a-file", "too-many-files")
"""Reasons of refusals that are the moment's and say nothing of what a policy allows."""


class Seen:
    """A distinct request of the journal, and how often, from where and when it was seen.

    `peers` maps each address it came from to how often it did.
    """

    __slots__ = ("command", "count", "first", "home", "last", "peers", "real", "secluded")

    def __init__(self, command: str, secluded: tuple[str, ...], home: str) -> None:
        self.command = command
        self.secluded = secluded
        self.home = home
        self.real: dict[str, str] = {}
        self.count = 0
        self.first = ""
        self.last = ""
        self.peers: dict[str, int] = {}

    def again(self, peer: str, count: int, first: str, last: str) -> None:
        """Counts the request, seen `count` times from `peer`."""
        self.count += count
        self.first = min(self.first or first, first)
        self.last = max(self.last, last)
        self.peers[peer] = self.peers.get(peer, 0) + count

    def located(self, roots: dict[str, str] | None = None) -> Located:
        """What was asked for; `roots` as in lexical.py. Raises Refusal if it is not understood."""
        request = parse(split(self.command))
        if request.secluded and self.secluded:
            request = with_stdin(request, block_of(self.secluded))
        elif request.secluded and not request.faults:
            raise Refusal("secluded", "-s", "was sent, and the arguments on stdin are not known")
        return locate(request, self.home, self.real, roots)


History = dict[str, dict[str, list[Seen]]]
"""{client: {outcome: [Seen, ...]}}; the outcome is captured, allowed or refused."""


def history(found: Iterable[Again]) -> History:
    """The distinct requests in `found`, by client and outcome, in the order they first came.

    The same request is there once, whatever the gate's version or the confinement was.
    """
    seen: dict[tuple[str, str, str, str, tuple[str, ...]], Seen] = {}
    for again in found:
        row = again.row
        if row["event"] == REFUSED and row.get("reason") in MOMENTARY:
            continue
        command, home = row.get("command") or "", row.get("home") or "/"
        secluded = tuple(row.get("secluded", ()))
        key = (row.get("client", ""), row["event"], command, home, secluded)
        one = seen.setdefault(key, Seen(command, secluded, home))
        first, last = (ts.decode("utf-8", "replace") for ts in (again.first, again.last))
        one.again(row.get("peer", ""), again.count, first, last)
        for source in row.get("sources", ()):
            one.real[source.get("name", "")] = source.get("real", "")
    by_client: History = {}
    for (name, event, *_), one in sorted(seen.items(), key=lambda item: item[1].first):
        by_client.setdefault(name, {}).setdefault(event, []).append(one)
    return by_client
