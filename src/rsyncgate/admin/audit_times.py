# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Moments as people write and read them: local time. The journal has UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta

STORED = "%Y-%m-%dT%H:%M:%S.%fZ"


def since(text: str) -> str:
    """The moment that `text` names ("7d", "2026-11-01", "yesterday") as a record's `ts`.

    A day means its beginning. Raises ValueError where it names none.
    """
    return stored(_parsed(text)[0])


def until(text: str) -> str:
    """The moment up to which `text` reaches, as a record's `ts`: a day means its end."""
    moment, whole_day = _parsed(text)
    return stored(moment + timedelta(days=1) if whole_day else moment)


def local(ts: str) -> datetime:
    """A record's `ts` in local time. Raises ValueError where it is none."""
    return datetime.strptime(ts, STORED).replace(tzinfo=UTC).astimezone()


def shown(ts: str) -> str:
    """A record's `ts` for a person: local time to the second; as it stands if it is no time."""
    try:
        return local(ts).strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        return ts


def span(seconds: float) -> str:
    """A span of time in its largest fitting unit, such as "3 days"."""
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= 2 * length or (unit == "minute" and seconds >= length):
            count = round(seconds / length)
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return f"{round(seconds)} seconds"


def _parsed(text: str) -> tuple[datetime, bool]:
    """The moment, and whether `text` names a day rather than a time of day."""
    import dateparser

    words = re.sub(r"^(\d+)\s*w$", r"\1 weeks", text.strip())
    moment = dateparser.parse(
        words,
        languages=["en"],
        settings={"RETURN_AS_TIMEZONE_AWARE": True, "PREFER_DATES_FROM": "past"},
    )
    if moment is None:
        raise ValueError(text)
    if words in ("today", "yesterday"):
        moment = datetime.combine(moment.date(), time(), moment.tzinfo)
    return moment, moment.time() == time() and ":" not in words


def stored(moment: datetime) -> str:
    """A moment as a record's `ts`."""
    return moment.astimezone(UTC).strftime(STORED)
