# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The script that is pasted from page to page: a `case` over the command, and then the command.

This one is as good as its kind gets: it wants `--sender` in its place and the directory at the end,
and refuses what a shell would make something of.
"""

from __future__ import annotations

from pathlib import Path

from e2e.confine.worlds import program

SCRIPT = """\
#!/bin/sh
case $SSH_ORIGINAL_COMMAND in
*[\\&\\;\\|\\<\\>\\(\\)\\{\\}\\$\\`\\'\\"\\\\]* | *..*) echo "Rejected" >&2; exit 1 ;;
"rsync --server --sender "*" . ROOT"|"rsync --server --sender "*" . ROOT/"*)
    $SSH_ORIGINAL_COMMAND ;;
*) echo "Rejected" >&2; exit 1 ;;
esac
"""


def authorize(root: Path, home: Path) -> str:
    """The script, below the account's home."""
    return str(program(home / "validate-rsync", SCRIPT.replace("ROOT", str(root))))
