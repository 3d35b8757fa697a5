"""Every past request decided again under another policy: what would change. Pure."""

from __future__ import annotations

from rsyncgate.admin.learn import Seen
from rsyncgate.journal.record import ALLOWED, CAPTURED, REFUSED
from rsyncgate.policy.decide import decide, impossible
from rsyncgate.policy.model import Client
from rsyncgate.refusal import Refusal, show


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

    def add(self, name: str, outcome: str, one: Seen, client: Client) -> None:
        """Decides `one`, which had `outcome`, again under the policy `client`."""
        refusal = _refusal(one, client)
        now = REFUSED if refusal else ALLOWED
        learned = now == ALLOWED or _never(one)
        if now == outcome or (outcome == CAPTURED and learned):
            self.same += one.count
            return
        why = f"{refusal.code}: {refusal.sentence()}" if refusal else ALLOWED
        group = self.groups.setdefault((name, outcome, why), Group(name, outcome, why, one))
        group.count += one.count
        group.distinct += 1

    def text(self) -> str:
        """The changes, most frequent first, for a person."""
        groups = sorted(self.groups.values(), key=lambda g: (g.now == ALLOWED, -g.count))
        lines = [line for group in groups for line in _lines(group)]
        changed = sum(group.count for group in groups)
        lines.append(f"{changed} requests would change, {self.same} would not")
        return "\n".join(lines)


def _refusal(one: Seen, client: Client) -> Refusal | None:
    try:
        located = one.located()
    except Refusal as refusal:
        return refusal
    return decide(located, client, next(iter(sorted(one.peers)), "")).refusal


def _never(one: Seen) -> bool:
    """Whether no policy at all could allow the request."""
    try:
        return impossible(one.located().request) is not None
    except Refusal:
        return True


def _lines(group: Group) -> list[str]:
    now = "would be allowed" if group.now == ALLOWED else f"would be refused: {group.now}"
    times = f"{group.count} time{'s' if group.count != 1 else ''}, {group.distinct} distinct"
    return [f"{group.client}: {group.was} until now, {now}", f"  {times}; for example",
            f"  {show(group.example.command)}"]  # fmt: skip
