# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Whether anybody but root can change what the gate is, what it believes and what it wrote."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from typing import TYPE_CHECKING, NamedTuple

import rsyncgate
from rsyncgate.admin.doctor_finding import Finding, failure, ok, warning
from rsyncgate.journal.chain import HEAD

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SSHD_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Where a command is looked for that sshd starts without a path."""

LINKS = 40
"""How many symlinks the kernel follows."""


class Step(NamedTuple):
    """A file, directory or symlink on the way to a path."""

    path: str
    mode: int
    uid: int


def way(path: str) -> Iterator[Step]:
    """Everything from / to what `path` leads to, symlinks and what lies on their way included.

    Raises OSError where the way ends early.
    """
    here, links = "/", 0
    todo = os.path.abspath(path).split("/")[::-1]
    yield _step(here)
    while todo:
        part = todo.pop()
        if part in ("", "."):
            continue
        if part == "..":
            here = os.path.dirname(here)
            continue
        there = os.path.join(here, part)
        step = _step(there)
        yield step
        if not stat.S_ISLNK(step.mode):
            here = there
            continue
        links += 1
        if links > LINKS:
            raise OSError(40, "Too many levels of symbolic links", path)
        target = os.readlink(there)
        here = "/" if target.startswith("/") else here
        todo += target.split("/")[::-1]


def _step(path: str) -> Step:
    found = os.lstat(path)
    return Step(path, found.st_mode, found.st_uid)


def faults(steps: Iterable[Step], trusted: set[int]) -> list[tuple[str, str]]:
    """What is wrong with each step, and its mend; `trusted` are the uids that may own it."""
    found = []
    for step in dict.fromkeys(steps):
        if step.uid not in trusted:
            found.append((f"{step.path} belongs to uid {step.uid}", f"chown root {step.path}"))
        elif _open(step):
            found.append((f"others can write to {step.path}", f"chmod go-w {step.path}"))
    return found


def _open(step: Step) -> bool:
    """Whether someone but the owner can put something else in its place, or in it.

    In a sticky directory nobody can move what is not theirs, and a symlink's mode says nothing.
    """
    sticky = stat.S_ISDIR(step.mode) and step.mode & stat.S_ISVTX
    return bool(step.mode & 0o022) and not sticky and not stat.S_ISLNK(step.mode)


def judge(check: str, what: str, paths: Iterable[str], trusted: set[int]) -> Iterator[Finding]:
    """Whether `paths`, which make up `what`, and all above them are only their owner's."""
    steps: list[Step] = []
    wrong: list[tuple[str, str]] = []
    for path in paths:
        try:
            steps += way(path)
        except OSError as error:
            wrong.append((f"{path}: {error.strerror}", "put it there, or name another"))
    wrong += faults(steps, trusted)
    for says, mend in wrong:
        yield failure(check, f"{what}: {says}", mend)
    if steps and not wrong:
        yield ok(check, f"{what}: nobody else can change it, or anything above it")


def journal_readers(journal: str) -> Iterator[Finding]:
    """Whether others than root can read what clients asked for."""
    try:
        mode = os.stat(journal).st_mode
    except FileNotFoundError:
        return
    if mode & 0o007:
        yield warning(
            "files.journal",
            f"the journal: every account can read {journal}",
            f"chmod o-rwx {journal}",
        )


def gate(programs: Iterable[str]) -> list[str]:
    """What runs when sshd starts one of `programs`: it, the interpreter, and every module."""
    package = os.path.dirname(rsyncgate.__file__)
    found = [shutil.which(p, path=SSHD_PATH) or os.path.join("/usr/bin", p) for p in programs]
    found += [sys.executable, os.path.dirname(os.__file__)]
    return [*found, *_below(package, (".py", ".pyc"))]


def policy(config: str) -> list[str]:
    """The configuration directory and all it holds; nothing if there is none."""
    return list(_below(config, (".toml",)))


def journal(path: str) -> list[str]:
    """The journal and its head, or the directory that will hold them."""
    found = [file for file in (path, path + HEAD) if os.path.lexists(file)]
    above = os.path.dirname(path)
    return found or [above if os.path.isdir(above) else os.path.dirname(above)]


def _below(directory: str, endings: tuple[str, ...]) -> Iterator[str]:
    for folder, _, files in os.walk(directory):
        yield folder
        yield from (os.path.join(folder, file) for file in files if file.endswith(endings))
