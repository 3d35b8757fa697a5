# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""lshell, limited-shell on PyPI: a login shell.

README, "Hardened profile generator": the profile `rsync-backup`, with the directory as the one
`path`.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


def authorize(root: Path, home: Path) -> str:
    """The account's shell, with a configuration below the account's home."""
    lshell, conf = os.environ["LSHELL"], home / "lshell.conf"
    profile = ["--profile", "rsync-backup", "--user", "root", "--output", str(conf)]
    subprocess.run([lshell, "harden-init", *profile], check=True, capture_output=True)
    text = conf.read_text().replace("[user:root]", "[root]")  # the section that lshell reads
    text = text.replace("path            : []", f"path            : ['{root}']")
    conf.write_text(text.replace("/var/log/lshell/", f"{home}/"))
    return f'exec {lshell} --config {conf} ${{SSH_ORIGINAL_COMMAND+-c "$SSH_ORIGINAL_COMMAND"}}'
