# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""What sshd says of a connection."""

from __future__ import annotations

import os
import pwd
import subprocess
from pathlib import Path

import pytest

from rsyncgate.session.arrival import arrive


def test_arrival() -> None:
    """Command and address come from sshd's variables; account and host from the system."""
    me = pwd.getpwuid(os.geteuid())
    found = arrive(
        {
            "SSH_ORIGINAL_COMMAND": "rsync  --server",
            "SSH_CONNECTION": "2001:db8::5 51234 2001:db8::1 22",
            "USER": "nobody",
            "LOGNAME": "nobody",
            "HOME": "/tmp",
            "HOSTNAME": "elsewhere",
        }
    )
    assert (found.command, found.peer, found.key) == ("rsync  --server", "2001:db8::5", "")
    assert (found.user, found.home) == (me.pw_name, me.pw_dir)
    assert found.host == os.uname().nodename


def test_a_login_shell() -> None:
    """Without a command the client wants a shell, which is not the same as an empty command."""
    assert arrive({}).command is None
    assert arrive({"SSH_ORIGINAL_COMMAND": ""}).command == ""
    assert arrive({}).peer == ""


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa"])
def test_fingerprint(tmp_path: Path, kind: str) -> None:
    """The key is named as ssh-keygen names it."""
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", key], check=True)
    listed = subprocess.run(["ssh-keygen", "-lf", key], check=True, capture_output=True, text=True)
    public = key.with_suffix(".pub").read_text().rsplit(" ", 1)[0]
    auth = tmp_path / "auth"
    auth.write_text(f"password\npublickey {public}\n")
    assert arrive({"SSH_USER_AUTH": str(auth)}).key == listed.stdout.split()[1]


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"",
        b"password\n",
        b"publickey ssh-rsa\n",
        b"publickey ssh-rsa AAAAA\n",
        b"publickey x \xff\n",
    ],
)
def test_no_fingerprint(tmp_path: Path, content: bytes | None) -> None:
    """Where sshd tells no key, or something that is none, the field is empty and nothing fails."""
    auth = tmp_path / "auth"
    if content is not None:
        auth.write_bytes(content)
    assert arrive({"SSH_USER_AUTH": str(auth)}).key == ""
