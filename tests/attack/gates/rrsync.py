# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""rrsync, as Debian's package rsync has it.

rrsync(1), OPTIONS: `-ro` to read alone, `-absolute` for clients that name the directory as it is
named on the server.
"""

from __future__ import annotations

from pathlib import Path


def authorize(root: Path, home: Path) -> str:
    """`rrsync -ro -absolute DIR`, and the log that it writes where there is one."""
    (home / "rrsync.log").touch()
    return f"/usr/bin/rrsync -ro -absolute {root}"
