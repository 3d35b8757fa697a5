# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""What an administrator copies from deploy/, taken by the programs it is for."""

from __future__ import annotations

import gzip
import json
import plistlib
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from install.machines import REPOSITORY
from rsyncgate.journal import record, syslog
from rsyncgate.journal.write import append
from rsyncgate.refusal import REASONS

DEPLOY = REPOSITORY / "deploy"
FILTER = DEPLOY / "fail2ban" / "filter.d" / "rsyncgate.conf"
LAUNCHER = Path(sys.executable).with_name("rsyncgate")


def refused(command: str | None, reason: str, peer: str, **more: Any) -> dict[str, Any]:
    """A record like the gate's own of a refusal."""
    return {
        "v": record.VERSION,
        "ts": record.now(),
        "event": record.REFUSED,
        "id": record.new_id(),
        "host": "www",
        "client": "nas01",
        "user": "root",
        "home": "/root",
        "peer": peer,
        "key": "",
        "pid": 1,
        "version": "0",
        "command": command,
        "reason": reason,
        "message": "no",
        **more,
    }


FORGED = json.dumps(refused("id", "push", "203.0.113.9"))[1:]
COMMANDS = [
    '", "reason": "push", "message": "',
    '\\", "reason": "push", "message": "',
    '{"prev": "", "seq": 1, ' + FORGED,
    '\n{"prev": "", "seq": 1, ' + FORGED,
    'Nov 23 00:00:00 www rsyncgate[1]: {"prev": "", "seq": 1, ' + FORGED,
    "\udcff\x00\x1b[31m",
]
"""What a client may send in the hope that somebody else is locked out, or it is not."""


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """A journal of refusals, of which those from 192.0.2.66 alone are worth locking out."""
    file = tmp_path / "journal.jsonl"
    append(str(file), refused("id", "program", "192.0.2.66"))
    for command in COMMANDS:
        append(str(file), refused(command, "path", "192.0.2.10"))
        append(str(file), refused(command, "shell-syntax", "192.0.2.66", secluded=[command]))
        allowed = refused(command, "", "192.0.2.10", event="allowed", argv=[command])
        append(str(file), allowed)
    append(str(file), refused(None, "no-command", "2001:db8::66"))
    return file


