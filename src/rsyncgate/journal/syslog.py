# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The journal's lines in the system's log too: a convenience, so it fails open and never waits."""

from __future__ import annotations

import os
import time
from _socket import AF_UNIX, SOCK_DGRAM, socket  # the module around it imports enum and selectors

SOCKET = "/dev/log"
"""Where syslogd, or journald, listens."""

_AUTH = 4 << 3
_INFO, _WARNING = 6, 4
_QUIET = ("allowed", "finished", "captured", "policy-written", "key-authorized", "learn-switched",
          "key-removed")  # fmt: skip


def send(event: str, line: bytes) -> None:
    """Sends a record's `line` as the journal has it; what `event` it is makes it more urgent.

    Where nobody listens, or the line is too long for that, nothing happens.
    """
    urgency = _AUTH | (_INFO if event in _QUIET else _WARNING)
    stamp = time.strftime("%b %e %H:%M:%S")
    text = b"<%d>%s rsyncgate[%d]: %s" % (urgency, stamp.encode(), os.getpid(), line.rstrip())
    try:
        log = socket(AF_UNIX, SOCK_DGRAM)
    except OSError:
        return
    try:
        log.setblocking(False)
        log.connect(SOCKET)
        log.send(text)
    except OSError:
        pass
    finally:
        log.close()
