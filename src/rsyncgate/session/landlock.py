# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Landlock: what this process and all it becomes may do to files, sockets and other processes.

landlock(7). Every right that the kernel's ABI knows is taken away, and a few are given back on
single files and directories.
"""

from __future__ import annotations

import posix

from rsyncgate.session import kernel

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


def restrict(readable: list[int], executable: list[int]) -> dict[str, int]:
    """Confines this process to reading below `readable` and to running `executable`: descriptors.

    Returns what is enforced: {"abi", "fs", "net", "scoped"}, the last three the masks of the rights
    taken away. Raises Unavailable where the kernel has no Landlock, OSError if it refuses.
    """
    abi = kernel.landlock_abi()
    if not abi:
        raise Unavailable
    fs = (1 << FS_RIGHTS.get(abi, FS_RIGHTS[5])) - 1
    net = 0b11 if abi >= NET_SINCE else 0
    scoped = 0b11 if abi >= SCOPES_SINCE else 0
    ruleset = kernel.landlock_ruleset(fs, net, scoped, abi)
    for fd in readable:
        directory = posix.stat(fd).st_mode & 0o170000 == 0o040000
        kernel.landlock_allow(ruleset, fd, READ_FILE | READ_DIR if directory else READ_FILE)
    for fd in executable:
        kernel.landlock_allow(ruleset, fd, READ_FILE | EXECUTE)
    kernel.landlock_restrict(ruleset)
    posix.close(ruleset)
    return {"abi": abi, "fs": fs, "net": net, "scoped": scoped}
