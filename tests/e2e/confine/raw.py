# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""A client that speaks rsync's protocol by hand, to say what no rsync client would.

Protocol 29, the last without negotiation (rsync's compat.c, exclude.c, io.c): each side sends its
version, the server a checksum seed; the client its filter rules, each with its length before it,
and a zero; the server its file list. Then the client says often enough that it is done.
"""

from __future__ import annotations

import os
import struct
import subprocess
from collections.abc import Mapping, Sequence

PROTOCOL = 29
DONE = struct.pack("<i", -1)
DATA = 7
"""The tag of the file list and the files; messages for people have others."""


class Answer:
    """All that a server sent: `files` is the file list as it came, `messages` what people read."""

    def __init__(self, status: int, files: bytes, messages: str) -> None:
        self.status = status
        self.files = files
        self.messages = messages

    def __contains__(self, text: str) -> bool:
        return text.encode() in self.files or text in self.messages

    def __repr__(self) -> str:
        return f"Answer({self.status}, {self.files!r}, {self.messages!r})"


def ask(
    command: Sequence[str], rules: Sequence[str] = (), environ: Mapping[str, str] | None = None
) -> Answer:
    """Starts the sender `command`, gives it the filter `rules`, and takes down its file list."""
    here, there = os.pipe()
    os.write(there, conversation(rules))  # and no end of file: rsync takes that for a lost client
    try:
        done = subprocess.run(
            command, stdin=here, capture_output=True, check=False, env=environ, timeout=20
        )
    finally:
        os.close(here)
        os.close(there)
    files, messages = _sorted(done.stdout[8:])
    files = files.rpartition(DONE)[0] or files  # without the statistics, which count milliseconds
    return Answer(done.returncode, files, messages + os.fsdecode(done.stderr))


def hello(rules: Sequence[str]) -> bytes:
    """What a client sends until the server knows the filter `rules`."""
    sent = b"".join(struct.pack("<i", len(raw)) + raw for raw in map(os.fsencode, rules))
    return struct.pack("<i", PROTOCOL) + sent + struct.pack("<i", 0)


def conversation(rules: Sequence[str] = ()) -> bytes:
    """All that a client sends that wants the file list alone."""
    return hello(rules) + 4 * DONE


def _sorted(stream: bytes) -> tuple[bytes, str]:
    """The data and the messages that share `stream`."""
    files, messages = b"", ""
    while len(stream) >= 4:
        (head,) = struct.unpack("<I", stream[:4])
        size, tag = head & 0xFFFFFF, head >> 24
        if tag == DATA:
            files += stream[4 : 4 + size]
        else:
            messages += os.fsdecode(stream[4 : 4 + size])
        stream = stream[4 + size :]
    return files, messages
