# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The widest policy there can be: what `--learn=run` lets a client do while it is being learned."""

from __future__ import annotations

from rsyncgate.policy.model import Client, Rule, is_probe
from rsyncgate.rsync.options import (
    CLIENT_SIDE,
    FOLLOWS,
    HARMLESS,
    NEUTRAL,
    READS,
    all_options,
    meanings,
)
from rsyncgate.rsync.request import Request

_POSSIBLE = (NEUTRAL, CLIENT_SIDE, HARMLESS, FOLLOWS, READS)


def widen(client: Client, request: Request) -> Client:
    """`client`, made to allow `request` if any policy could: a pull of anything, or a probe.

    Its limits and hidden places stay as they are.
    """
    names = [name for o in all_options() if o.effect in _POSSIBLE for name in meanings(o.name)]
    client.rules = (Rule(1, ("/",), dict.fromkeys(names, ("*",))),)
    client.programs = (request.program,)
    client.probes = (request.program,) if is_probe(request.program) else ()
    return client
