# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""A copy of this machine in which anything may be installed, and nothing stays."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PATIENCE = 120.0


def make(*arguments: str) -> str:
    """What make prints. The make that runs these tests has no say in it."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(
        ["make", "-C", REPOSITORY, "--no-print-directory", *arguments],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def make_wheel(source: Path) -> Path:
    """The wheel of `source`, made without touching what runs these tests."""
    venv = REPOSITORY / ".venv"
    old = [f"--assume-old={venv}/{stamp}" for stamp in (".ready", ".tools")]
    made = make("-C", str(source), "wheel", f"VENV={venv}", *old)
    return source / made.strip()


class Machine:
    """A copy of this machine, as long as one process lives in it."""

    def __init__(self) -> None:
        throwaway = REPOSITORY / "tests" / "install" / "throwaway"
        self._keeper = subprocess.Popen(
            [throwaway, "sh", "-c", "echo ready; exec cat"],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._keeper.stdout
        assert self._keeper.stdout.readline() == "ready\n"

    def run(self, script: str, *arguments: str | Path, status: int = 0) -> str:
        """What the shell `script` prints in the copy, stderr included; it ends with `status`."""
        done = subprocess.run(
            self.inside("sh", "-c", script, "sh", *arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8"},
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == status, (script, done.returncode, done.stdout)
        return done.stdout

    def inside(self, *command: str | Path) -> list[str]:
        """What to run here for `command` to run there."""
        there = ["nsenter", f"--mount=/proc/{self._keeper.pid}/ns/mnt", "--"]
        return [*there, *map(str, command)]

    def write(self, path: str, text: str) -> None:
        """Writes the file `path`, with the directories above it."""
        quoted = shlex.quote(path)
        self.run(f'mkdir -p "$(dirname {quoted})" && printf %s "$1" > {quoted}', text)

    def stop(self) -> None:
        """Ends it."""
        assert self._keeper.stdin
        self._keeper.stdin.close()
        self._keeper.wait(PATIENCE)


@contextmanager
def sshd(machine: Machine) -> Iterator[int]:
    """The port of an sshd in `machine`, with the settings that are there and no key of root's."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    machine.run(
        "mkdir -p /run/sshd /root/.ssh && chmod 700 /root/.ssh && : >/root/.ssh/authorized_keys"
    )
    machine.run("[ -e /etc/ssh/ssh_host_ed25519_key ] || ssh-keygen -A")
    settings = [f"Port={port}", "ListenAddress=127.0.0.1", "SetEnv=SHLVL=1"]
    options = [word for setting in settings for word in ("-o", setting)]
    process = subprocess.Popen(
        machine.inside("/usr/sbin/sshd", "-D", "-e", *options), stderr=subprocess.PIPE, text=True
    )
    assert process.stderr
    assert "listening" in process.stderr.readline()
    yield port
    process.terminate()
    process.wait()


def remote(port: int, key: Path) -> list[str]:
    """How a client calls ssh."""
    options = ["BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null",
               "IdentitiesOnly=yes", "IdentityAgent=none", "LogLevel=ERROR"]  # fmt: skip
    words = [word for option in options for word in ("-o", option)]
    return ["ssh", "-F", "none", "-i", str(key), "-p", str(port), *words]
