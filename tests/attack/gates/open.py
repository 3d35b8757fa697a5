# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""No gate: the account's shell runs what the client asks for, which shows that attacks are real."""

from __future__ import annotations

from pathlib import Path


def authorize(_root: Path, home: Path) -> str:
    """A log that anyone would write, and whatever was asked for."""
    return (
        f'[ "${{SSH_ORIGINAL_COMMAND+x}}" ] || exec sh; echo "$SSH_ORIGINAL_COMMAND" >>{home}/log; '
        'exec sh -c "$SSH_ORIGINAL_COMMAND"'
    )
