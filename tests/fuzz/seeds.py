# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Where fuzzing begins: what real clients sent, and policies."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

from unit.conftest import encoded

CORPUS = Path(__file__).parent.parent / "corpus"

POLICIES = (
    b"",
    b'from = ["192.0.2.10", "2001:db8::/64"]\nprograms = ["sudo rsync"]\nprobes = ["true"]\n',
    b'hide = ["/srv/x"]\nuser = "nobody"\nnice = 5\nionice = "idle"\nbwlimit = 5\ntimeout = 0x7\n',
    b'sessions = 2\ntrusted_xattrs = true\n[[allow]]\npaths = ["/"]\noptions = ["-rL", "-B=*"]\n',
    b'[[allow]]\npaths = ["/srv/db-[0-9]/*"]\noptions = ["--files-from=/x", "--suffix a"]\n',
)


def seeds(target: str) -> Iterator[bytes]:
    """What a target begins with, each once."""
    if target == "toml":
        yield from POLICIES
        return
    for n, (command, block) in enumerate(sorted(_sent())):
        if target == "command":
            yield b"\1" + command + b"\0" + block
            yield bytes([n % 7]) + (command + b"\0" + block).replace(b"/data", b"data")
        elif block:
            yield b"\0" + block + b"protocol"
            yield bytes([n % 5]) + block.replace(b"/data", b"data")


def _sent() -> set[tuple[bytes, bytes]]:
    """Each command that real clients sent, and the block with it."""
    with gzip.open(CORPUS / "commands.jsonl.gz", "rt") as stream:
        rows = [json.loads(line) for line in stream]
    return {(encoded(row["command"]), encoded(row.get("stdin", ""))) for row in rows}
