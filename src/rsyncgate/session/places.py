# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Where a path leads, found component by component, and the symlinks on the way."""

from __future__ import annotations

import errno
import os
import stat

MAX_LINKS = 40
"""How many symlinks one path may pass, as the kernel has it (path_resolution(7))."""


NOWHERE = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG)
"""What the kernel says of a path that leads to nothing."""


class Place:
    """What a path leads to.

    `fd` is an O_PATH descriptor of it, None if there is nothing; `real` its path without symlinks;
    `links` the symlinks on the way: (where it is, what it says, the uid it belongs to).
    """

    __slots__ = ("fd", "links", "real")

    def __init__(self, fd: int | None, real: str, links: list[tuple[str, str, int]]) -> None:
        self.fd = fd
        self.real = real
        self.links = links

    def close(self) -> None:
        """Closes the descriptor."""
        if self.fd is not None:
            os.close(self.fd)
            self.fd = None


def find(path: str) -> Place:
    """The Place of an absolute `path`; symlinks that lead round in circles lead to nothing.

    Raises OSError where a component cannot be looked at.
    """
    links: list[tuple[str, str, int]] = []
    ahead = _components(path)
    here = os.open("/", os.O_PATH)
    trail: list[str] = []
    above: list[int] = []
    while ahead:
        name = ahead.pop(0)
        if name == "..":
            if above:
                os.close(here)
                here = above.pop()
                trail.pop()
            continue
        try:
            fd = os.open(name, os.O_PATH | os.O_NOFOLLOW, dir_fd=here)
        except OSError as error:
            _close([here, *above])
            if error.errno not in NOWHERE:
                raise
            return Place(None, "/" + "/".join([*trail, name, *ahead]), links)
        found = os.fstat(fd)
        if stat.S_ISLNK(found.st_mode):
            target = os.readlink("", dir_fd=fd)
            os.close(fd)
            links.append(("/" + "/".join([*trail, name]), target, found.st_uid))
            if len(links) > MAX_LINKS:
                _close([here, *above])
                return Place(None, "/" + "/".join([*trail, name, *ahead]), links)
            if target.startswith("/"):
                _close([here, *above])
                here, above, trail = os.open("/", os.O_PATH), [], []
            ahead = _components(target) + ahead
        else:
            above.append(here)
            here = fd
            trail.append(name)
    _close(above)
    return Place(here, "/" + "/".join(trail), links)


def mode_of(real: str) -> int:
    """The mode of what is at the path `real`; 0 for nothing, or where a symlink has come between.

    That may have happened since `real` was found, by someone who wants to see more than he may.
    """
    fd = _reach(real)
    if fd is None:
        return 0
    mode = os.fstat(fd).st_mode
    os.close(fd)
    return mode


def listing(real: str) -> list[str]:
    """The names in the directory `real`; none where it is none, or mode_of() would say 0."""
    place = _reach(real)
    if place is None:
        return []
    try:
        fd = os.open(".", os.O_RDONLY | os.O_DIRECTORY, dir_fd=place)
    except OSError:
        return []
    finally:
        os.close(place)
    names = os.listdir(fd)
    os.close(fd)
    return names


def _reach(real: str) -> int | None:
    """An O_PATH descriptor of what is at `real`, whose last component alone may be a symlink."""
    here = os.open("/", os.O_PATH)
    for name in _components(real):
        try:
            ahead = os.open(name, os.O_PATH | os.O_NOFOLLOW, dir_fd=here)
        except OSError:
            return None
        finally:
            os.close(here)
        here = ahead
    return here


def _components(path: str) -> list[str]:
    return [name for name in path.split("/") if name not in ("", ".")]


def _close(fds: list[int]) -> None:
    for fd in fds:
        os.close(fd)
