# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The journal on its way to a log host: two real rsyslogd with the files in deploy/rsyslog."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from install.machines import REPOSITORY
from rsyncgate.journal import record
from rsyncgate.journal.read_files import chunks, journal_files
from rsyncgate.journal.write import append
from rsyncgate.rsync.secluded import LIMIT

LAUNCHER = Path(sys.executable).with_name("rsyncgate")
PATIENCE = 30.0
EC = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
CONF = """\
global(localHostname="{name}")
module(load="imuxsock" SysSock.Use="off")
$FileCreateMode 0640
$DirCreateMode 0755
$WorkDirectory {spool}
$IncludeConfig {here}/rsyslog.d/*.conf
*.* {here}/own.log
"""
"""What stands in Debian's rsyslog.conf around the shipped file."""


def until(true: Callable[[], object]) -> bool:
    """Whether something became `true` in time."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def openssl(*arguments: str | Path) -> None:
    """Makes a key or a certificate."""
    subprocess.run(["openssl", *arguments], capture_output=True, check=True)


def authority(ca: Path) -> None:
    """Makes the certificate that signs the others, with its key beside it."""
    ca.mkdir()
    openssl("req", "-x509", *EC, "-subj", "/CN=ca", "-out", ca / "ca.pem", "-keyout", ca / "key")


class Rsyslogd:
    """One rsyslogd, with one of the shipped files at other paths and another address."""

    def __init__(self, here: Path, name: str, conf: str, port: int, ca: Path) -> None:
        self.here, self.name = here, name
        (here / "rsyslog.d").mkdir(parents=True)
        (here / "spool").mkdir()
        (here / "rsyslog.conf").write_text(CONF.format(name=name, here=here, spool=here / "spool"))
        text = (REPOSITORY / "deploy" / "rsyslog" / conf).read_text()
        for old, new in {
            "/etc/ssl/rsyncgate": f"{here}/tls",
            "/var/log/rsyncgate": f"{here}/log",
            'port="20514"': f'port="{port}"',
            'target="loghost.example.org"': 'target="127.0.0.1"',
            'resumeInterval="10"': 'resumeInterval="1"',
        }.items():
            text = text.replace(old, new)
        (here / "rsyslog.d" / conf).write_text(text)
        self.certify(ca)
        self.process: subprocess.Popen[bytes] | None = None

    def certify(self, ca: Path) -> None:
        """Gives it a key and a certificate."""
        tls, subject = self.here / "tls", f"{self.here.name}.example.org"
        tls.mkdir()
        openssl("req", *EC, "-keyout", tls / "key.pem", "-out", tls / "csr", "-subj", "/CN=x",
                "-addext", f"subjectAltName=DNS:{subject}")  # fmt: skip
        openssl("x509", "-req", "-in", tls / "csr", "-copy_extensions", "copy", "-days", "1",
                "-CA", ca / "ca.pem", "-CAkey", ca / "key", "-out", tls / "cert.pem")  # fmt: skip
        (tls / "ca.pem").write_bytes((ca / "ca.pem").read_bytes())

    def start(self) -> None:
        """Starts it."""
        conf, pid = self.here / "rsyslog.conf", self.here / "pid"
        with (self.here / "stderr").open("ab") as stderr:
            self.process = subprocess.Popen(
                ["rsyslogd", "-n", "-f", conf, "-i", pid], stderr=stderr
            )

    def stop(self) -> None:
        """Ends it as systemd does, if it runs."""
        if self.process:
            self.process.terminate()
            self.process.wait(PATIENCE)
            self.process = None

    def said(self) -> str:
        """Its own messages."""
        log = self.here / "own.log"
        return (self.here / "stderr").read_text() + (log.read_text() if log.exists() else "")


class Site:
    """A server with a journal, www, and its log host, loghost."""

    def __init__(self, directory: Path, name: str = "www") -> None:
        self.directory = directory
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.ca = directory / "ca"
        authority(self.ca)
        self.loghost = Rsyslogd(directory / "loghost", "loghost", "rsyncgate-receive.conf",
                                self.port, self.ca)  # fmt: skip
        self.server = self.sender("www", name, self.ca)
        self.journal = self.server.here / "log" / "journal.jsonl"
        self.copies = self.loghost.here / "log-hosts"

    def sender(self, machine: str, name: str, ca: Path) -> Rsyslogd:
        """A server that calls itself `name`."""
        here = self.directory / machine
        return Rsyslogd(here, name, "rsyncgate-send.conf", self.port, ca)

    def write(self, count: int, command: str = "x", journal: Path | None = None) -> None:
        """Writes records to the server's journal."""
        for _ in range(count):
            append(str(journal or self.journal), {
                "v": 1, "ts": record.now(), "event": "refused", "id": record.new_id(),
                "host": "www", "client": "nas01", "command": command, "reason": "program",
            })  # fmt: skip

    def rotate(self) -> None:
        """Logrotate does what the shipped configuration says."""
        shipped = (REPOSITORY / "deploy" / "logrotate.d" / "rsyncgate").read_text()
        conf = self.directory / "logrotate.conf"
        conf.write_text(shipped.replace("/var/log/rsyncgate", str(self.journal.parent)))
        state = self.directory / "logrotate.state"
        second = int(time.time())  # rotated files are named by it, as a coarser clock has it
        assert until(lambda: int(time.time() - 0.05) > second)
        command = ["logrotate", "--force", "--state", str(state), str(conf)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def written(self) -> bytes:
        """All that the journal holds, with what was rotated."""
        return b"".join(b"".join(chunks(file)) for file in journal_files(str(self.journal)))

    def arrived(self, name: str = "www") -> bytes:
        """The copy on the log host, put in order as its configuration tells to."""
        files = sorted(self.copies.glob(f"{name}/*.jsonl"))
        return subprocess.run(
            ["sort", "-u", "-k4,4n", "/dev/null", *files], capture_output=True, check=True
        ).stdout

    def whole(self) -> bool:
        """Whether the copy has become what was written, byte for byte."""
        return until(lambda: self.arrived() == self.written())

    def verify(self) -> subprocess.CompletedProcess[bytes]:
        """What audit verify says of the copy."""
        return subprocess.run(
            [LAUNCHER, "audit", "verify", "-"],
            input=self.arrived(),
            capture_output=True,
            check=False,
        )

    def stop(self) -> None:
        """Ends what runs."""
        self.server.stop()
        self.loghost.stop()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A site of which all runs."""
    site = Site(tmp_path)
    try:
        site.loghost.start()
        site.server.start()
        yield site
    finally:
        site.stop()


def test_byte_for_byte(site: Site) -> None:
    """Whatever a command holds, and however long it is, the copy is the journal, for root alone."""
    for command in ("\udcff\x00\x1b\n%msg% #011", '"\\', "\u2028\U0001f600", " <13>1 - - - x "):
        site.write(1, command)
    site.write(1, "\udcff" * (2 * LIMIT))  # longer than any command with any block of -s
    assert site.whole(), site.loghost.said()
    done = site.verify()
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"5 lines, the chain holds" in done.stdout
    (copy,) = site.copies.glob("www/*.jsonl")
    assert (copy.stat().st_mode & 0o777, copy.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_each_is_stopped_in_between(site: Site) -> None:
    """What is written while the log host or the server's rsyslogd is down arrives, in order."""
    site.write(2)
    assert site.whole()
    site.loghost.stop()
    site.write(30)
    site.loghost.start()
    assert site.whole(), site.server.said()
    site.server.stop()
    site.write(5)
    site.rotate()
    site.write(5)
    site.server.start()
    assert site.whole(), site.server.said()
    site.write(5)
    site.rotate()
    site.write(5)
    assert site.whole(), site.server.said()
    assert site.verify().returncode == 0


def test_both_are_stopped(site: Site) -> None:
    """What was on its way then is the only loss: verify says so, and sending again mends it."""
    site.write(2)
    assert site.whole()
    site.loghost.stop()
    site.write(10)
    assert until(lambda: "suspending" in site.server.said())
    site.server.stop()
    site.write(10)
    site.loghost.start()
    site.server.start()
    last = site.written().splitlines()[-1]
    assert until(lambda: last in site.arrived())
    lost = set(site.written().splitlines()) - set(site.arrived().splitlines())
    assert len(lost) <= 2
    assert (site.verify().returncode == 1) == bool(lost)
    site.server.stop()
    state = "grep -l 'log.*journal' imfile-state:* | xargs rm"
    subprocess.run(["sh", "-ec", state], cwd=site.server.here / "spool", check=True)
    site.server.start()
    assert site.whole(), site.server.said()
    assert site.verify().returncode == 0


def test_strangers(tmp_path: Path) -> None:
    """No name leads out of the log host's directory, and nothing comes in without a certificate."""
    site = Site(tmp_path, name="../../evil")
    authority(tmp_path / "other")
    stranger = site.sender("stranger", "www", tmp_path / "other")
    try:
        site.loghost.start()
        stranger.start()
        site.write(1, journal=stranger.here / "log" / "journal.jsonl")
        assert until(lambda: "certificate" in stranger.said()), stranger.said()
        site.server.start()
        site.write(1)
        assert until(lambda: [*site.copies.rglob("*.jsonl")]), site.loghost.said()
        (copy,) = site.copies.rglob("*.jsonl")
        assert copy.read_bytes() == site.written()
        assert copy.parent.parent == site.copies
    finally:
        stranger.stop()
        site.stop()
