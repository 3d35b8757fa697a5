# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Confines the process that is about to become rsync: the one interface to every mechanism.

In this order, because each step takes away what the next one no longer needs: mounts of its own,
hidden places covered, a root that holds the client's directories alone, limits, capabilities and
user, no new privileges, system calls, Landlock. See the files of the same names.
"""

from __future__ import annotations

import posix

from rsyncgate.session import calls, kernel, landlock, mounts, privileges
from rsyncgate.session.layout import Layout, Unconfinable
from rsyncgate.session.places import find
from rsyncgate.session.plan import Plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def confine(layout: Layout) -> dict[str, Any]:
    """Confines this process for good; returns what is enforced, for the journal.

    Raises Unconfinable, or OSError where a step fails: then nothing may run.
    """
    plan = layout.plan
    kernel.prctl(kernel.PR_SET_PDEATHSIG, 9)
    private = (plan.narrow or bool(plan.hidden)) and _own_mounts()
    if plan.hidden and not private:
        raise Unconfinable("hide: needs root, with CAP_SYS_ADMIN; the gate has neither here")
    for place in [find(path) for path in plan.hidden]:  # all before one that leads through another
        mounts.hide(place)
    if layout.ruleset is not None:
        landlock.allow_covers(layout.ruleset, layout.covered)
    if private and layout.fault:
        raise layout.fault
    root = layout.root if private else None
    if root is not None:
        mounts.become_root(root)
    else:
        if private:
            mounts.freeze(0 if plan.devices else kernel.MS_NODEV)
        posix.chdir(plan.home)
    privileges.limit(plan.nice, plan.ionice)
    enforced: dict[str, Any] = {
        "mounts": "narrow" if root is not None else "own" if private else "shared",
        "hidden": list(plan.hidden),
        "capabilities": _shed(plan),
        "no_new_privs": True,
        "denied": _denied(layout),
    }
    if layout.ruleset is not None:
        landlock.restrict(layout.ruleset)
        enforced["landlock"] = layout.landlock
    kernel.prctl(kernel.PR_SET_PDEATHSIG, 9)  # a change of user clears it
    return enforced


def _own_mounts() -> bool:
    """Whether this process got mounts of its own: as root, and where / is a mount point."""
    try:
        kernel.unshare_mounts()
    except OSError as error:
        if error.errno not in (1, 22):  # EPERM, EINVAL
            raise
        return False
    return True


def _denied(layout: Layout) -> list[str]:
    try:
        return calls.deny(layout.calls)
    except OSError:
        if layout.ruleset is not None:
            raise
        return []  # a kernel that has no Landlock may lack seccomp too


def _shed(plan: Plan) -> list[str]:
    keep = [privileges.DAC_READ_SEARCH]
    if plan.trusted:
        keep.append(privileges.SYS_ADMIN)
    try:
        return privileges.shed(keep, plan.user)
    except PermissionError:
        raise Unconfinable("user: needs root, with its capabilities; the gate has none") from None
