# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""One session: its records joined, its request word by word, and what allowed it as it stood."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rsyncgate.admin.audit_times import shown
from rsyncgate.admin.explain import asked_in, token_rows, understood
from rsyncgate.refusal import REASONS, Refusal, show

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHARED = ("host", "client", "user", "peer", "key", "version", "command")


def session(records: Sequence[dict[str, Any]]) -> str:
    """All that the journal says of one session, whose `records` are given in their order."""
    first = records[0]
    lines = [f"record {first.get('id', '')}"]
    lines += [f"  {name}: {_plain(first[name])}" for name in _SHARED if first.get(name) is not None]
    if "command" in first:
        lines += ["", *_request(first)]
    for record in records:
        lines += ["", f"{shown(record['ts'])}  {_plain(record['event'])}", *_happened(record)]
    return "\n".join(lines)


def _request(record: dict[str, Any]) -> list[str]:
    """The request, every word with what it can do; as far as it can be understood."""
    try:
        return token_rows(understood(asked_in(record)))
    except Refusal as refusal:
        return [f"  the request cannot be taken apart: {refusal.sentence()}"]


def _happened(record: dict[str, Any]) -> list[str]:
    """The fields that only this record has, a line each."""
    known = {*_SHARED, "v", "ts", "event", "id", "pid", "home", "request", "secluded"}
    lines = []
    for name, value in record.items():
        if name in known or value in (None, [], "", {}):
            continue
        if name == "reason":
            lines.append(f"  reason: {_plain(value)}: {REASONS.get(value, 'an unknown reason')}")
        elif name == "granted" and isinstance(value, dict):
            lines += _rule(value)
        elif name == "argv":
            lines.append(f"  ran: {_plain(' '.join(map(str, value)))}")
        else:
            lines.append(f"  {name}: {_plain(value)}")
    return lines


def _rule(granted: dict[str, Any]) -> list[str]:
    """The rule as it stood, as a policy would have it."""
    lines = ["  the rule as it stood:", "    [[allow]]", f"    paths = {_list(granted['paths'])}"]
    if granted.get("options") is not None:
        lines.append(f"    options = {_list(granted['options'])}")
    return lines


def _list(values: list[str]) -> str:
    return "[" + ", ".join(show(value, 2000) for value in values) + "]"


def _plain(value: Any) -> str:
    return show(str(value), 10000)[1:-1].replace('\\"', '"')
