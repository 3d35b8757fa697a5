# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Reads the block of arguments that a `-s` client sends, and not one byte of what follows it."""

from __future__ import annotations

import posix
import select
import time

from rsyncgate.refusal import Refusal
from rsyncgate.rsync.secluded import LIMIT

SECONDS = 30.0
"""How long a client may take to send the whole block."""


def read_block(fd: int, seconds: float = SECONDS) -> bytes:
    """The block on `fd`, with the empty argument that ends it.

    Raises Refusal `secluded` if it is longer than LIMIT bytes, takes longer than `seconds`, or ends
    early. Reads byte by byte: the protocol follows at once and belongs to rsync.
    """
    block = bytearray()
    deadline = time.monotonic() + seconds
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    while block[-2:] != b"\0\0" and block != b"\0":
        left = deadline - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            raise Refusal("secluded", "-s", "announced arguments on stdin, and they did not come")
        byte = posix.read(fd, 1)
        if not byte:
            raise Refusal("secluded", "-s", "announced arguments on stdin, and they broke off")
        block += byte
        if len(block) > LIMIT:
            raise Refusal("secluded", "-s", f"sent more than {LIMIT} bytes of arguments on stdin")
    return bytes(block)
