# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Proves the confinement on the running kernel: a confined child tries what it must not manage."""

from __future__ import annotations

import os
import shutil
import tempfile

from rsyncgate.session.confine import confine
from rsyncgate.session.landlock import Unavailable
from rsyncgate.session.layout import Layout, Unconfinable
from rsyncgate.session.needs import needs
from rsyncgate.session.plan import Plan
from rsyncgate.session.run import ENVIRONMENT, WITHOUT_LANDLOCK

OUTSIDE, INSIDE, WRITABLE, RSYNC = 1, 2, 4, 8
"""Bits of the child's exit status: what did not go as it must."""

MEANINGS = {
    OUTSIDE: "a file outside the roots could be read",
    INSIDE: "a file inside the roots could not be read",
    WRITABLE: "a file could be written",
    RSYNC: "rsync does not run",
}


def prove(program: str, user: tuple[int, int, list[int]] | None) -> list[str]:
    """What is wrong with the confinement of `program`, a sentence each; empty where it holds."""
    directory = tempfile.mkdtemp(prefix="rsyncgate-check-")
    try:
        for name in ("inside", "outside"):
            os.mkdir(f"{directory}/{name}")
            with open(f"{directory}/{name}/file", "w", encoding="ascii") as stream:
                stream.write(name)
        here, there = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(here)
            _attempt(program, user, directory, there)
        os.close(there)
        with open(here, encoding="utf-8") as pipe:
            fault = pipe.read()
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    finally:
        shutil.rmtree(directory)
    if fault:
        return [fault]
    return [text for bit, text in MEANINGS.items() if status & bit] if status >= 0 else ["it died"]


def _attempt(
    program: str, user: tuple[int, int, list[int]] | None, directory: str, report: int
) -> None:
    """In the child: confines itself, tries everything, and exits with what went wrong."""
    status = 0
    os.dup2(os.pipe()[1], 1)  # what rsync prints is of no interest, and fits into a pipe
    try:
        inside, outside = f"{directory}/inside/file", f"{directory}/outside/file"
        wanted = needs(program, names=True, charsets=False)
        confine(Layout(Plan(wanted, (f"{directory}/inside",), "/", user=user)))
        status |= OUTSIDE * _opens(outside, os.O_RDONLY)
        status |= INSIDE * (not _opens(inside, os.O_RDONLY))
        status |= WRITABLE * (_opens(inside, os.O_WRONLY) or _opens("/new", os.O_CREAT))
        ran = os.spawnve(os.P_WAIT, program, [program, "--version"], ENVIRONMENT)  # noqa: S606
        status |= RSYNC * (ran != 0)
    except Unavailable:
        os.write(report, WITHOUT_LANDLOCK.encode())
    except (Unconfinable, OSError) as error:
        os.write(report, str(error).encode("utf-8", "surrogateescape"))
    finally:
        os._exit(status)


def _opens(path: str, flags: int) -> bool:
    try:
        os.close(os.open(path, flags))
    except OSError:
        return False
    return True
