# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The line that puts a key behind the gate, printed or installed."""

from __future__ import annotations

import json
import os
import pwd
import shlex
import subprocess
from pathlib import Path

import pytest

from rsyncgate.admin.authorize import entry, installation, removal
from rsyncgate.admin.authorized_keys import write
from unit.admin.test_authorized_keys import BLOB, GATE, LEARN, OTHER
from unit.conftest import HOME, Configuration, Runs

KEY = f"ssh-ed25519 {BLOB} nas01\n"


@pytest.fixture
def key(tmp_path: Path) -> str:
    """A public key file."""
    file = tmp_path / "nas01.pub"
    file.write_text(KEY)
    return str(file)


def test_the_command_is_quoted_for_the_shell_that_sshd_starts() -> None:
    """The command of a line starts the gate with its arguments, whatever its path holds."""
    odd = '/opt/my "tools"/it\'s/rsyncgate'
    made = entry("/etc/o ther", odd, "nas01", KEY, "--learn=run")
    words = [odd, "--config", "/etc/o ther", "--learn=run", "--client", "nas01"]
    assert shlex.split(made.command()) == words
    assert made.client() == "nas01"
    assert str(entry("/etc/rsyncgate", "/usr/bin/rsyncgate", "nas01", KEY, "")) == str(GATE)


@pytest.mark.parametrize("text", ["", "# none\n", KEY + KEY, "ssh-ed25519"])
def test_key_files_hold_one_key(text: str) -> None:
    """A file without a key, or with several, is refused."""
    with pytest.raises(ValueError, match="public keys"):
        entry("/etc/rsyncgate", "/bin/rsyncgate", "nas01", text, "")


def test_names_are_checked() -> None:
    """No line is made for what is no client's name."""
    with pytest.raises(ValueError, match="no client name"):
        entry("/etc/rsyncgate", "/bin/rsyncgate", "../x", KEY, "")


def test_install(config: Configuration, rsyncgate: Runs, key: str, tmp_path: Path) -> None:
    """--install makes the line of --dry-run true, keeps owner and mode, and is journaled."""
    file = tmp_path / "keys"
    file.write_text("# mine\n")
    file.chmod(0o640)
    words = ["--config", config.path, "authorize", "nas01", "--key", key, "--file", str(file)]
    dry = rsyncgate(*words, "--learn", "--dry-run")
    assert file.read_text() == "# mine\n"
    assert rsyncgate(*words, "--learn", "--install").returncode == 0
    added = [line for line in dry.stdout.decode().splitlines() if line[:1] == "+"][1:]
    assert file.read_text() == "# mine\n" + added[0][1:] + "\n"
    assert file.stat().st_mode & 0o7777 == 0o640
    assert rsyncgate(*words, "--install").returncode == 0
    assert "--learn" not in file.read_text()
    assert b"has this line already" in rsyncgate(*words, "--install").stdout
    events = [
        line.split('"event": "')[1].split('"')[0]
        for line in config.journal.read_text().splitlines()
    ]
    assert events == ["key-authorized", "learn-switched"]
    assert sorted(os.listdir(tmp_path)) == ["etc", "keys", "nas01.pub"]


def test_a_key_without_a_gate_is_pointed_out(
    config: Configuration, rsyncgate: Runs, key: str, tmp_path: Path
) -> None:
    """A line without a gate keeps --install from writing, and is named when printing."""
    file = tmp_path / "keys"
    file.write_text(KEY)
    words = ["--config", config.path, "authorize", "nas01", "--key", key, "--file", str(file)]
    installed, printed = rsyncgate(*words, "--install"), rsyncgate(*words)
    assert (installed.returncode, printed.returncode) == (1, 0)
    for run in (installed, printed):
        assert b"line 1 lets this key in without a gate" in run.stderr
    assert printed.stdout.startswith(b'restrict,command="')
    assert file.read_text() == KEY


def test_a_symlink_is_not_followed(tmp_path: Path) -> None:
    """What an account made a link of is not written through by root."""
    (tmp_path / "target").write_text("")
    (tmp_path / "keys").symlink_to("target")
    with pytest.raises(ValueError, match="is a symlink"):
        installation("root", str(tmp_path / "keys"), GATE)


