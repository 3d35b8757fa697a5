# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Running rsync: what it gets, how it ends, and what becomes of it when the client is gone.

Real programs stand in for rsync; each runs below a process of its own, for run() owns its stdin,
its stdout and its signals.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from rsyncgate.session.run import ENVIRONMENT, Ending

GATE = """
import json, sys
from rsyncgate.refusal import Refusal
from rsyncgate.session import run
call = json.loads(sys.argv[1])
run.GRACE = call["grace"]
try:
    end = run.Child(call["program"], call["argv"], call["directory"], None).run()
    found = {"status": end.status, "signal": end.signal, "exit_status": end.exit_status,
             "lost": end.lost, "seconds": end.seconds, "sent": end.sent}
except Refusal as refusal:
    found = {"code": refusal.code, "sentence": refusal.sentence(), "detail": refusal.detail}
with open(call["report"], "w") as report:
    json.dump(found, report)
"""
SH = "/bin/sh"


class Run:
    """A run of `program` with `argv`, below a gate of its own."""

    def __init__(
        self,
        directory: Path,
        program: str,
        *argv: str,
        grace: float = 10,
        stdout: int = subprocess.PIPE,
        where: str = "/",
        **environ: str,
    ) -> None:
        self.report = directory / "report"
        call = {"program": program, "argv": ["rsync", *argv], "directory": where, "grace": grace,
                "report": str(self.report)}  # fmt: skip
        self.gate = subprocess.Popen(
            [sys.executable, "-I", "-c", GATE, json.dumps(call)],
            stdin=subprocess.PIPE,
            stdout=stdout,
            env=environ,
        )

    def output(self, stdin: bytes = b"") -> bytes:
        """What the program wrote, once it has ended."""
        return self.gate.communicate(stdin, timeout=30)[0]

    def ready(self) -> None:
        """Waits until the program says so."""
        assert self.gate.stdout
        assert self.gate.stdout.readline() == b"ready\n"

    def ending(self) -> dict[str, Any]:
        """What run() said of the end."""
        self.gate.wait(timeout=30)
        for pipe in (self.gate.stdin, self.gate.stdout):
            if pipe:
                pipe.close()
        found: dict[str, Any] = json.loads(self.report.read_text())
        return found


@pytest.mark.parametrize("status", [0, 1, 23, 255])
def test_status(tmp_path: Path, status: int) -> None:
    """The exit status of rsync is the gate's."""
    end = Run(tmp_path, SH, "-c", f"exit {status}").ending()
    assert (end["status"], end["exit_status"]) == (status, status)
    assert (end["signal"], end["lost"]) == (None, False)


def test_ending() -> None:
    """A signal that ended rsync becomes 128 and its number, as a shell has it."""
    end = Ending(-signal.SIGKILL, lost=False, seconds=1.0, sent=None)
    assert (end.status, end.signal, end.exit_status) == (None, 9, 137)
    assert Ending(0, lost=False, seconds=1.0, sent=0).exit_status == 0


def test_environment(tmp_path: Path) -> None:
    """Nothing of the gate's environment reaches rsync, only its own few variables."""
    run = Run(tmp_path, "/usr/bin/env", HOME="/tmp", PATH="/tmp", LD_PRELOAD="", RSYNC_X="1",
              SSH_ORIGINAL_COMMAND="x", POPT="1")  # fmt: skip
    assert run.output() == b"".join(f"{k}={v}\n".encode() for k, v in ENVIRONMENT.items())
    assert set(ENVIRONMENT) == {"PATH", "LANG"}


def test_argv(tmp_path: Path) -> None:
    """Each argument arrives as it is, whatever bytes are in it, and no shell sees any."""
    words = ["a b", "$HOME;`id`", "*", "", "\n", "/caf\udce9", "/é"]
    run = Run(tmp_path, SH, "-c", "cat /proc/$$/cmdline", "sh", *words)
    arrived = run.output().decode("utf-8", "surrogateescape").split("\0")
    assert arrived == ["rsync", "-c", "cat /proc/$$/cmdline", "sh", *words, ""]


def test_directory(tmp_path: Path) -> None:
    """Rsync's relative paths begin where they do for a shell: in the home directory."""
    run = Run(tmp_path, "/bin/pwd", where=str(tmp_path))
    assert run.output() == f"{tmp_path}\n".encode()


def test_stdin_and_stdout(tmp_path: Path) -> None:
    """The connection is rsync's own, both ways."""
    data = bytes(range(256)) * 1000
    run = Run(tmp_path, "/bin/cat")
    assert run.output(data) == data
    assert run.ending()["status"] == 0


def test_descriptors(tmp_path: Path) -> None:
    """Rsync has no file open but stdin, stdout and stderr."""
    run = Run(tmp_path, SH, "-c", "for fd in /proc/$$/fd/*; do [ -e $fd ] && echo ${fd##*/}; done")
    assert run.output().split() == [b"0", b"1", b"2"]


