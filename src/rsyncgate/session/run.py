# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Runs rsync: fork, confinement, a clean environment, exec, and the wait for its end.

The gate stays behind as the parent, passes signals on, and watches the connection.
"""

from __future__ import annotations

import _signal  # signal itself imports enum, half a bare interpreter's start
import marshal
import posix
import select
import time

from rsyncgate.refusal import Refusal
from rsyncgate.session.confine import confine
from rsyncgate.session.landlock import Unavailable
from rsyncgate.session.layout import Layout, Unconfinable
from rsyncgate.session.plan import NOT_STARTED, Plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
"""All that rsync gets of an environment. No HOME: popt would read a .popt there."""

REFUSED_FOR_CONFINEMENT = (
    "the server could not confine rsync, so nothing was run; its administrator finds why in the "
    "journal"
)

WITHOUT_LANDLOCK = (
    "this kernel has no Landlock (Linux 5.13 and later, with landlock in its lsm= list): boot one "
    'that has, or write confine = "prefer" in gate.toml and do without'
)

STDOUT = 1

GRACE = 10.0
"""Seconds that rsync may go on after the connection is lost, and again after SIGTERM."""

_PASSED_ON = (
    _signal.SIGHUP,
    _signal.SIGINT,
    _signal.SIGQUIT,
    _signal.SIGTERM,
    _signal.SIGUSR1,
    _signal.SIGUSR2,
)
_IGNORED_BY_PYTHON = (_signal.SIGPIPE, _signal.SIGXFSZ)


class Ending:
    """How a run ended.

    `status` is the exit status or None, `signal` the number of the signal that ended it or None,
    `lost` whether the connection died first, `seconds` the duration, and `sent` the bytes written,
    None where the kernel does not say.
    """

    __slots__ = ("lost", "seconds", "sent", "signal", "status")

    def __init__(self, code: int, lost: bool, seconds: float, sent: int | None) -> None:
        self.status = code if code >= 0 else None
        self.signal = -code if code < 0 else None
        self.lost = lost
        self.seconds = seconds
        self.sent = sent

    @property
    def exit_status(self) -> int:
        """What the gate exits with: rsync's own status, 128 and the signal as a shell has it."""
        return self.status if self.status is not None else 128 + (self.signal or 0)


class NoLandlock(Refusal):
    """The Refusal of a request that Landlock was to confine, on a kernel without it."""


class Child:
    """The process that becomes rsync: forked, confined, and waiting for the word to go.

    `enforced` is what the kernel now holds it to. Between the fork and the word there is time to
    write down what is about to run.
    """

    def __init__(self, program: str, argv: list[str], directory: str, plan: Plan | None) -> None:
        """Forks. Raises Refusal `confinement` if the child cannot be confined as planned."""
        self.argv = argv
        layout = _laid_out(plan) if plan else None
        self.begun = time.monotonic()
        self.report, report = posix.pipe()  # close-on-exec: it says nothing more once rsync runs
        go, self.go = posix.pipe()
        parent = posix.getpid()
        _signal.pthread_sigmask(_signal.SIG_BLOCK, _PASSED_ON)
        self.pid = posix.fork()
        if self.pid == 0:
            posix.close(self.go)
            _become(program, argv, directory, layout, report, go, parent)
        posix.close(report)
        posix.close(go)
        if layout:
            layout.close()
        for number in _PASSED_ON:
            _signal.signal(number, lambda number, _: posix.kill(self.pid, number))
        _signal.pthread_sigmask(_signal.SIG_UNBLOCK, _PASSED_ON)
        answer = posix.read(self.report, 65536)
        self.reported = len(answer)
        self.enforced: dict[str, Any] = marshal.loads(answer) if answer else {"fault": "it died"}
        if "fault" in self.enforced:
            self.abandon()
            detail = self.enforced["fault"]
            if "code" in self.enforced:
                raise Refusal(self.enforced["code"], "", NOT_STARTED, detail=detail)
            raise Refusal("confinement", "", REFUSED_FOR_CONFINEMENT, detail)

    def abandon(self) -> None:
        """Ends the child before it has become rsync."""
        posix.close(self.go)
        posix.close(self.report)
        posix.waitpid(self.pid, 0)

    def run(self) -> Ending:
        """Gives the word, and waits for rsync to end. Raises Refusal if it cannot be started."""
        try:
            posix.write(self.go, b"!")
        except BrokenPipeError:
            pass  # it was killed as it waited; how it ended is told like any other end
        before = _bytes_written()
        posix.close(self.go)
        failure = posix.read(self.report, 65536)  # nothing, once rsync runs
        posix.close(self.report)
        lost = _wait(self.pid)
        # nobody is left to pass a signal on to, and the record of the end must still be written
        _signal.pthread_sigmask(_signal.SIG_BLOCK, _PASSED_ON)
        code = posix.waitstatus_to_exitcode(posix.waitpid(self.pid, 0)[1])
        after = _bytes_written()
        sent = None
        if before is not None and after is not None:
            sent = after - before - self.reported  # the child's report came out of its own count
        if failure:
            detail = marshal.loads(failure)["fault"]
            raise Refusal("configuration", "", NOT_STARTED, detail=detail)
        lost = lost and code != 0  # a client that has all it wanted may leave first
        return Ending(code, lost, round(time.monotonic() - self.begun, 6), sent)


