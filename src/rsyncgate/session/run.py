"""Runs rsync: fork, a clean environment, exec, and the wait for its end.

The gate stays behind as the parent, passes signals on, and watches the connection.
"""

from __future__ import annotations

import _signal  # signal itself imports enum, half a bare interpreter's start
import os
import select
import time

from rsyncgate.refusal import Refusal

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
"""All that rsync gets of an environment. No HOME: popt would read a .popt there."""

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


def run(program: str, argv: list[str], directory: str) -> Ending:
    """Runs `program` with `argv` in `directory` on the gate's own stdin, stdout and stderr.

    Raises Refusal `configuration` if it cannot be started.
    """
    begun = time.monotonic()
    broken, report = os.pipe()  # close-on-exec: it says nothing once rsync runs
    _signal.pthread_sigmask(_signal.SIG_BLOCK, _PASSED_ON)
    child = os.fork()
    if child == 0:
        _become(program, argv, directory, report)
    os.close(report)
    for number in _PASSED_ON:
        _signal.signal(number, lambda number, _: os.kill(child, number))
    _signal.pthread_sigmask(_signal.SIG_UNBLOCK, _PASSED_ON)
    with open(broken, "rb") as pipe:
        failure = pipe.read().decode("utf-8", "surrogateescape")
    lost = _wait(child)
    sent = _bytes_written(child)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if failure:
        raise Refusal(
            "configuration",
            "",
            "the server could not start rsync; its administrator finds the reason in the journal",
            detail=failure,
        )
    return Ending(code, lost, round(time.monotonic() - begun, 6), sent)


def _become(program: str, argv: list[str], directory: str, report: int) -> None:
    """In the child: becomes rsync, or reports why not. Never returns."""
    try:
        for number in _PASSED_ON + _IGNORED_BY_PYTHON:
            _signal.signal(number, _signal.SIG_DFL)
        _signal.pthread_sigmask(_signal.SIG_UNBLOCK, _PASSED_ON)
        os.chdir(directory)
        os.execve(program, argv, ENVIRONMENT)  # noqa: S606  (never through a shell)
    except OSError as error:
        what = f"{program}: {error.strerror}"
        os.write(report, what.encode("utf-8", "surrogateescape"))
    finally:
        os._exit(127)


def _wait(child: int) -> bool:
    """Waits for `child` to end, without reaping it. Whether the connection died first.

    sshd closes its end of stdout when the connection is gone; rsync notices at its next read or
    write. One that does not (it waits for a disk, or is stopped) is ended after a while.
    """
    handle = os.pidfd_open(child)
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    poll.register(STDOUT, 0)
    lost = any(fd == STDOUT for fd, _ in poll.poll())
    poll.unregister(STDOUT)
    if lost:
        for number in (_signal.SIGTERM, _signal.SIGKILL):
            if poll.poll(GRACE * 1000):
                break
            os.kill(child, number)
    poll.poll()
    os.close(handle)
    return lost


def _bytes_written(child: int) -> int | None:
    """What the ended `child` wrote, from the kernel's count; its stdout is all but the whole."""
    try:
        with open(f"/proc/{child}/io", "rb") as stream:
            for line in stream:
                if line.startswith(b"wchar:"):
                    return int(line[6:])
    except OSError:
        pass
    return None
