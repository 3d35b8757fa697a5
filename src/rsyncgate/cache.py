# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""What took time to work out, kept from one session to the next while its sources stay the same.

Nothing depends on it: what is missing, damaged, stale, or lies where someone else can write is as
if it were not there.
"""

from __future__ import annotations

import marshal
import posix
import time

from rsyncgate import __version__
from rsyncgate.digest import digest
from rsyncgate.pathname import is_directory, is_private, mode_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    State = tuple[tuple[int, ...] | None, ...]

DIRECTORY = "/var/cache/rsyncgate"
"""Where it is kept; root's gate makes it."""

SETTLED = 2.0
"""Seconds that a file must have been left alone: within a clock tick two changes look like one."""

_DIGEST = 64  # characters


def state_of(*files: str) -> State:
    """What tells each file that has changed from one that has not; None for one not there."""
    return tuple(map(_state, files))


def _state(file: str) -> tuple[int, ...] | None:
    try:
        found = posix.stat(file)
    except FileNotFoundError:
        return None
    except OSError as error:
        return (error.errno or 0,)
    if is_directory(found.st_mode):  # what else it holds is nobody's business
        return (found.st_dev, found.st_ino, found.st_mode, found.st_uid, 0)
    # the change time is last: keep() looks at it
    return (found.st_dev, found.st_ino, found.st_mode, found.st_uid, found.st_size,
            found.st_mtime_ns, found.st_ctime_ns)  # fmt: skip


def recall(name: str, state: State) -> Any:
    """The value that was kept as `name` when its sources were in `state`; None if there is none."""
    try:
        if not is_private(posix.lstat(DIRECTORY)):
            return None
        fd = posix.open(_file(name), posix.O_RDONLY | posix.O_NOFOLLOW | posix.O_NONBLOCK)
        try:
            found = posix.fstat(fd)
            data = posix.read(fd, found.st_size) if is_private(found) else b""
        finally:
            posix.close(fd)
        if digest(data[_DIGEST:]).encode() != data[:_DIGEST]:
            return None  # marshal takes whole data alone
        version, sources, value = marshal.loads(data[_DIGEST:])
    except (OSError, ValueError, EOFError, TypeError):
        return None
    return value if (version, sources) == (__version__, state) else None


def keep(name: str, files: tuple[str, ...], state: State, value: Any) -> None:
    """Keeps `value` as `name`, if its sources `files` are settled and still in `state`.

    `value` is made of tuples, lists, dicts, text and numbers.
    """
    newest = max((source[-1] for source in state if source), default=0) / 1e9
    if time.time() < newest + SETTLED or state_of(*files) != state:
        return
    data = marshal.dumps((__version__, state, value))
    text = digest(data).encode() + data
    part = f"{_file(name)}.part"  # one for all gates: the next takes what a killed one left
    try:
        if posix.geteuid() == 0 and not is_directory(mode_at(DIRECTORY)):
            posix.mkdir(DIRECTORY, 0o700)
        if not is_private(posix.lstat(DIRECTORY)):
            return
        fd = posix.open(
            part, posix.O_WRONLY | posix.O_CREAT | posix.O_TRUNC | posix.O_NOFOLLOW, 0o600
        )
        try:
            whole = posix.write(fd, text) == len(text)
        except OSError:
            whole = False
        finally:
            posix.close(fd)
        if whole:
            posix.rename(part, _file(name))
        else:
            posix.unlink(part)
    except OSError:
        pass


def _file(name: str) -> str:
    return f"{DIRECTORY}/{name.replace('%', '%25').replace('/', '%')}"
