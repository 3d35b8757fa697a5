# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""One door: `--client NAME` leads to the gate, every other first word to the admin commands."""

from __future__ import annotations

import gc
import posix
import sys

from rsyncgate.policy.load import CONFIG

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def main(arguments: list[str]) -> int:
    """Runs the program with `arguments` (without its own name); returns the exit status."""
    config, rest = _config(arguments)
    return _gate(config, rest) if is_session(arguments) else _admin(config, rest)


def run(arguments: list[str]) -> NoReturn:
    """main(), and the end of the process."""
    if is_session(arguments):
        posix._exit(main(arguments))  # to flush nothing takes 0.15 of a bare interpreter
    gc.enable()  # the launcher does without
    sys.exit(main(arguments))


def is_session(arguments: list[str]) -> bool:
    """Whether `arguments` are those of a key's line, and not of an administrator's command."""
    rest = _config(arguments)[1]
    return bool(rest) and rest[0].partition("=")[0] in ("--client", "--learn")


def _admin(config: str, rest: list[str]) -> int:
    try:
        from rsyncgate.admin.cli import admin  # click and all that: never between sshd and rsync

        return admin(config, rest)
    except ModuleNotFoundError as missing:
        return _incomplete(missing.name or "")


def _incomplete(missing: str) -> int:
    """Says what a person lacks whose machine has the gate, and not all of the admin half."""
    name = missing.partition(".")[0]
    if name == __package__:
        lacks = "is the gate alone; its other commands come with the Debian package and with pip"
    else:
        lacks = f"needs {name} for this: apt-get install python3-{name}, or pip install {name}"
    sys.stderr.write(f"rsyncgate: this {lacks}\n")
    return 1


def _config(arguments: list[str]) -> tuple[str, list[str]]:
    """The configuration directory, and the arguments that are left."""
    first = arguments[0] if arguments else ""
    if first == "--config" and len(arguments) > 1:
        return arguments[1], arguments[2:]
    if first.startswith("--config="):
        return first.partition("=")[2], arguments[1:]
    return CONFIG, arguments


def _gate(config: str, rest: list[str]) -> int:
    from rsyncgate.gate import CAPTURE, RUN, serve

    _open_streams()
    learning = {"--learn": CAPTURE, "--learn=run": RUN}.get(rest[0], "")
    words = [word for argument in rest[bool(learning) :] for word in argument.split("=", 1)]
    well_formed = len(words) == 2 and words[0] == "--client"
    name = words[1] if well_formed else " ".join(rest)  # which no client is called
    try:
        return serve(config, name, learning, _environment())
    except KeyboardInterrupt:
        return 130


def _environment() -> dict[str, str]:
    return {
        name.decode("utf-8", "surrogateescape"): value.decode("utf-8", "surrogateescape")
        for name, value in posix.environ.items()
    }


def _open_streams() -> None:
    """Opens stdin, stdout and stderr where they are closed: no file of the gate's may lie there."""
    fd = posix.open("/dev/null", posix.O_RDWR)
    while fd < 3:
        posix.set_inheritable(fd, True)
        fd = posix.open("/dev/null", posix.O_RDWR)
    posix.close(fd)


if __name__ == "__main__":
    run(sys.argv[1:])
