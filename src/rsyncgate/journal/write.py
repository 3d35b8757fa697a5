# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Appends records to the journal: whole, in order, or not at all."""

from __future__ import annotations

import fcntl
import posix
import time

from rsyncgate.digest import digest
from rsyncgate.journal.chain import (
    HEAD,
    Head,
    count_failure,
    end_of,
    linked,
    read_head,
    write_head,
)
from rsyncgate.journal.record import line
from rsyncgate.pathname import dirname, is_file, is_link, is_private, mode_at
from rsyncgate.refusal import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PATIENCE = 10.0
"""Seconds to wait for another gate's append."""


def append(path: str, record: dict[str, Any]) -> bytes:
    """Adds `record` to the journal at `path` with one write, linked to the line before it.

    Returns the line as it stands there. The journal is made if it is missing, with its directory.
    Raises Refusal `journal` where that is impossible; then the file is as it was.
    """
    try:
        text = line(record)
        fd = _locked(path)
        try:
            head = _open(path + HEAD, posix.O_RDWR)
            try:
                return _write(fd, head, text)
            finally:
                posix.close(head)
        finally:
            posix.close(fd)
    except OSError as error:
        count_failure(path)
        reason = error.strerror or str(error)
        raise Refusal(
            "journal",
            "",
            "the server cannot write its journal, so nothing was run; try again later",
            detail=f"{path}: {reason}",
        ) from None


def _locked(path: str) -> int:
    """A descriptor of the file that `path` names now, locked. Rotation may rename it meanwhile."""
    deadline = time.monotonic() + PATIENCE
    while True:
        fd = _open(path)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            here, there = posix.fstat(fd), posix.stat(path, follow_symlinks=False)
            if (here.st_ino, here.st_dev) == (there.st_ino, there.st_dev):
                return fd
        except (BlockingIOError, FileNotFoundError):
            pass
        except OSError:
            posix.close(fd)
            raise
        posix.close(fd)
        if time.monotonic() > deadline:
            raise OSError(0, "another process holds its lock")
        time.sleep(0.005)


def _open(path: str, mode: int = posix.O_RDWR | posix.O_APPEND) -> int:
    flags = mode | posix.O_CREAT | posix.O_NOFOLLOW | posix.O_NONBLOCK
    try:
        fd = posix.open(path, flags, 0o600)
    except FileNotFoundError:
        try:
            posix.mkdir(dirname(path), 0o700)
        except FileExistsError:  # another gate was faster
            pass
        fd = posix.open(path, flags, 0o600)
    except OSError as error:
        if is_link(mode_at(path, follow=False)):
            raise OSError(0, "is a symbolic link; move it away") from error
        raise
    found = posix.fstat(fd)
    if not is_file(found.st_mode):
        posix.close(fd)
        raise OSError(0, "is no regular file; move it away")
    if not is_private(found):
        posix.close(fd)
        raise OSError(0, "others can write to it; it must be root's, with mode 0600")
    return fd


def _write(fd: int, head: int, text: bytes) -> bytes:
    """Appends `text` whole, after a line end where a crash cut the last line short.

    Returns what was written.
    """
    size = posix.fstat(fd).st_size
    before = end_of(fd, size, read_head(head))
    data = linked(text, before)
    after = Head(digest(data[:-1]), size + len(data), before.seq + 1)
    if size and posix.pread(fd, 1, size - 1) != b"\n":
        data = b"\n" + data
        after.size += 1
    try:
        if posix.write(fd, data) != len(data):
            raise OSError(0, "the disk is full")
        write_head(head, after)
    except OSError:
        posix.ftruncate(fd, size)
        raise
    return data
