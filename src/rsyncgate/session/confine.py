# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Confines the process that is about to become rsync: the one interface to every mechanism.

In this order, because each step takes away what the next one no longer needs: mounts of its own,
hidden places covered, a root that holds the client's directories alone, limits, capabilities and
user, no new privileges, system calls, Landlock. See the files of the same names.
"""

from __future__ import annotations

import errno
import posix
from _stat import S_ISLNK

from rsyncgate.pathname import dirname, mode_at
from rsyncgate.policy.roots import inside
from rsyncgate.session import calls, kernel, landlock, mounts, privileges
from rsyncgate.session.landlock import Unavailable
from rsyncgate.session.places import Place, find
from rsyncgate.session.plan import Plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Unconfinable(Exception):
    """The kernel or the uid does not allow what is configured; a sentence says what."""


def confine(plan: Plan) -> dict[str, Any]:
    """Confines this process for good; returns what is enforced, for the journal.

    Raises Unavailable, Unconfinable, or OSError where a step fails: then nothing may run.
    """
    kernel.prctl(kernel.PR_SET_PDEATHSIG, 9)
    private = (plan.narrow or bool(plan.hidden)) and _own_mounts()
    if plan.hidden and not private:
        raise Unconfinable("hide: needs root, with CAP_SYS_ADMIN; the gate has neither here")
    for path in plan.hidden:
        mounts.hide(find(path))
    roots = [_trusted(root) for root in plan.roots]
    executable = [find(path) for path in plan.needs.executable]
    readable = [find(path) for path in plan.needs.readable]
    narrow = private and plan.narrow and all(root.real != "/" for root in roots)
    if narrow:
        _narrow(plan, roots, executable + readable)
    else:
        if private:
            mounts.freeze(0 if plan.devices else kernel.MS_NODEV)
        posix.chdir(plan.home)
    privileges.limit(plan.nice, plan.ionice)
    enforced: dict[str, Any] = {
        "mounts": "narrow" if narrow else "own" if private else "shared",
        "hidden": list(plan.hidden),
        "capabilities": _shed(plan),
        "no_new_privs": True,
        "denied": _denied(plan),
    }
    if plan.landlock:
        fds = [place.fd for place in roots + readable if place.fd is not None]
        programs = [place.fd for place in executable if place.fd is not None]
        enforced["landlock"] = landlock.restrict(fds, programs)
    kernel.prctl(kernel.PR_SET_PDEATHSIG, 9)  # a change of user clears it
    return enforced


def _own_mounts() -> bool:
    """Whether this process got mounts of its own: as root, and where / is a mount point."""
    try:
        kernel.unshare_mounts()
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EINVAL):
            raise
        return False
    return True


def _trusted(root: str) -> Place:
    """Where `root` leads; a symlink on the way must be root's or the running user's.

    Whoever owns one says what the client may read.
    """
    place = find(root)
    for where, _, uid in place.links:
        if uid not in (0, posix.geteuid()):
            raise Unconfinable(
                f"paths: {root} leads through the symlink {where}, which belongs to uid {uid}; "
                "write the path it leads to, or make it root's"
            )
    return place


def _narrow(plan: Plan, roots: list[Place], tools: list[Place]) -> None:
    """Leaves nothing to be seen but `roots`, `tools`, and the symlinks the client goes through."""
    outermost = {
        root.real: (root, _no_programs(root, tools))
        for root in roots
        if not any(root.real != other.real and inside(root.real, other.real) for other in roots)
    }
    added = [(tool, 0) for tool in tools if not any(inside(tool.real, root.real) for root in roots)]
    home = find(plan.home)
    ways = [*_links(roots), *_ways(plan.names)]
    links = {
        where: target
        for where, target, _ in [*ways, *_links([*tools, home])]
        if not any(inside(where, root.real) for root in roots)
    }
    there = (real for real, (root, _) in outermost.items() if root.fd is not None)
    sent = [*there, *(where for where, _, _ in ways if where in links)]
    flags = 0 if plan.devices else kernel.MS_NODEV
    mounts.become_root([*outermost.values(), *added], flags, links, home.real, sent)
    posix.chdir(home.real)


def _no_programs(root: Place, tools: list[Place]) -> int:
    """The flag that keeps programs below `root` from running, unless rsync's own are there."""
    return 0 if any(inside(tool.real, root.real) for tool in tools) else kernel.MS_NOEXEC


def _links(places: list[Place]) -> list[tuple[str, str, int]]:
    return [link for place in places for link in place.links]


def _ways(names: tuple[str, ...]) -> list[tuple[str, str, int]]:
    """The symlinks on the way along `names`, of which a wildcard may have made thousands."""
    ways = {name if S_ISLNK(mode_at(name, follow=False)) else dirname(name) for name in names}
    found = []
    for way in ways:
        place = find(way)
        found += place.links
        place.close()
    return found


def _denied(plan: Plan) -> list[str]:
    try:
        return calls.deny()
    except OSError:
        if plan.landlock:
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


__all__ = ["Unavailable", "Unconfinable", "confine"]
