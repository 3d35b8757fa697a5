# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""What is left of root: CAP_DAC_READ_SEARCH, a reader of everything (capabilities(7))."""

from __future__ import annotations

import posix

from rsyncgate.session import kernel

DAC_READ_SEARCH = 2
SYS_ADMIN = 21
NAMES = {DAC_READ_SEARCH: "CAP_DAC_READ_SEARCH", SYS_ADMIN: "CAP_SYS_ADMIN"}
"""The capabilities that rsync may be left with, by number."""


def shed(keep: list[int], user: tuple[int, int, list[int]] | None) -> list[str]:
    """Leaves this process, and what it execs, the capabilities `keep` and nothing to gain.

    As `user` (uid, gid, groups) if given, else under the same uid. Returns the names of the
    capabilities that are left: the kernel has said so of each other that it is gone. Raises OSError
    where that is not possible.
    """
    root = posix.geteuid() == 0
    if root:
        if not kernel.prctl(kernel.PR_CAPBSET_READ, DAC_READ_SEARCH):
            keep = [number for number in keep if number != DAC_READ_SEARCH]  # as in most containers
        kernel.drop_capabilities(keep)  # no exec can give one back
    if user:
        uid, gid, groups = user
        kernel.prctl(kernel.PR_SET_KEEPCAPS, 1)
        posix.setgroups(groups)
        posix.setresgid(gid, gid, gid)
        posix.setresuid(uid, uid, uid)
    if root:
        kernel.capset(sum(1 << number for number in keep))
    if user:
        for number in keep:
            kernel.prctl(kernel.PR_CAP_AMBIENT, kernel.PR_CAP_AMBIENT_RAISE, number)
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    return [NAMES[number] for number in keep] if root else []


def limit(nice: int, ionice: str) -> None:
    """Lowers this process's priority, and keeps it from dumping core or making open files.

    `nice` counts as nice(1) does; `ionice` is "", "best-effort" or "idle".
    """
    kernel.no_core_dumps()
    posix.umask(0o077)
    if nice:
        posix.nice(nice)
    if ionice:
        kernel.ioprio_set(3 if ionice == "idle" else 2, 7)
