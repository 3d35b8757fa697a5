# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Where a path leads, found component by component, and the symlinks on the way."""

from __future__ import annotations

import posix

from rsyncgate.pathname import DIRECTORY, is_directory, is_link

MAX_LINKS = 40
"""How many symlinks one path may pass, as the kernel has it (path_resolution(7))."""


NOWHERE = (2, 20, 36)  # ENOENT, ENOTDIR, ENAMETOOLONG
"""What the kernel says of a path that leads to nothing."""

SHORTAGE = (12, 23, 24)  # ENOMEM, ENFILE, EMFILE
"""What it says whatever is there."""


class Place:
    """What a path leads to.

    `fd` is an O_PATH descriptor of it, None if there is nothing; `mode` its mode, 0 if there is
    nothing; `real` its path without symlinks; `links` the symlinks on the way: (where it is, what
    it says, the uid it belongs to).
    """

    __slots__ = ("fd", "links", "mode", "real")

    def __init__(
        self, fd: int | None, real: str, links: list[tuple[str, str, int]], mode: int = 0
    ) -> None:
        self.fd = fd
        self.mode = mode
        self.real = real
        self.links = links

    def close(self) -> None:
        """Closes the descriptor."""
        if self.fd is not None:
            posix.close(self.fd)
            self.fd = None


def find(path: str, strict: bool = True) -> Place:
    """The Place of an absolute `path`; symlinks that lead round in circles lead to nothing.

    Where a component cannot be looked at, raises OSError if `strict`, else takes it for nothing.
    Holds one descriptor, not one for each component: a client can name more than there may be.
    """
    links: list[tuple[str, str, int]] = []
    ahead = _components(path)
    here = posix.open("/", posix.O_PATH)
    mode = DIRECTORY
    trail: list[str] = []
    while ahead:
        name = ahead.pop(0)
        if name == "..":
            posix.close(here)
            above = _directory(trail[:-1])
            if above is None:
                return Place(None, _beyond(trail, [name, *ahead]), links)
            here, trail, mode = above, trail[:-1], DIRECTORY
            continue
        try:
            fd = posix.open(name, posix.O_PATH | posix.O_NOFOLLOW, dir_fd=here)
        except OSError as error:
            posix.close(here)
            if error.errno in SHORTAGE or (strict and error.errno not in NOWHERE):
                raise
            return Place(None, _beyond(trail, [name, *ahead]), links)
        found = posix.fstat(fd)
        if is_link(found.st_mode):
            target = posix.readlink("", dir_fd=fd)
            posix.close(fd)
            links.append(("/" + "/".join([*trail, name]), target, found.st_uid))
            if len(links) > MAX_LINKS:
                posix.close(here)
                return Place(None, _beyond(trail, [name, *ahead]), links)
            if target.startswith("/"):
                posix.close(here)
                here, trail, mode = posix.open("/", posix.O_PATH), [], DIRECTORY
            ahead = _components(target) + ahead
        else:
            posix.close(here)
            here = fd
            mode = found.st_mode
            trail.append(name)
    return Place(here, "/" + "/".join(trail), links, mode)


def realpath(path: str) -> str:
    """Where an absolute `path` leads, as far as symlinks on the way can be looked at."""
    place = find(path, strict=False)
    place.close()
    return place.real


def mode_of(real: str) -> int:
    """The mode of what is at the path `real`; 0 for nothing, or where a symlink has come between.

    That may have happened since `real` was found, by someone who wants to see more than he may.
    """
    fd = _reach(real)
    if fd is None:
        return 0
    mode = posix.fstat(fd).st_mode
    posix.close(fd)
    return mode


def listing(real: str) -> list[str]:
    """The names in the directory `real`; none where it is none, or mode_of() would say 0."""
    place = _reach(real)
    if place is None:
        return []
    try:
        fd = posix.open(".", posix.O_RDONLY | posix.O_DIRECTORY, dir_fd=place)
    except OSError:
        return []
    finally:
        posix.close(place)
    names = posix.listdir(fd)
    posix.close(fd)
    return names


def _reach(real: str) -> int | None:
    """An O_PATH descriptor of what is at `real`, whose last component alone may be a symlink."""
    here = posix.open("/", posix.O_PATH)
    for name in _components(real):
        try:
            ahead = posix.open(name, posix.O_PATH | posix.O_NOFOLLOW, dir_fd=here)
        except OSError:
            return None
        finally:
            posix.close(here)
        here = ahead
    return here


def _directory(trail: list[str]) -> int | None:
    """An O_PATH descriptor of the directory `trail`; None where it is one no more."""
    fd = _reach("/".join(trail))
    if fd is not None and not is_directory(posix.fstat(fd).st_mode):
        posix.close(fd)
        return None
    return fd


def _components(path: str) -> list[str]:
    return [name for name in path.split("/") if name not in ("", ".")]


def _beyond(trail: list[str], ahead: list[str]) -> str:
    """The path of what would be `ahead` of the directories `trail`, where there is nothing."""
    names = [*trail]
    for name in ahead:
        if name != "..":
            names.append(name)
        elif names:
            names.pop()
    return "/" + "/".join(names)
