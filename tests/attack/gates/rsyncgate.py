# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""rsyncgate, from this checkout or as installed. rsyncgate.toml(5)."""

from __future__ import annotations

import json
from pathlib import Path

from e2e.confine.worlds import OPTIONS
from e2e.sites import GATE


def authorize(root: Path, home: Path, options: list[str] | None = None) -> str:
    """One rule with one path, and no more said."""
    (home / "clients").mkdir(exist_ok=True)
    (home / "gate.toml").write_text(f'journal = "{home}/journal.jsonl"\n')
    listed = "" if options is None else f"options = {json.dumps(options)}\n"
    (home / "clients" / "nas01.toml").write_text(f'[[allow]]\npaths = ["{root}"]\n{listed}')
    return f"{GATE} --config {home} --client nas01"


def authorize_widely(root: Path, home: Path) -> str:
    """A rule that names what follows symlinks and reads lists: what is left is the confinement."""
    return authorize(root, home, [*OPTIONS, "--copy-devices"])