def found_by_fail2ban(log: Path) -> list[str]:
    """The addresses that fail2ban finds in `log`, one for each line that counts."""
    command = ["fail2ban-regex", "--out", "ip", str(log), str(FILTER)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.split()


WORTHY = ["192.0.2.66"] * (1 + len(COMMANDS)) + ["2001:db8::66"]


def test_fail2ban_reads_the_journal(journal: Path) -> None:
    """Refusals that no backup job meets are found with their addresses, whatever a command says."""
    assert found_by_fail2ban(journal) == WORTHY


@pytest.mark.parametrize("stamp", ["Nov 23 00:44:12", "2026-11-23T00:44:12.123456+00:00"])
def test_fail2ban_reads_the_systems_log(journal: Path, tmp_path: Path, stamp: str) -> None:
    """So they are in what syslog makes of the gate's lines; other programs' lines are nothing."""
    log = tmp_path / "auth.log"
    lines = journal.read_text().splitlines()
    ours = [f"{stamp} www rsyncgate[12]: {line}\n" for line in lines]
    others = [f"{stamp} www su[12]: rsyncgate[12]: {line}\n" for line in lines]
    log.write_text("".join(others + ours))
    assert found_by_fail2ban(log) == WORTHY


def test_fail2ban_reads_what_is_sent_to_syslog(
    journal: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The datagram itself, as a syslogd would write it down, is what the filter expects."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "log"))
        monkeypatch.setattr(syslog, "SOCKET", str(tmp_path / "log"))
        line = journal.read_bytes().splitlines()[0]
        syslog.send("refused", line)
        text = listener.recv(65536).decode()
    stamp, rest = re.fullmatch(r"<\d+>(.{15}) (.*)", text).groups()  # type: ignore[union-attr]
    log = tmp_path / "auth.log"
    log.write_text(f"{stamp} www {rest}\n")
    assert found_by_fail2ban(log) == ["192.0.2.66"]


def test_fail2bans_reasons() -> None:
    """Every reason that the filter counts is one of the gate's."""
    reasons = re.search("^reasons = (.+)$", FILTER.read_text(), re.M)
    assert reasons
    assert set(reasons[1].split("|")) < set(REASONS)


def test_the_jail(tmp_path: Path, journal: Path) -> None:
    """fail2ban takes its own configuration with the filter and the jail switched on."""
    etc = tmp_path / "fail2ban"
    shutil.copytree("/etc/fail2ban", etc)
    shutil.copytree(DEPLOY / "fail2ban", etc, dirs_exist_ok=True)
    (etc / "jail.d" / "defaults-debian.conf").unlink(missing_ok=True)
    (etc / "jail.local").write_text(f"[rsyncgate]\nenabled = true\nlogpath = {journal}\n")
    dump = ["fail2ban-client", "-c", str(etc), "--dp"]
    shown = subprocess.run(dump, capture_output=True, text=True, check=True).stdout
    assert "['add', 'rsyncgate'" in shown
    assert f"['set', 'rsyncgate', 'addlogpath', '{journal}'" in shown


def rotate(journal: Path, times: int) -> None:
    """Has logrotate rotate `journal` by the file in deploy/, made to do so now."""
    text = (DEPLOY / "logrotate.d" / "rsyncgate").read_text()
    config, state = journal.with_name("rotate.conf"), journal.with_name("state")
    config.write_text(
        "create\ncompress\n" + text.replace("/var/log/rsyncgate", str(journal.parent))
    )
    for _ in range(times):
        time.sleep(1.01)  # rotated files are named by the second
        subprocess.run(["logrotate", "--force", "--state", state, config], check=True)


def test_rotation(tmp_path: Path) -> None:
    """Logrotate comes between gates that write: the chain holds, and nothing is lost."""
    config, log = tmp_path / "config", tmp_path / "log"
    (config / "clients").mkdir(parents=True)
    log.mkdir(0o700)
    journal = log / "journal.jsonl"
    (config / "gate.toml").write_text(f'journal = "{journal}"\n')
    append(str(journal), refused("first", "program", ""))
    stop = threading.Event()
    written = [1]

    def write() -> None:
        while not stop.is_set():
            append(str(journal), refused("id", "program", ""))
            written[0] += 1
            stop.wait(0.001)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        rotate(journal, 2)
    finally:
        stop.set()
        writer.join()
    assert len(list(log.glob("journal.jsonl-*"))) == 2
    assert len(list(log.glob("journal.jsonl-*.gz"))) == 1
    assert {file.stat().st_mode & 0o777 for file in log.glob("journal.jsonl*")} == {0o600}
    verify = [str(LAUNCHER), "--config", str(config), "audit", "verify"]
    done = subprocess.run(verify, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f": {written[0]} lines, the chain holds" in done.stdout
    rotate(journal, 1)
    assert not journal.exists()  # made by the next gate, which no logrotate can come before
    oldest = min(log.glob("*.gz"))
    assert json.loads(gzip.decompress(oldest.read_bytes()).splitlines()[0])["command"] == "first"


def test_sshd(tmp_path: Path) -> None:
    """The file is good for sshd where its settings include it, and holds for root."""
    key = tmp_path / "host"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    config = tmp_path / "sshd_config"
    include = DEPLOY / "sshd_config.d" / "*.conf"
    config.write_text(f"Include {include}\nHostKey {key}\nPermitRootLogin yes\n")
    show = ["/usr/sbin/sshd", "-T", "-f", str(config), "-C", "user=root,host=x,addr=192.0.2.1"]
    shown = subprocess.run(show, capture_output=True, text=True, check=True)
    assert shown.stderr == ""
    for setting in ("permitrootlogin forced-commands-only", "exposeauthinfo yes",
                    "permituserenvironment no", "clientaliveinterval 60"):  # fmt: skip
        assert setting in shown.stdout.splitlines()


def test_tmpfiles(tmp_path: Path) -> None:
    """Systemd-tmpfiles makes the journal's directory, root's alone."""
    conf = str(DEPLOY / "tmpfiles.d" / "rsyncgate.conf")
    create = ["systemd-tmpfiles", f"--root={tmp_path}", "--create", conf]
    done = subprocess.run(create, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    found = (tmp_path / "var" / "log" / "rsyncgate").stat()
    assert (found.st_uid, found.st_mode & 0o777) == (0, 0o700)


def test_sysusers(tmp_path: Path) -> None:
    """Systemd-sysusers makes an account that nobody can log in to."""
    create = ["systemd-sysusers", f"--root={tmp_path}", str(DEPLOY / "sysusers.d/rsyncgate.conf")]
    (tmp_path / "etc").mkdir()
    subprocess.run(create, capture_output=True, check=True)
    (line,) = (tmp_path / "etc" / "passwd").read_text().splitlines()
    name, _, uid, _, _, home, shell = line.split(":")
    assert (name, home, shell) == ("rsyncgate", "/", "/usr/sbin/nologin")
    assert 0 < int(uid) < 1000
    assert (tmp_path / "etc" / "shadow").read_text().startswith("rsyncgate:!*:")


def test_units(tmp_path: Path) -> None:
    """The backup's timer and service are good for systemd, and launchd's file is a plist."""
    for unit in DEPLOY.glob("client/*@.*"):
        text = unit.read_text().replace("/usr/local/bin/rsyncgate-backup", "/bin/true")
        (tmp_path / unit.name).write_text(text)
    verify = ["systemd-analyze", "verify", "--man=no", *map(str, tmp_path.iterdir())]
    done = subprocess.run(verify, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    plist = plistlib.loads((DEPLOY / "client" / "rsyncgate-backup.plist").read_bytes())
    assert plist["ProgramArguments"][0] == "/usr/local/bin/rsyncgate-backup"


SCRIPTS = ["deploy/client/rsyncgate-backup", "deploy/client/backup.conf", ".ci/machine",
           "deploy/debian/rsyncgate.prerm", "deploy/debian/rsyncgate.postrm",
           "tests/install/throwaway", "tests/upgrade/keep"]  # fmt: skip


def test_shellcheck() -> None:
    """No script has anything that shellcheck would mention."""
    done = subprocess.run(
        ["shellcheck", *SCRIPTS], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")