def test_accounts(tmp_path: Path) -> None:
    """The account's own file is meant where no other is named; an unknown account is refused."""
    user = Path(HOME).owner()
    assert installation(user, "", GATE)[0].path == f"{HOME}/.ssh/authorized_keys"
    with pytest.raises(ValueError, match="is no account"):
        installation("no-such-account", "", GATE)


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The .ssh of an account "bob"."""
    known = pwd.getpwuid(os.geteuid())
    bob = pwd.struct_passwd((*known[:5], str(tmp_path), known.pw_shell))
    monkeypatch.setattr(pwd, "getpwnam", {"bob": bob}.__getitem__)
    (tmp_path / ".ssh").mkdir()
    return tmp_path / ".ssh"


def test_the_second_file(account: Path) -> None:
    """A gate in authorized_keys2 is switched there; a key that is new goes to the first file."""
    (account / "authorized_keys2").write_text(f"{LEARN}\n")
    there, other = installation("bob", "", GATE)
    assert (there.path, there.new) == (str(account / "authorized_keys2"), f"{GATE}\n")
    assert (other.new, other.old) == ("", "")
    (account / "authorized_keys2").write_text(f"{LEARN}\n".replace(BLOB, OTHER))
    assert installation("bob", "", GATE)[0].path == str(account / "authorized_keys")


@pytest.mark.parametrize(
    ("first", "second", "says"),
    [
        ("", f"ssh-ed25519 {BLOB} admin", "keys2: line 1 lets this key in without a gate"),
        (LEARN, f"ssh-ed25519 {BLOB} admin", "keys2: line 1 lets this key in without a gate"),
        (LEARN, LEARN, "keys and .*keys2 both have this key"),
    ],
)
def test_other_terms_in_the_second_file(account: Path, first: str, second: str, says: str) -> None:
    """No line is installed whose key authorized_keys2 lets in under other terms, or once more."""
    (account / "authorized_keys").write_text(first)
    (account / "authorized_keys2").write_text(second)
    with pytest.raises(ValueError, match=says):
        installation("bob", "", GATE)


def test_removal(account: Path) -> None:
    """A client's keys go from both files, and no other line does."""
    others = f"# nas01\n\nssh-ed25519 {OTHER} nas01\n" + LEARN.replace("nas01", "nas02") + "\n"
    (account / "authorized_keys").write_text(f"{LEARN}\n{others}{GATE}")
    (account / "authorized_keys2").write_text(f"{GATE}\n")
    first, second = removal("bob", "", "nas01")
    assert (first.new, second.new) == (others, "")
    assert [len(change.acts) for change in (first, second)] == [2, 1]


def test_remove(config: Configuration, rsyncgate: Runs, key: str, tmp_path: Path) -> None:
    """--only leaves a client its new key, --remove none; both are noted, --dry-run does nothing."""
    file = tmp_path / "keys"
    file.write_text(f"{LEARN}\n".replace(BLOB, OTHER))
    words = ["--config", config.path, "authorize", "nas01", "--file", str(file)]
    for change, left in ((["--key", key, "--only", "--install"], [BLOB]), (["--remove"], [])):
        before = file.read_text()
        shown = [word for word in change if word != "--install"]
        assert rsyncgate(*words, *shown, "--dry-run").stdout.startswith(b"--- ")
        assert file.read_text() == before
        assert b" is taken out" in rsyncgate(*words, *change).stdout
        assert [line.split()[-2] for line in file.read_text().splitlines()] == left
        again = rsyncgate(*words, *change).stdout
        assert (b" has this line already" in again, b" has no key of nas01" in again) == (
            (True, False) if left else (False, True)
        )
    events = [json.loads(line) for line in config.journal.read_text().splitlines()]
    assert [(e["event"], e["key"] == GATE.fingerprint()) for e in events] == [
        ("key-removed", False), ("key-authorized", True), ("key-removed", True)
    ]  # fmt: skip


def test_remove_stands_alone(config: Configuration, rsyncgate: Runs, key: str) -> None:
    """A command line that asks for a key and for none, or for neither, is wrong."""
    for words in (["--remove", "--key", key], ["--remove", "--learn"], ["--install"], []):
        run = rsyncgate("--config", config.path, "authorize", "nas01", *words)
        assert (run.returncode, run.stdout) == (2, b"")


def test_a_new_file_is_its_owners_alone(tmp_path: Path) -> None:
    """A missing directory and file are made, private, with the owner that is asked for."""
    file = tmp_path / ".ssh" / "authorized_keys"
    uid, gid = os.geteuid(), os.getegid()
    if uid == 0:
        uid, gid = 4711, 4712
    write(str(file), LEARN + "\n", uid, gid)
    for path, mode in ((file, 0o600), (file.parent, 0o700)):
        found = path.stat()
        assert (found.st_uid, found.st_gid, found.st_mode & 0o7777) == (uid, gid, mode)


def test_ssh_keygen_reads_the_fingerprint(tmp_path: Path) -> None:
    """The journal's fingerprint is the one that ssh-keygen prints."""
    file = tmp_path / "key.pub"
    file.write_text(KEY)
    shown = subprocess.run(["ssh-keygen", "-lf", file], check=True, capture_output=True, text=True)
    assert shown.stdout.split()[1] == GATE.fingerprint()
