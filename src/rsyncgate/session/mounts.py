# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""A private mount namespace that holds the roots and what rsync needs, and nothing else.

Landlock keeps files from being read; it does not keep names, sizes and times from being seen. What
is not mounted has none. Needs CAP_SYS_ADMIN: under any other uid than root there is Landlock alone.
"""

from __future__ import annotations

import posix

from rsyncgate.pathname import dirname, is_directory, is_link, mode_at
from rsyncgate.session import kernel
from rsyncgate.session.places import Place

STAGE = "/tmp"  # noqa: S108  (a mount point in a namespace of our own, not a file)
"""Where new mounts are put together; any directory will do, nobody else sees it."""

QUIET = kernel.MS_RDONLY | kernel.MS_NOSUID


class Look:
    """What `rsync -aAX` sends of a directory or a symlink: owner, mode, times, attributes."""

    __slots__ = ("attributes", "found")

    def __init__(self, path: str) -> None:
        self.found = posix.lstat(path)
        self.attributes = {
            name: posix.getxattr(path, name, follow_symlinks=False)
            for name in posix.listxattr(path, follow_symlinks=False)
            if name.startswith(("user.", "system.posix_acl_"))
        }

    def give(self, path: str) -> None:
        """Makes `path` look like that; attributes only where a tmpfs can hold them (Linux 6.6)."""
        posix.chown(path, self.found.st_uid, self.found.st_gid, follow_symlinks=False)
        if not is_link(self.found.st_mode):
            posix.chmod(path, self.found.st_mode & 0o7777)
        for name, value in self.attributes.items():
            try:
                posix.setxattr(path, name, value, follow_symlinks=False)
            except OSError:
                pass
        times = (self.found.st_atime_ns, self.found.st_mtime_ns)
        posix.utime(path, ns=times, follow_symlinks=False)


def hide(place: Place) -> None:
    """Covers what `place` is, a directory or a file, by an empty one without a permission bit."""
    if place.fd is None:
        return
    kernel.mount_tmpfs(STAGE, kernel.MS_NOSUID | kernel.MS_NODEV, "mode=000,size=4k")
    empty = STAGE
    if not is_directory(place.mode):
        empty = f"{STAGE}/empty"
        posix.close(posix.open(empty, posix.O_CREAT | posix.O_EXCL, 0o000))
    fd = posix.open(empty, posix.O_PATH)
    tree = kernel.clone_tree(fd)
    posix.close(fd)
    kernel.detach(STAGE)
    kernel.attach_tree(tree, place.fd)
    posix.close(tree)


def freeze(flags: int) -> None:
    """Makes every mount read-only, for a root that is / itself; `flags` as in become_root."""
    fd = posix.open("/", posix.O_PATH)
    kernel.restrict_tree(fd, QUIET | flags)
    posix.close(fd)


class NewRoot:
    """A root in which everything keeps its path, and that has nothing but what is given.

    `mounts` are paths without symlinks, each with the MS_ flags of its own and whether it is a
    directory; `flags` are those that all have besides QUIET. `links` are symlinks, `home` is a
    directory. Of what may be `sent`, the directories above it, and it itself where it is one of
    `links`, look like the real ones: `rsync -R` sends them too.
    """

    def __init__(
        self,
        mounts: dict[str, tuple[int, bool]],
        flags: int,
        links: dict[str, str],
        home: str,
        sent: list[str],
    ) -> None:
        self.mounts = mounts
        self.flags = flags
        self.links = links
        self.home = home
        self.directories = [*_above([*mounts, *links, home]), home]
        looks = {path: Look(path) for path in (*_above(sent), *(p for p in sent if p in links))}
        # the inner before the outer: what changes in a directory changes its times
        self.looks = sorted(looks.items(), reverse=True)


def become_root(root: NewRoot) -> None:
    """Makes `root` this process's, in mounts of its own."""
    trees = [(path, is_dir, _tree(path, flags)) for path, (flags, is_dir) in root.mounts.items()]
    kernel.mount_tmpfs(STAGE, kernel.MS_NOSUID | kernel.MS_NODEV, "mode=755,size=1m")
    posix.umask(0o022)
    for directory in root.directories:
        _make(directory, is_dir=True)
    for path, is_dir, tree in trees:
        _make(path, is_dir)
        fd = posix.open(STAGE + path, posix.O_PATH)
        kernel.attach_tree(tree, fd)
        posix.close(fd)
        posix.close(tree)
    for where, target in root.links.items():
        if not mode_at(STAGE + where, follow=False):
            posix.symlink(target, STAGE + where)
    for path, look in root.looks:
        look.give(STAGE + path)
    posix.chdir(STAGE)
    fd = posix.open(".", posix.O_PATH)
    kernel.restrict_tree(fd, QUIET | root.flags)
    posix.close(fd)
    kernel.pivot_here()
    posix.chdir(root.home)


def _tree(path: str, flags: int) -> int:
    """A copy of the mounts at and below `path`. Raises OSError if a symlink has come between."""
    fd = kernel.open_real(path)
    tree = kernel.clone_tree(fd)
    posix.close(fd)
    if flags:
        kernel.restrict_tree(tree, flags)
    return tree


def _above(paths: list[str]) -> list[str]:
    """The directories above `paths`, each once, the outer before the inner."""
    found = {"/"}
    for path in paths:
        directory = dirname(path)
        while directory not in found:
            found.add(directory)
            directory = dirname(directory)
    return sorted(found)


def _make(path: str, is_dir: bool) -> None:
    """Makes on the stage what a mount can be put on, if nothing is there."""
    try:
        if is_dir:
            posix.mkdir(STAGE + path)
        else:
            posix.close(posix.open(STAGE + path, posix.O_CREAT | posix.O_EXCL, 0o600))
    except FileExistsError:
        pass
