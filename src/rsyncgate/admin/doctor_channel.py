# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The channel between client and rsync: what an account's shell puts into it before the gate."""

from __future__ import annotations

import os
import socket
import subprocess
from typing import TYPE_CHECKING, NamedTuple

from rsyncgate.admin.doctor_finding import Finding, failure, ok, warning
from rsyncgate.refusal import show
from rsyncgate.session.plan import account as running_as

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pwd import struct_passwd

PATIENCE = 10
"""Seconds that a shell may take to run `true`."""

SYSTEM_RC = "/etc/ssh/sshrc"
"""What sshd runs before every command, if it is there (sshd(8), SSHRC)."""


class Said(NamedTuple):
    """How `$SHELL -c true` ended, and what it printed; None as `status`: it did not end."""

    status: int | None
    out: bytes
    err: bytes


def listen(account: struct_passwd, added: dict[str, str]) -> Said:
    """What the account's shell says when sshd has it run `true`, `added` being sshd's SetEnv.

    As under sshd its input is a socket and SSH_CLIENT is set: by these bash knows that it is to
    read .bashrc. Raises OSError where it cannot be started.
    """
    environ = {
        "HOME": account.pw_dir,
        "LOGNAME": account.pw_name,
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "SHELL": account.pw_shell,
        "SSH_CLIENT": "127.0.0.1 1 22",
        "SSH_CONNECTION": "127.0.0.1 1 127.0.0.1 22",
        "USER": account.pw_name,
        **added,
    }
    uid, gid, groups = running_as(account.pw_name) or (None, None, None)
    here, there = socket.socketpair()
    with here, there:
        here.shutdown(socket.SHUT_WR)
        process = subprocess.Popen(  # noqa: S603  (the account's own shell, as sshd starts it)
            [account.pw_shell or "/bin/sh", "-c", "true"],
            cwd=account.pw_dir,
            env=environ,
            stdin=there.fileno(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            user=uid,
            group=gid,
            extra_groups=groups,
        )
        with process:
            try:
                out, err = process.communicate(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)
                return Said(None, b"", b"")
    return Said(process.returncode, out, err)


def judge(account: struct_passwd, said: Said, system_rc: bool) -> Iterator[Finding]:
    """What that means for rsync's protocol, which takes the first byte for its own."""
    check, command = "channel.shell", f"{account.pw_name}: {account.pw_shell} -c true"
    quiet = f"let the files that it reads at its start, such as {account.pw_dir}/.bashrc, be silent"
    if said.status is None:
        yield failure(check, f"{command} does not end within {PATIENCE} seconds", quiet)
    elif said.status:
        yield failure(
            check,
            f"{command} ends with {said.status}: no command of a key's can run",
            f"give the account a shell that can: usermod -s /bin/sh {account.pw_name}",
        )
    elif said.out:
        yield failure(
            check,
            f"{command} prints {_quoted(said.out)} before the gate: rsync takes it for its "
            'protocol and ends with "is your shell clean?"',
            quiet,
        )
    elif said.err:
        yield warning(
            check, f"{command} prints {_quoted(said.err)} on every client's screen", quiet
        )
    else:
        yield ok(check, f"{command} prints nothing")
    if system_rc:
        yield warning(
            "channel.rc",
            f"{SYSTEM_RC}: sshd runs it before the gate, and what it prints spoils the protocol",
            "take it out, or be sure that it prints nothing",
        )


def _quoted(text: bytes) -> str:
    return show(text.decode("utf-8", "surrogateescape"), 60)
