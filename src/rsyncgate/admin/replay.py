# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Every past request decided again under another policy: what would change. Pure."""

from __future__ import annotations

from rsyncgate.admin.history import Seen
from rsyncgate.journal.record import ALLOWED, CAPTURED, REFUSED
from rsyncgate.policy.decide import decide, impossible
from rsyncgate.policy.model import Client
from rsyncgate.refusal import Refusal, show


class Policy:
    """A client's policy to decide by: `fault` says why it cannot be used, `roots` as in lexical."""

    def __init__(self, client: Client, roots: dict[str, str], fault: Refusal | None = None) -> None:
        self.client = client
        self.roots = roots
        self.fault = fault

    def refusal(self, one: Seen, peer: str) -> Refusal | None:
        """Why the request is refused when it comes from `peer`; None if it is allowed."""
        if self.fault:
            return self.fault
        try:
            return decide(one.located(self.roots), self.client, peer).refusal
        except Refusal as refusal:
            return refusal


class Group:
    """Requests of one client that change in the same way, with one of them as an example."""

    def __init__(self, client: str, was: str, now: str, example: Seen) -> None:
        self.client = client
        self.was = was
        self.now = now
        self.count = 0
        self.distinct = 0
        self.example = example


class Replay:
    """The `groups` of requests that change, and how many `same` ones do not."""

    def __init__(self) -> None:
        self.groups: dict[tuple[str, str, str], Group] = {}
        self.same = 0

    def add(self, name: str, outcome: str, one: Seen, policy: Policy) -> None:
        """Decides `one`, which had `outcome`, again: for each address that it came from."""
        changes: set[str] = set()
        for peer, count in one.peers.items():
            refusal = policy.refusal(one, peer)
            now = REFUSED if refusal else ALLOWED
            learned = outcome == CAPTURED and (now == ALLOWED or _never(one))
            if now == outcome or learned:
                self.same += count
                continue
            why = f"{refusal.code}: {refusal.sentence()}" if refusal else ALLOWED
            group = self.groups.setdefault((name, outcome, why), Group(name, outcome, why, one))
            group.count += count
            group.distinct += why not in changes
            changes.add(why)

    def text(self) -> str:
        """The changes, the new refusals first, the most frequent of them first, for a person."""
        groups = sorted(self.groups.values(), key=lambda g: (g.now == ALLOWED, -g.count))
        lines = [line for group in groups for line in _lines(group)]
        changed = sum(group.count for group in groups)
        would = f"{changed} request{'s' if changed != 1 else ''} would change"
        return "\n".join([*lines, f"{would}, {self.same} would not"])


def _never(one: Seen) -> bool:
    """Whether no policy at all could allow the request, so that learning left it out."""
    try:
        return impossible(one.located().request) is not None
    except Refusal:
        return True


def _lines(group: Group) -> list[str]:
    now = "would be allowed" if group.now == ALLOWED else f"would be refused: {group.now}"
    times = f"{group.count} time{'s' if group.count != 1 else ''}, {group.distinct} distinct"
    return [
        f"{group.client}: {group.was} until now, {now}",
        f"  {times}; for example",
        f"  {show(group.example.command)}",
    ]
