# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Landlock: what this process and all it becomes may do to files, sockets and other processes.

landlock(7). Every right that the kernel's ABI knows is taken away, and a few are given back on
single files and directories.
"""

from __future__ import annotations

from rsyncgate.pathname import is_directory
from rsyncgate.session import kernel
from rsyncgate.session.places import Place

EXECUTE = 1 << 0
READ_FILE = 1 << 2
READ_DIR = 1 << 3

FS_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""How many rights on files each ABI knows (landlock(7)); later ones have as many as 5."""

NET_SINCE = 4
"""The first ABI that governs TCP: bind and connect."""

SCOPES_SINCE = 6
"""The first ABI that keeps signals and abstract sockets inside the domain."""


class Unavailable(Exception):
    """The running kernel has no Landlock."""


def ruleset(readable: list[Place], executable: list[Place]) -> tuple[int, dict[str, int]]:
    """A descriptor of a ruleset that lets nothing but reading `readable`, running `executable`.

    And what it enforces: {"abi", "fs", "net", "scoped"}, the last three the masks of the rights
    taken away. Raises Unavailable where the kernel has no Landlock, OSError if it refuses.
    """
    abi = kernel.landlock_abi()
    if not abi:
        raise Unavailable
    fs = (1 << FS_RIGHTS.get(abi, FS_RIGHTS[5])) - 1
    net = 0b11 if abi >= NET_SINCE else 0
    scoped = 0b11 if abi >= SCOPES_SINCE else 0
    made = kernel.landlock_ruleset(fs, net, scoped, abi)
    for place in readable:
        _allow_reading(made, place)
    for place in executable:
        _allow(made, place, READ_FILE | EXECUTE)
    return made, {"abi": abi, "fs": fs, "net": net, "scoped": scoped}


def allow_covers(ruleset: int, places: list[Place]) -> None:
    """Adds that what now covers `places` may be read: to find nothing there is no error."""
    for place in places:
        place.fd = kernel.open_real(place.real)
        _allow_reading(ruleset, place)
        place.close()


def _allow_reading(ruleset: int, place: Place) -> None:
    _allow(ruleset, place, READ_FILE | READ_DIR if is_directory(place.mode) else READ_FILE)


def _allow(ruleset: int, place: Place, rights: int) -> None:
    if place.fd is not None:
        kernel.landlock_allow(ruleset, place.fd, rights)


def restrict(ruleset: int) -> None:
    """Puts this process, and all it becomes, under `ruleset`."""
    kernel.landlock_restrict(ruleset)
