# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""What an administrator should look at first: found in the numbers, said in sentences."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from rsyncgate.admin.audit_times import local, shown, span, stored
from rsyncgate.refusal import REASONS, show

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rsyncgate.admin.audit_tally import Client, Tally

NEW = timedelta(days=7)
"""How long a refusal that never happened before is new."""
REMEMBERED = 64
"""How many of the last hours with a success tell a client's rhythm."""
AHEAD = timedelta(hours=1)
"""How far ahead of this machine's clock another's may be."""
ENOUGH = 3
"""How many pauses make a rhythm."""


class Concern(NamedTuple):
    """One thing that needs attention: `what` it is, of which client, and the sentence.

    `urgent` is 0 for the most urgent. `since` (a `ts`), `times` and `reason` are what the sentence
    tells, "" or 0 where it does not.
    """

    urgent: int
    host: str
    client: str
    what: str
    reason: str
    since: str
    times: int
    sentence: str


def attention(found: Tally, now: datetime) -> list[Concern]:
    """What needs attention, the most urgent first. `now` has a time zone."""
    concerns: list[Concern] = []
    several = len({host for host, _ in found.clients}) > 1
    for (host, name), client in sorted(found.clients.items()):
        who = show(f"{name} of {host}" if several else name)[1:-1]
        for urgent, what, reason, since, times, text in _about(client, now):
            sentence = f"{who} {text}"
            concerns.append(Concern(urgent, host, name, what, reason, since, times, sentence))
    return sorted(concerns, key=lambda one: one.urgent)


def rhythm(client: Client) -> timedelta | None:
    """The longest pause that is usual between two successes, None while too little is known.

    One pause that stands out, an outage, is not usual.
    """
    hours = sorted({hour for day in client.days.values() for hour in day.hours})[-REMEMBERED:]
    moments = [local(f"{hour}:00:00.000000Z") for hour in hours]
    pauses = sorted(later - earlier for earlier, later in pairwise(moments))
    if len(pauses) < ENOUGH:
        return None
    return pauses[-2] if len(pauses) > ENOUGH else pauses[-1]


def _about(client: Client, now: datetime) -> Iterator[tuple[int, str, str, str, int, str]]:
    """Each thing about one client, as a Concern has it."""
    whole = client.total()
    usual = rhythm(client)
    if whole.success > stored(now + AHEAD):
        text = (
            f"succeeded on {shown(whole.success)}, which is to come: the clock was wrong then or "
            "is now, and until that moment a missing backup goes unnoticed"
        )
        yield 0, "future", "", whole.success, 0, text
    asked = whole.allowed + whole.refused
    if usual is not None:
        late = now - local(whole.success)
        if late > usual * 1.5 + timedelta(hours=1):
            text = (
                f"has not succeeded for {span(late.total_seconds())}, since "
                f"{shown(whole.success)}; it usually does within {span(usual.total_seconds())}"
            )
            yield 0, "late", "", whole.success, 0, text
    elif asked and not whole.success:
        yield 0, "never", "", "", asked, f"has never succeeded, in {asked} requests"
    if whole.open > whole.held:
        text = f"was served without Landlock, last on {shown(whole.open)}"
        yield 1, "unconfined", "", whole.open, 0, text
    recent = stored(now - NEW)
    for reason, refused in sorted(client.refusals.items()):
        if refused.first >= recent:
            means = REASONS.get(reason, "a reason this version does not know")
            text = (
                f"is refused for something new: {show(reason)[1:-1]} ({means}), "
                f"{refused.count}\u00d7 since {shown(refused.first)}"
            )
            yield 2, "refusal", reason, refused.first, refused.count, text
    first, last = client.learned
    if last > whole.served:
        begun = max(first, whole.served)
        text = (
            f"is still in learn mode, since {shown(begun)} or before; the last of "
            f"{client.captured} requests was learned on {shown(last)}"
        )
        yield 3, "learning", "", begun, client.captured, text
    if client.errors:
        text = f"met a fault of the gate itself {client.errors}\u00d7: audit list --event error"
        yield 1, "fault", "", "", client.errors, text
