# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""What the server adds to a request: limits that the client can lower but not lift. Pure."""

from __future__ import annotations

from rsyncgate.policy.model import Client
from rsyncgate.rsync.request import Request

_SUFFIXES = {"": 1024, "b": 1, "k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4}


def added_options(request: Request, client: Client) -> list[str]:
    """The options that the client's `bwlimit` and `timeout` add to the end of rsync's.

    rsync lets the last of several win, so nothing is added where the client asked for less.
    """
    options = []
    if client.bwlimit and not _lower(request, "bwlimit", client.bwlimit * 1024):
        options.append(f"--bwlimit={client.bwlimit}")
    if client.timeout and not _lower(request, "timeout", client.timeout):
        options.append(f"--timeout={client.timeout}")
    return options


def _lower(request: Request, name: str, limit: int) -> bool:
    """Whether the client's own value, in bytes or seconds, is a limit as low as `limit`."""
    value = 0.0
    for token in request.tokens:
        if token.option is not None and token.option.name == f"--no-{name}":
            value = 0.0
        elif token.option is not None and token.option.name == f"--{name}":
            value = _number(token.value or "", _SUFFIXES if name == "bwlimit" else {"": 1})
    return 0 < value <= limit


def _number(text: str, suffixes: dict[str, int]) -> float:
    """The size or number `text` as rsync's parse_size_arg() reads it; 0 where it is none."""
    digits = text.rstrip("bBkKmMgGtTiI")
    unit = text[len(digits) :].lower()[:1]
    if unit not in suffixes or not text.isascii() or not digits.replace(".", "", 1).isdecimal():
        return 0.0
    return float(digits) * suffixes[unit]
