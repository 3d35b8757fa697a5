# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Sessions that go wrong: the gate as sshd starts it, the client's ends in the test's hands."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from e2e.confine.raw import conversation
from e2e.servers import PATIENCE
from e2e.sites import GATE, Site
from rsyncgate import cache

(LIBFAKETIME,) = Path("/usr/lib").glob("*/faketime/libfaketime.so.1")
"""What a gate is preloaded with whose clock is to be wrong."""


class Place:
    """What nas01 may read, with the `site` that serves it: `pull` is how it asks for that.

    `inside` are the words that run a command where the gate is to run.
    """

    def __init__(self, site: Site) -> None:
        self.site = site
        self.inside: list[str] = []
        self.sessions: list[Session] = []
        self.root = site.directory / "root"
        self.root.mkdir()
        (self.root / "file").write_text("something to send")
        site.allow(self.root, more="sessions = 1")
        self.pull = f"rsync --server --sender -r . {self.root}/"

    def start(self, command: str, *before: str, **others: Any) -> Session:
        """A session that asks for `command`; `before` are words in front of the gate's."""
        gate = [str(GATE), "--config", str(self.site.config)]
        self.sessions.append(Session([*self.inside, *before, *gate], command, **others))
        return self.sessions[-1]

    def records(self) -> list[dict[str, Any]]:
        """Every record; there is no line that is not one."""
        file = self.site.journal_file
        return [*map(json.loads, file.read_bytes().splitlines())] if file.exists() else []

    def serves(self) -> None:
        """Fails unless a pull works at once, and is written down."""
        before = len(self.records())
        session = self.start(self.pull)
        session.send(conversation())
        assert session.ends() == 0, session.err
        assert b"file" in session.out
        events = [record["event"] for record in self.records()[before:]]
        assert events == ["allowed", "finished"]

    def nothing_left(self) -> None:
        """Fails if a process, a file or a mount is there that a session should have taken along."""
        assert self.site.server.settled()
        kept = {
            "journal.jsonl",
            "journal.jsonl.head",
            ".nas01.1.slot",
            "config",
            "here",
            "root",
            "log",
        }
        for directory in (self.site.directory, self.site.journal_file.parent):
            assert {*os.listdir(directory)} <= kept
        mine = os.fspath(self.site.config).replace("/", "%")
        caches = [name for name in os.listdir(cache.DIRECTORY) if name.startswith(mine)]
        assert all(name.endswith(".toml") for name in caches)
        with open("/proc/self/mountinfo", encoding="ascii") as mounts:
            assert not [line for line in mounts if os.fspath(self.site.directory) in line]

    def holds(self) -> str:
        """What `audit verify` says of a chain that holds."""
        run = self.site.run(*self.inside, GATE, "--config", self.site.config, "audit", "verify")
        assert (run.status, run.err) == (0, ""), run
        return run.out


class Session:
    """A gate at work: what its client sends and gets, and `out` and `err` when it has ended."""

    def __init__(
        self,
        words: list[str],
        command: str,
        stdin: int | IO[bytes] = subprocess.PIPE,
        stdout: int | IO[bytes] = subprocess.PIPE,
        stderr: int | IO[bytes] = subprocess.PIPE,
        **environ: str,
    ) -> None:
        environ = {"SSH_ORIGINAL_COMMAND": command, "SSH_CONNECTION": "127.0.0.1 1 ::1 2"} | environ
        self.process = subprocess.Popen(
            [*words, "--client", "nas01"], stdin=stdin, stdout=stdout, stderr=stderr,
            env=environ, bufsize=0,
        )  # fmt: skip
        self.out = self.err = b""

    def send(self, data: bytes) -> None:
        """Sends `data`, if anybody is there to read it."""
        assert self.process.stdin
        try:
            self.process.stdin.write(data)
        except BrokenPipeError:
            pass

    def ends(self, close: bool = False) -> int:
        """Its exit status, once neither it nor what it started holds stdout or stderr.

        The client hangs up first if it is to `close`.
        """
        stdin, self.process.stdin = self.process.stdin, None  # communicate() would close it
        if close and stdin:
            stdin.close()
        out, err = self.process.communicate(timeout=2 * PATIENCE)
        self.out, self.err = out or b"", err or b""
        if stdin and not close:
            stdin.close()
        return self.process.returncode

    def waits(self) -> str:
        """What the gate waits for, as the kernel calls it."""
        return Path(f"/proc/{self.process.pid}/wchan").read_text()

    def rsync(self) -> int:
        """The process that is, or becomes, rsync; 0 if there is none."""
        pid = self.process.pid
        try:
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        except OSError:
            return 0
        return int(children[0]) if children else 0


def wait_for(happened: Callable[[], object], patience: float = PATIENCE) -> None:
    """Waits until `happened` says so."""
    deadline = time.monotonic() + patience
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.005)
