# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Counts the sessions of a client that run at once, with one locked file for each."""

from __future__ import annotations

import fcntl
import posix

from rsyncgate.refusal import Refusal


def take(directory: str, client: str, sessions: int) -> int:
    """A descriptor that holds one of the client's slots for as long as this process lives.

    `directory` is the journal's, where only the gate can write. Raises Refusal `busy` if all slots
    are taken.
    """
    flags = posix.O_RDWR | posix.O_CREAT | posix.O_NOFOLLOW
    try:
        try:
            posix.mkdir(directory, 0o700)  # the first session comes before the first record
        except FileExistsError:
            pass
        for number in range(1, sessions + 1):
            fd = posix.open(f"{directory}/.{client}.{number}.slot", flags, 0o600)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                posix.close(fd)
            else:
                return fd
    except OSError as error:
        raise Refusal(
            "journal", "", "the server cannot count its sessions; try again later", str(error)
        ) from None
    one = "session runs" if sessions == 1 else "sessions run"
    raise Refusal("busy", "", f"{sessions} {one} already, as many as may; try again later")
