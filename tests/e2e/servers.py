# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""A real sshd on a free port of 127.0.0.1, with keys and settings of its own."""

from __future__ import annotations

import os
import pwd
import socket
import subprocess
import time
from pathlib import Path

ROOT = os.geteuid() == 0

PATIENCE = 20.0
"""Seconds that anything may take before a test fails."""

SSHD = """\
ListenAddress 127.0.0.1
Port {port}
HostKey {directory}/host_key
AuthorizedKeysFile {directory}/authorized_keys
PidFile none
UsePAM no
StrictModes no
PermitRootLogin forced-commands-only
PasswordAuthentication no
KbdInteractiveAuthentication no
ExposeAuthInfo yes
AcceptEnv *
PermitUserEnvironment yes
SetEnv SHLVL=1
UseDNS no
PrintMotd no
PrintLastLog no
MaxStartups 200
Subsystem sftp internal-sftp
"""
"""The server's settings. It takes any environment a client sends: the gate must bear that.
With SHLVL the account's bash, if it has one, stays away from its .bashrc, which is no part of this.
"""

SSH = """\
Host server
HostName 127.0.0.1
Port {port}
User {user}
IdentityFile {directory}/key
IdentitiesOnly yes
IdentityAgent none
BatchMode yes
UserKnownHostsFile /dev/null
StrictHostKeyChecking no
LogLevel ERROR
KexAlgorithms curve25519-sha256
"""
"""The client's settings: it says `ssh -F FILE server` and connects quickly."""


class Server:
    """The sshd, as long as it runs; `ssh_config` is the file that leads a client to it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.ssh_config = directory / "ssh_config"
        self.authorized_keys = directory / "authorized_keys"
        self.log = directory / "log"
        for key in ("host_key", "key"):
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", key, "-f", directory / key],
                check=True,
            )
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        user = pwd.getpwuid(os.geteuid()).pw_name
        (directory / "sshd_config").write_text(SSHD.format(port=port, directory=directory))
        self.ssh_config.write_text(SSH.format(port=port, directory=directory, user=user))
        if ROOT:
            os.makedirs("/run/sshd", 0o755, exist_ok=True)  # sshd's own chroot, made by systemd
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        command = ["/usr/sbin/sshd", "-D", "-e", "-f", str(self.directory / "sshd_config")]
        with open(self.log, "wb") as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=log)
        for _ in range(500):
            if b"Server listening" in self.log.read_bytes():
                return process
            if process.poll() is not None:
                break
            time.sleep(0.01)
        process.kill()
        raise RuntimeError("sshd does not start: " + self.log.read_text())

    @property
    def key(self) -> str:
        """The client's public key: type and blob."""
        return " ".join((self.directory / "key.pub").read_text().split()[:2])

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the client's key, in ssh-keygen's words."""
        command = ["ssh-keygen", "-lf", str(self.directory / "key.pub")]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[1]

    def processes(self) -> dict[int, list[str]]:
        """The arguments of every process that works for a test, by process id.

        It names the directory of all tests in one of them; sshd itself does not count.
        """
        found = {}
        for entry in os.listdir("/proc"):
            if entry.isdigit() and int(entry) not in (os.getpid(), self._process.pid):
                line = command_line(int(entry))
                if os.fspath(self.directory.parent) in line:
                    found[int(entry)] = line.split("\0")[:-1]
        return found

    def settled(self) -> bool:
        """Whether no process is left, after some patience."""
        deadline = time.monotonic() + PATIENCE
        while self.processes():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    def stop(self) -> None:
        """Ends sshd."""
        self._process.terminate()
        self._process.wait(PATIENCE)


def command_line(pid: int) -> str:
    """The arguments of a process, each with a zero after it; none once it has ended."""
    try:
        return os.fsdecode(Path(f"/proc/{pid}/cmdline").read_bytes())
    except OSError:
        return ""  # it has ended
