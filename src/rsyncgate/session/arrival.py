# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""What sshd hands to the forced command: the command asked for, who asks, with which key."""

from __future__ import annotations

import posix
import pwd
from binascii import a2b_base64, b2a_base64  # base64 and hashlib take a whole bare one

from rsyncgate.digest import digest
from rsyncgate.pathname import is_directory, mode_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


class Arrival:
    """One connection, as sshd(8) describes it under ENVIRONMENT.

    `command` is what the client asked for, None for a login shell; `peer` its address and `key` the
    fingerprint of its key, "" where sshd does not say (`ExposeAuthInfo`); `user` and `home` are
    those of the account that the gate runs as.
    """

    __slots__ = ("command", "home", "host", "key", "peer", "user")

    def __init__(
        self, command: str | None, peer: str, key: str, user: str, home: str, host: str
    ) -> None:
        self.command = command
        self.peer = peer
        self.key = key
        self.user = user
        self.home = home
        self.host = host


def arrive(environ: Mapping[str, str]) -> Arrival:
    """The Arrival that sshd's variables describe; nothing else in `environ` is looked at."""
    uid = posix.geteuid()
    try:
        account = pwd.getpwuid(uid)
        user, home = account.pw_name, account.pw_dir
    except KeyError:
        user, home = str(uid), "/"
    if not is_directory(mode_at(home)):
        home = "/"  # where sshd leaves a session whose home is missing
    return Arrival(
        command=environ.get("SSH_ORIGINAL_COMMAND"),
        peer=environ.get("SSH_CONNECTION", "").partition(" ")[0],
        key=_fingerprint(environ.get("SSH_USER_AUTH", "")),
        user=user,
        home=home,
        host=posix.uname().nodename,
    )


def _fingerprint(file: str) -> str:
    """The fingerprint of the key in sshd's file of used methods, "" if there is none."""
    if not file:
        return ""
    try:
        with open(file, encoding="utf-8") as stream:
            lines = [line.split() for line in stream.read(65536).splitlines()]
        return next(fingerprint(line[2]) for line in lines if line[:1] == ["publickey"])
    except (OSError, ValueError, IndexError, StopIteration):
        return ""


def fingerprint(blob: str) -> str:
    """The fingerprint, as `ssh-keygen -l` prints it, of a public key in base64.

    Raises ValueError if it is not.
    """
    hashed = bytes.fromhex(digest(a2b_base64(blob)))
    return "SHA256:" + b2a_base64(hashed, newline=False).decode("ascii").rstrip("=")
