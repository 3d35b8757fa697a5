# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The doctor on the channel: real shells, with homes that are clean and that are not."""

from __future__ import annotations

import os
import pwd
import time
from pathlib import Path

import pytest

from rsyncgate.admin import doctor_channel
from rsyncgate.admin.doctor_channel import Said
from rsyncgate.admin.doctor_finding import FAILURE, OK, WARNING, Finding


def account(home: Path, shell: str = "/bin/bash") -> pwd.struct_passwd:
    """This account, with another home and shell."""
    own = pwd.getpwuid(os.geteuid())
    return pwd.struct_passwd((own[0], "x", own[2], own[3], "", str(home), shell))


def heard(who: pwd.struct_passwd, **added: str) -> Finding:
    """The line on what the real shell says."""
    said = doctor_channel.listen(who, added)
    (found,) = doctor_channel.judge(who, said, system_rc=False)
    return found


@pytest.mark.parametrize(
    ("rc", "level", "part"),
    [
        ("# nothing", OK, "prints nothing"),
        ("echo Welcome", FAILURE, r'"Welcome\x0a"'),
        (r"printf '\033[2J'", FAILURE, r'"\x1b[2J"'),
        ("echo oops >&2", WARNING, r'"oops\x0a"'),
        ("exit 3", FAILURE, "ends with 3"),
        ("case $- in *i*) ;; *) return;; esac; echo Welcome", OK, "prints nothing"),
    ],
)
def test_bashrc(tmp_path: Path, rc: str, level: int, part: str) -> None:
    """Under sshd bash reads .bashrc; what that prints comes before rsync's first byte."""
    (tmp_path / ".bashrc").write_text(rc)
    found = heard(account(tmp_path))
    assert (found.level, found.check) == (level, "channel.shell")
    assert part in found.says


def test_the_trap_has_its_name(tmp_path: Path) -> None:
    """The doctor uses the words that rsync's own message has."""
    (tmp_path / ".bashrc").write_text("echo Welcome")
    assert "is your shell clean?" in heard(account(tmp_path)).says


def test_set_env(tmp_path: Path) -> None:
    """What sshd sets for every session is set here too: a noisy BASH_ENV is heard."""
    (tmp_path / "noise").write_text("echo noise")
    assert heard(account(tmp_path, "/bin/bash"), SHLVL="1").level == OK
    assert heard(account(tmp_path), SHLVL="1", BASH_ENV=f"{tmp_path}/noise").level == FAILURE


def test_no_login(tmp_path: Path) -> None:
    """With a shell that runs nothing, no forced command runs either."""
    found = heard(account(tmp_path, "/bin/false"))
    assert found.level == FAILURE
    assert "usermod" in found.mend


def gone(group: int) -> bool:
    """Whether the kernel has buried every process of `group`, in a while."""
    for _ in range(100):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_patience(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell that hangs is a failure, and nothing of it is left."""
    monkeypatch.setattr(doctor_channel, "PATIENCE", 0.3)
    (tmp_path / ".bashrc").write_text(f"echo $$ >{tmp_path}/pid; sleep 60 & wait")
    assert heard(account(tmp_path)).level == FAILURE
    group = int((tmp_path / "pid").read_text())
    assert gone(group)


def test_system_rc(tmp_path: Path) -> None:
    """A file that sshd runs before every command is named."""
    found = list(doctor_channel.judge(account(tmp_path), Said(0, b"", b""), system_rc=True))
    assert [(one.check, one.level) for one in found] == [
        ("channel.shell", OK),
        ("channel.rc", WARNING),
    ]
