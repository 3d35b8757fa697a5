# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""A tree with everything that makes a pull hard, and the comparison of two trees."""

from __future__ import annotations

import hashlib
import os
import random
import stat
import struct
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from e2e.servers import ROOT

LONG_AGO = 173_000_000  # 1975, with no nanoseconds to lose

AWKWARD = {
    "spaces": "two  spaces ",
    "quotes": 'it\'s "so"',
    "backquote": "`id`",
    "shell": "$(id) & ; | < > # ! \\ {a,b}",
    "unicode": "naïve 日本語 🦀",
    "decomposed": "e\u0301",
    "not-utf-8": os.fsdecode(b"caf\xe9"),
    "newline": "one\ntwo",
    "controls": "tab\tbell\x07",
    "dash": "-rf",
    "double-dash": "--delete",
    "wildcards": "*?[a-z]",
    "tilde": "~root",
    "dots": "...",
    "equals": "--files-from=x",
}
"""File names by what is hard about them; each lies in the tree's directory `awkward`."""


def build(root: Path) -> None:
    """Makes the tree at `root`, a new directory."""
    chance = random.Random(2006)
    for name in ("awkward", "nested/a b/c", "empty", "links", "modes", "sizes", "filtered"):
        (root / name).mkdir(parents=True)
    for size in (0, 1, 699, 700, 65_536, 300_001):
        (root / "sizes" / f"{size}.bin").write_bytes(chance.randbytes(size))
    (root / "sizes" / "text.txt").write_text("the same line\n" * 20_000)
    for kind, name in AWKWARD.items():
        (root / "awkward" / name).write_text(kind)
    (root / "nested/a b/c/deep.txt").write_text("deep")
    (root / "nested/a b/.hidden").write_text("hidden")
    _links(root)
    _filters(root / "filtered")
    with open(root / "sparse", "wb") as stream:
        stream.write(b"begin")
        stream.truncate(1 << 20)
        stream.seek(0, os.SEEK_END)
        stream.write(b"end")
    _attributes(root)
    _times(root)


def _links(root: Path) -> None:
    links = root / "links"
    (links / "first").write_text("three names, one file")
    os.link(links / "first", links / "second")
    os.link(links / "first", root / "nested" / "third")
    (links / "inside").symlink_to("../nested/a b")
    (links / "dangling").symlink_to("nowhere")
    (links / "outside").symlink_to("/etc/hostname")
    (links / "awkward").symlink_to("../awkward/" + AWKWARD["newline"])


def _filters(directory: Path) -> None:
    (directory / ".rsync-filter").write_text("- *.log\n- /cache/\n")
    (directory / "cache").mkdir()
    for name in ("kept.txt", "left-out.log", "cache/left-out.txt"):
        (directory / name).write_text(name)


def _attributes(root: Path) -> None:
    modes = root / "modes"
    for mode in (0o600, 0o444, 0o755, 0o4755, 0o2711, 0o644):
        (modes / f"{mode:o}").write_text("mode")
        (modes / f"{mode:o}").chmod(mode)
    (modes / "sticky").mkdir()
    (modes / "sticky").chmod(0o1777)
    (modes / "closed").mkdir(0o500)
    os.mkfifo(modes / "fifo", 0o640)
    (modes / "acl").write_text("acl")
    os.setxattr(modes / "acl", "system.posix_acl_access", _acl(os.getuid() + 1))
    os.setxattr(modes / "755", "user.origin", b"\x00any bytes\xff")
    os.setxattr(root / "empty", "user.origin", b"on a directory")
    if ROOT:
        (modes / "600").chmod(0)
        os.chown(modes / "644", 12_345, 54_321)
        os.chown(root / "links" / "dangling", 12_345, 54_321, follow_symlinks=False)


def _acl(uid: int) -> bytes:
    """The kernel's form of `user::rw-, user:UID:r--, group::r--, mask::r--, other::---`."""
    anyone = 0xFFFFFFFF
    entries = [(1, 6, anyone), (2, 4, uid), (4, 4, anyone), (16, 4, anyone), (32, 0, anyone)]
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


def _times(root: Path) -> None:
    """Sets old times all over, deepest first, so that no later step changes a directory's."""
    for n, (directory, directories, files) in enumerate(os.walk(root, topdown=False)):
        for name in (*directories, *files, "."):
            when = (LONG_AGO + n) * 1_000_000_000
            os.utime(os.path.join(directory, name), ns=(when, when), follow_symlinks=False)
    os.utime(root / "sizes" / "1.bin", ns=(0, 1_234_567_891_123_456_789))
    os.utime(root / "sizes" / "text.txt", (0, 4_000_000_000))


class Entry(NamedTuple):
    """What two trees must have in common under one name."""

    mode: int
    size: int
    mtime: int
    owner: tuple[int, int]
    content: str
    target: str
    linked: tuple[bytes, ...]
    attributes: tuple[tuple[str, bytes], ...]


def snapshot(
    root: Path, *, hard_links: bool = True, attributes: bool = True, times: bool = True
) -> dict[bytes, Entry]:
    """Every name below `root` with its Entry. `attributes` are the extended ones, ACLs included."""
    found: dict[bytes, os.stat_result] = {}
    top = os.fsencode(root)
    for directory, directories, files in os.walk(top):
        for name in (*directories, *files):
            path = os.path.join(directory, name)
            found[os.path.relpath(path, top)] = os.lstat(path)
    groups: dict[int, list[bytes]] = defaultdict(list)
    for name, info in found.items():
        if not stat.S_ISDIR(info.st_mode):
            groups[info.st_ino].append(name)
    return {
        name: Entry(
            mode=info.st_mode,
            size=0 if stat.S_ISDIR(info.st_mode) else info.st_size,
            mtime=info.st_mtime_ns if times else 0,
            owner=(info.st_uid, info.st_gid),
            content=_digest(os.path.join(top, name), info),
            target=os.fsdecode(os.readlink(os.path.join(top, name)))
            if stat.S_ISLNK(info.st_mode)
            else "",
            linked=tuple(sorted(groups[info.st_ino])) if hard_links else (),
            attributes=_extended(os.path.join(top, name)) if attributes else (),
        )
        for name, info in found.items()
    }


def _digest(path: bytes, info: os.stat_result) -> str:
    if not stat.S_ISREG(info.st_mode):
        return ""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _extended(path: bytes) -> tuple[tuple[str, bytes], ...]:
    names = sorted(os.listxattr(path, follow_symlinks=False))
    return tuple((name, os.getxattr(path, name, follow_symlinks=False)) for name in names)