def _become(
    program: str,
    argv: list[str],
    directory: str,
    layout: Layout | None,
    report: int,
    go: int,
    parent: int,
) -> None:
    """In the child: confines itself, says so, waits for the word, execs. Never returns."""
    try:
        for number in _PASSED_ON + _IGNORED_BY_PYTHON:
            _signal.signal(number, _signal.SIG_DFL)
        _signal.pthread_sigmask(_signal.SIG_UNBLOCK, _PASSED_ON)
        posix.chdir(directory)
        if not posix.access(program, posix.X_OK):
            raise OSError(2, "is no program that can be run")
        enforced = _confine(layout) if layout else {}
        posix.write(report, marshal.dumps(enforced))
        if posix.read(go, 1) == b"!" and posix.getppid() == parent and "fault" not in enforced:
            posix.execve(program, argv, ENVIRONMENT)  # never through a shell
    except OSError as error:
        fault = {"fault": f"{program}: {error.strerror}", "code": "configuration"}
        posix.write(report, marshal.dumps(fault))
    finally:
        posix._exit(127)


def _laid_out(plan: Plan) -> Layout:
    """The Layout of `plan`. Raises Refusal `confinement` where it cannot be."""
    try:
        return Layout(plan)
    except Unavailable:
        raise NoLandlock("confinement", "", REFUSED_FOR_CONFINEMENT, WITHOUT_LANDLOCK) from None
    except (Unconfinable, OSError) as error:
        raise Refusal("confinement", "", REFUSED_FOR_CONFINEMENT, _fault(error)) from None


def _confine(layout: Layout) -> dict[str, Any]:
    """What is enforced from now on, or {"fault": why it cannot be}."""
    try:
        return confine(layout)
    except (Unconfinable, OSError) as error:
        return {"fault": _fault(error)}


def _fault(error: Exception) -> str:
    return str(error) if isinstance(error, Unconfinable) else f"the kernel refused: {error}"


def version_of(program: str) -> tuple[int, ...]:
    """The version that `program` --version prints, () if it prints none."""
    here, there = posix.pipe()
    child = posix.fork()
    if child == 0:
        posix.dup2(there, STDOUT)
        try:
            posix.execve(program, [program, "--version"], ENVIRONMENT)
        finally:
            posix._exit(127)
    posix.close(there)
    with open(here, encoding="utf-8", errors="replace") as pipe:
        words = pipe.read().split()
    posix.waitpid(child, 0)
    number = words[2] if words[1:2] == ["version"] and len(words) > 2 else ""
    parts = number.split("pre")[0].split(".")
    return tuple(int(part) for part in parts) if all(p.isdecimal() for p in parts) else ()


def _wait(child: int) -> bool:
    """Waits for `child` to end, without reaping it. Whether the connection died first.

    sshd closes its end of stdout when the connection is gone; rsync notices at its next read or
    write. One that does not (it waits for a disk, or is stopped) is ended after a while.
    """
    handle = posix.pidfd_open(child)
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    poll.register(STDOUT, 0)
    lost = any(fd == STDOUT for fd, _ in poll.poll())
    poll.unregister(STDOUT)
    if lost:
        for number in (_signal.SIGTERM, _signal.SIGKILL):
            if poll.poll(GRACE * 1000):
                break
            posix.kill(child, number)
    poll.poll()
    posix.close(handle)
    return lost


def _bytes_written() -> int | None:
    """What the gate and its ended children wrote, by the kernel's count.

    Only root may read an ended child's own count; what it wrote is nearly all to the client.
    """
    try:
        fd = posix.open("/proc/self/io", posix.O_RDONLY)
        words = posix.read(fd, 4096).split()
        posix.close(fd)
    except OSError:
        return None
    return int(words[words.index(b"wchar:") + 1])