def test_signals_are_as_rsync_expects(tmp_path: Path) -> None:
    """No signal is blocked, and none that Python ignores stays ignored: SIGPIPE above all."""
    lines = Run(tmp_path, "/bin/cat", "/proc/self/status").output().splitlines()
    masks = {name: int(mask, 16) for name, _, mask in (line.partition(b":") for line in lines)
             if name in (b"SigBlk", b"SigIgn")}  # fmt: skip
    assert masks[b"SigBlk"] == 0
    for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        assert not masks[b"SigIgn"] & 1 << number - 1


def test_signals_that_were_ignored(tmp_path: Path) -> None:
    """A signal that was ignored where the gate began is not ignored by rsync."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        run = Run(tmp_path, "/bin/grep", "SigIgn", "/proc/self/status")
    finally:
        signal.signal(signal.SIGHUP, before)
    assert int(run.output().split()[1], 16) & 1 << signal.SIGHUP - 1 == 0


def test_bytes_and_seconds(tmp_path: Path) -> None:
    """What rsync sent is counted, and how long it took."""
    run = Run(tmp_path, SH, "-c", "sleep 0.2; exec head -c 1000000 /dev/zero")
    assert len(run.output()) == 1_000_000
    end = run.ending()
    assert 1_000_000 <= end["sent"] < 1_001_000
    assert 0.2 <= end["seconds"] < 20


@pytest.mark.parametrize("name", ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2"])
def test_signals_are_passed_on(tmp_path: Path, name: str) -> None:
    """A signal for the gate is rsync's to act on; the gate lives to tell how it ended."""
    number = signal.Signals[name]
    run = Run(tmp_path, SH, "-c", "ulimit -c 0; echo ready; exec sleep 60")
    run.ready()
    run.gate.send_signal(number)
    end = run.ending()
    assert (end["signal"], end["exit_status"], end["lost"]) == (number, 128 + number, False)


def test_rsync_may_answer_a_signal(tmp_path: Path) -> None:
    """Rsync that ends in good order on a signal is given the time and keeps its status."""
    script = "trap 'sleep 0.1; exit 20' TERM; echo ready; while :; do sleep 0.05; done"
    run = Run(tmp_path, SH, "-c", script)
    run.ready()
    run.gate.terminate()
    assert run.ending()["status"] == 20


@pytest.mark.parametrize(
    ("program", "where", "reason"),
    [
        ("/nonexistent/rsync", "/", "no program"),
        ("/etc", "/", "Permission denied"),
        ("/etc/passwd", "/", "no program"),
        ("/bin/true", "/nonexistent", "No such file"),
    ],
)
def test_what_cannot_be_started(tmp_path: Path, program: str, where: str, reason: str) -> None:
    """A program that cannot be run is the configuration's fault; the client learns no path."""
    end = Run(tmp_path, program, where=where).ending()
    assert end["code"] == "configuration"
    assert program in end["detail"]
    assert reason in end["detail"]
    assert program not in end["sentence"]


def pipe() -> tuple[int, int]:
    """A pipe: the client's end and rsync's."""
    return os.pipe()


def sockets() -> tuple[int, int]:
    """A socket pair, likewise."""
    ours, theirs = socket.socketpair()
    return ours.detach(), theirs.detach()


@pytest.mark.parametrize("ends", [pipe, sockets])
@pytest.mark.parametrize(
    ("script", "ended_by"),
    [
        ("exec yes", (signal.SIGPIPE, None)),  # by itself; None for a socket with unread data
        ("exec sleep 60", (signal.SIGTERM,)),
        ("trap '' TERM; exec sleep 60", (signal.SIGKILL,)),
        ("kill -STOP $$; exec sleep 60", (signal.SIGKILL,)),
    ],
)
def test_a_lost_connection(tmp_path: Path, ends: Any, script: str, ended_by: tuple[int]) -> None:
    """When nobody reads any more rsync ends: by itself, at a signal, or by force."""
    reader, writer = ends()
    run = Run(tmp_path, SH, "-c", f"echo ready; {script}", grace=0.3, stdout=writer)
    os.close(writer)
    assert os.read(reader, 6) == b"ready\n"
    begun = time.monotonic()
    os.close(reader)
    end = run.ending()
    assert end["signal"] in ended_by
    assert end["lost"]
    assert time.monotonic() - begun < 10


@pytest.mark.parametrize(("status", "lost"), [(12, True), (0, False)])
def test_time_to_notice(tmp_path: Path, status: int, lost: bool) -> None:
    """Rsync that ends by itself within the time it is given gets no signal.

    Where it ends well though nobody reads any more, the client had all that it wanted.
    """
    reader, writer = os.pipe()
    script = f"echo ready; sleep 0.3; exit {status}"
    run = Run(tmp_path, SH, "-c", script, grace=10, stdout=writer)
    os.close(writer)
    os.read(reader, 6)
    os.close(reader)
    end = run.ending()
    assert (end["status"], end["lost"]) == (status, lost)
