"""What an administrator should look at first: found in the numbers, said in sentences."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from rsyncgate.admin.audit_times import local, shown, span, stored
from rsyncgate.refusal import REASONS, show

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rsyncgate.admin.audit_tally import Client, Tally

NEW = timedelta(days=7)
"""How long a refusal that never happened before is new."""
REMEMBERED = 64
"""How many of the last hours with a success tell a client's rhythm."""
ENOUGH = 3
"""How many pauses make a rhythm."""


def attention(found: Tally, now: datetime) -> list[str]:
    """What needs attention, a sentence each, the most urgent first. `now` has a time zone."""
    sentences: list[tuple[int, str]] = []
    several = len({host for host, _ in found.clients}) > 1
    for (host, name), client in sorted(found.clients.items()):
        who = show(f"{name} of {host}" if several else name)[1:-1]
        sentences += [(urgency, f"{who} {text}") for urgency, text in _about(client, now)]
    return [text for _, text in sorted(sentences, key=lambda one: one[0])]


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


def _about(client: Client, now: datetime) -> Iterator[tuple[int, str]]:
    """Each thing about one client, with how urgent it is (0 most)."""
    whole = client.total()
    usual = rhythm(client)
    if usual is not None:
        late = now - local(whole.success)
        if late > usual * 1.5 + timedelta(hours=1):
            yield (
                0,
                (
                    f"has not succeeded for {span(late.total_seconds())}, since "
                    f"{shown(whole.success)}; it usually does within {span(usual.total_seconds())}"
                ),
            )
    elif whole.allowed + whole.refused and not whole.success:
        yield 0, f"has never succeeded, in {whole.allowed + whole.refused} requests"
    if whole.open > whole.held:
        yield 1, f"was served without Landlock, last on {shown(whole.open)}"
    recent = stored(now - NEW)
    for reason, refused in sorted(client.refusals.items()):
        if refused.first >= recent:
            means = REASONS.get(reason, "a reason this version does not know")
            yield (
                2,
                (
                    f"is refused for something new: {show(reason)[1:-1]} ({means}), "
                    f"{refused.count}\u00d7 since {shown(refused.first)}"
                ),
            )
    first, last = client.learned
    if last > whole.served:
        begun = max(first, whole.served)
        yield (
            3,
            (
                f"is still in learn mode, since {shown(begun)} or before; the last of "
                f"{client.captured} requests was learned on {shown(last)}"
            ),
        )
    if client.errors:
        yield 1, f"met a fault of the gate itself {client.errors}\u00d7: audit list --event error"
