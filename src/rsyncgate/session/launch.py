# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Starts rsync for an allowed request: the argv, the plan of its confinement, the process."""

from __future__ import annotations

from rsyncgate.policy.limits import added_options
from rsyncgate.policy.model import Client, Located, Settings, Verdict
from rsyncgate.rsync.request import OTHER, server_argv
from rsyncgate.session.plan import OFF, REQUIRE, must_not_follow, plan_for
from rsyncgate.session.run import Child, NoLandlock, version_of


def launch(
    located: Located, verdict: Verdict, client: Client, host: Settings, home: str
) -> Child | None:
    """The process that becomes rsync, confined and waiting; None for a probe without one.

    Raises Refusal `confinement` where it cannot be confined as gate.toml says, `unconfined` where
    it can do without but the request cannot.
    """
    limits = added_options(located.request, client)
    argv = _argv(located, host, limits)
    if not argv:
        return None
    if host.confine != OFF:
        try:
            plan = plan_for(located, verdict, client, host, home, landlock=True)
            return Child(host.rsync, argv, home, plan)
        except NoLandlock:
            if host.confine == REQUIRE:
                raise
    refusal = must_not_follow(located.request)
    if refusal:
        raise refusal
    if len(verdict.paths) == 1 and version_of(host.rsync) >= (3, 5):
        root = located.roots.get(verdict.paths[0], verdict.paths[0])
        argv = _argv(located, host, [*limits, f"--confine-root={root}"])
    plan = plan_for(located, verdict, client, host, home, landlock=False)
    return Child(host.rsync, argv, home, plan)


def _argv(located: Located, host: Settings, added: list[str]) -> list[str]:
    """What rsync is started with, options `added`; empty for a probe that needs no rsync."""
    request = located.request
    if request.role != OTHER:
        names = [source.name for source in located.sources] if request.paths else []
        return server_argv(request, names, added)
    return [host.rsync, "--version"] if len(request.program) > 1 else []
