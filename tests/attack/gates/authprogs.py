# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""authprogs, as Debian has it: downloads alone, and paths that begin with the directory.

authprogs(1), RSYNC SUBRULES.
"""

from __future__ import annotations

from pathlib import Path

RULES = """\
-
  allow:
    - rule_type: rsync
      allow_download: true
      allow_archive: true
      allow_acls: true
      path_startswith: [{root}/]
"""


def authorize(root: Path, home: Path) -> str:
    """The rules and a log, below the account's home."""
    (home / "authprogs.yaml").write_text(RULES.format(root=root))
    return (
        f"/usr/bin/authprogs --run --keyname=nas01 --configfile={home}/authprogs.yaml "
        f"--logfile={home}/authprogs.log"
    )
