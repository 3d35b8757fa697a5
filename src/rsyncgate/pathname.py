# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""What os.path and stat do, for the gate, which does without: os is 0.14 of a bare interpreter.

So the gate calls posix, of which os is made. stat and errno, full of what nobody needs, are 0.01.
"""

from __future__ import annotations

import posix

DIRECTORY, LINK, FILE = 0o040000, 0o120000, 0o100000
"""What a mode can be the mode of (inode(7))."""

_KIND = 0o170000


def is_directory(mode: int) -> bool:
    """Whether `mode` is a directory's."""
    return mode & _KIND == DIRECTORY


def is_link(mode: int) -> bool:
    """Whether `mode` is a symlink's."""
    return mode & _KIND == LINK


def is_file(mode: int) -> bool:
    """Whether `mode` is a regular file's."""
    return mode & _KIND == FILE


def is_private(found: posix.stat_result) -> bool:
    """Whether nobody but root and the running user can change what was `found`."""
    return found.st_uid in (0, posix.geteuid()) and not found.st_mode & 0o022


def join(directory: str, name: str) -> str:
    """`name` as seen from `directory`."""
    if name.startswith("/") or not directory:
        return name
    return directory + name if directory.endswith("/") else f"{directory}/{name}"


def split(path: str) -> tuple[str, str]:
    """What stands before the last slash of `path`, and what behind it."""
    directory, slash, name = path.rpartition("/")
    return directory.rstrip("/") or directory + slash, name


def dirname(path: str) -> str:
    """What stands before the last slash of `path`."""
    return split(path)[0]


def mode_at(path: str, follow: bool = True) -> int:
    """The mode of what is at `path`; 0 where there is nothing, or nobody may look at it."""
    try:
        return (posix.stat(path) if follow else posix.lstat(path)).st_mode
    except (OSError, ValueError):  # a NUL is in no name
        return 0
