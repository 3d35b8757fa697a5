# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""All that a plan comes down to, found out before the fork.

A child pays for each page that it touches, so it is left with nothing to find out: it acts.
"""

from __future__ import annotations

import posix

from rsyncgate.pathname import dirname, is_directory, is_link, mode_at
from rsyncgate.policy.roots import inside
from rsyncgate.session import calls, kernel, landlock
from rsyncgate.session.mounts import NewRoot
from rsyncgate.session.places import Place, find, realpath
from rsyncgate.session.plan import Plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rsyncgate.session.needs import Way

    Link = tuple[str, str, int]


class Unconfinable(Exception):
    """The kernel or the uid does not allow what is configured; a sentence says what."""


class Layout:
    """What `plan` comes down to on this machine, now.

    `root` is the root that rsync will have, None where it keeps the machine's or for the `fault`
    that it cannot be made, which matters to a process with mounts of its own; `ruleset` the
    descriptor of its Landlock ruleset, which enforces `landlock`, None without one; `covered` the
    places that the ruleset does not know yet, since they are to be hidden; `calls` the filter of
    its system calls.
    """

    def __init__(self, plan: Plan) -> None:
        """Raises landlock.Unavailable, Unconfinable, or OSError where something cannot be seen."""
        self.plan = plan
        self.calls = calls.program()
        self.root: NewRoot | None = None
        self.fault: OSError | None = None
        self.ruleset: int | None = None
        self.landlock: dict[str, int] = {}
        hidden = [realpath(path) for path in plan.hidden]
        if "/" in hidden:
            raise Unconfinable("hide: nothing can cover / itself; name the places in it")
        roots = [_trusted(root, hidden) for root in plan.roots]
        ways = plan.needs.ways
        executable = [_place(path, ways) for path in plan.needs.executable]
        readable = [_place(path, ways) for path in plan.needs.readable]
        self.covered = _covered([*roots, *executable, *readable], hidden)
        try:
            if plan.narrow and all(root.real != "/" for root in roots):
                try:
                    self.root = _new_root(plan, roots, executable + readable, hidden)
                except OSError as error:  # another uid than root may not look at everything
                    self.fault = error
            if plan.landlock:
                self.ruleset, self.landlock = landlock.ruleset(roots + readable, executable)
        finally:  # without Landlock another layout may follow
            for place in (*roots, *executable, *readable):
                place.close()

    def close(self) -> None:
        """Closes the descriptor."""
        if self.ruleset is not None:
            posix.close(self.ruleset)


def _place(path: str, ways: dict[str, Way]) -> Place:
    """What find() says of `path`: with one look where no symlink is, or where `ways` knows them."""
    real, links = ways.get(path, (path, []))
    try:
        fd = kernel.open_real(real)
    except OSError:
        return find(path)
    return Place(fd, real, links, posix.fstat(fd).st_mode)


def _trusted(root: str, hidden: list[str]) -> Place:
    """Where `root` leads; a symlink on the way must be root's or the running user's.

    Whoever owns one says what the client may read; one that lies in a `hidden` place says nothing.
    """
    place = find(root)
    for where, _, uid in _seen(place.links, hidden):
        if uid not in (0, posix.geteuid()):
            raise Unconfinable(
                f"paths: {root} leads through the symlink {where}, which belongs to uid {uid}; "
                "write the path it leads to, or make it root's"
            )
    return place


def _covered(places: list[Place], hidden: list[str]) -> list[Place]:
    """Those of `places` that are `hidden`; one whose way leads through a hidden place is nothing.

    Neither has a descriptor any more: it would be of what is below the cover. What is nothing is so
    where its way ends: what the hidden symlink says may be another's root, or hold rsync.
    """
    covered = []
    for place in places if hidden else ():
        seen = len(_seen(place.links, hidden))
        if seen < len(place.links):
            place.real = place.links[seen][0]
        if _below(place.real, hidden):
            place.close()
            place.mode = 0
        elif place.real in hidden and place.mode:
            place.close()
            covered.append(place)
    return covered


def _below(path: str, places: list[str]) -> bool:
    """Whether `path` is below one of `places`, and is none of them."""
    return any(path != place and inside(path, place) for place in places)


def _seen(links: list[Link], hidden: list[str]) -> list[Link]:
    """`links` on a way, up to the first that lies in a `hidden` place: there the way ends."""
    for n, (where, _, _) in enumerate(links):
        if any(inside(where, place) for place in hidden):
            return links[:n]
    return links


def _new_root(plan: Plan, roots: list[Place], tools: list[Place], hidden: list[str]) -> NewRoot:
    """A root with `roots`, `tools`, and the symlinks the client goes through; nothing else."""
    reals = [root.real for root in roots]
    mounts = {
        root.real: (_no_programs(root, tools), is_directory(root.mode))
        for root in roots
        if root.mode and not _below(root.real, reals)
    }
    sent = [*mounts]
    mounts |= {
        tool.real: (0, is_directory(tool.mode))
        for tool in tools
        if tool.mode and not any(inside(tool.real, real) for real in reals)
    }
    home = find(plan.home)
    home.close()
    ways = [*_links(roots, hidden), *_ways(plan.names, hidden)]
    links = {
        where: target
        for where, target, _ in [*ways, *_links([*tools, home], hidden)]
        if not any(inside(where, real) for real in reals)
    }
    sent += [where for where, _, _ in ways if where in links]
    devices = 0 if plan.devices else kernel.MS_NODEV
    return NewRoot(mounts, devices, links, home.real, sent)


def _no_programs(root: Place, tools: list[Place]) -> int:
    """The flag that keeps programs below `root` from running, unless rsync's own are there."""
    return 0 if any(inside(tool.real, root.real) for tool in tools) else kernel.MS_NOEXEC


def _links(places: list[Place], hidden: list[str]) -> list[Link]:
    return [link for place in places for link in _seen(place.links, hidden)]


def _ways(names: tuple[str, ...], hidden: list[str]) -> list[Link]:
    """The symlinks on the way along `names`, of which a wildcard may have made thousands."""
    ways = {name if is_link(mode_at(name, follow=False)) else dirname(name) for name in names}
    found = []
    for way in ways:
        place = find(way)
        found += _seen(place.links, hidden)
        place.close()
    return found
