# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""What stands on the server while it is attacked: a directory to serve, and what lies around it."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from e2e.confine import worlds
from e2e.confine.worlds import NAME, canary, program
from e2e.trees import snapshot

FLIPPER = Path(worlds.__file__).with_name("flip.py")
SHELL = "/bin/sh"
"""The account's shell, which sshd has run the forced command."""


class World:
    """A server below `directory`: `root` may be pulled, and nothing else be read or changed.

    `root` has symlinks that lead out and files that are none; `outside` and the neighbour whose
    name begins like the root's are full of canaries. `home` is the account's, with what belongs to
    the gate. The attacker's own machine is `here`.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.root = directory / "srv" / "data"
        self.neighbour = directory / "srv" / "data-secret"
        self.outside = directory / "outside"
        self.home = directory / "home"
        self.here = directory / "here"
        self.mark = directory / "ran"
        self.run = directory / "bin" / "run"

    def build(self) -> World:
        """Makes all of it."""
        kept = [self.root, self.root / "sub", self.root / "middle" / "leaf"]
        secret = [self.neighbour, self.outside, self.outside / "leaf", self.home / "private"]
        for folder in (*kept, *secret, self.here, self.run.parent):
            folder.mkdir(parents=True, exist_ok=True)
        for folder in kept:
            (folder / "kept").write_text("what may be read")
        for folder in secret:
            canary(folder / "file")
            canary(folder / NAME)
        (self.here / "copy").mkdir()
        (self.here / "payload").write_text("what the attacker brings")
        (self.here / "list").write_text("to-directory/file\nmiddle/leaf/file\nleaf/file\nkept\n")
        for name in ("run", "rsync"):
            program(self.run.parent / name, f"#!/bin/sh\n: >{self.mark}\n")
        self._traps()
        return self

    def _traps(self) -> None:
        """What somebody with an account on the server could have left below the root."""
        (self.root / "to-file").symlink_to("../../outside/file")
        (self.root / "to-directory").symlink_to("../../outside")
        (self.root / "to-everything").symlink_to("/proc/self/root")
        (self.root / "to-maybe").symlink_to(self.outside / "maybe")
        (self.root / "to-rules").symlink_to(self.outside / "rules")
        (self.root.parent / "above").symlink_to(self.outside / "rules")
        os.mkfifo(self.root / "fifo")
        conf = f"use chroot = no\n[m]\npath = {self.outside}\nread only = no\nuid = 0\ngid = 0\n"
        (self.root / "rsyncd.conf").write_text(f"{conf}pre-xfer exec = {self.run}\n")
        (self.home / ".popt").write_text(f"rsync exec --evil {self.run}\n")
        for n in range(4):
            (self.root / "sub" / f"loop{n}").symlink_to(".")

    def fill(self, text: str) -> str:
        """`text` with this world's names in their places."""
        for name in ("root", "outside", "home", "here", "run"):
            text = text.replace(f"<{name}>", str(getattr(self, name)))
        return text

    def ssh(self, forced: str, command: str | None, locale: str = "C.UTF-8") -> Path:
        """A program that is to a client what `ssh` to this server would be.

        It runs the `forced` command as sshd does, for the command that the client asks for, or
        whatever that is, for `command`. A client may choose the `locale`, as Debian's sshd lets it.
        """
        asked = '"$*"' if command is None else shlex.quote(command)
        variables = {
            "HOME": str(self.home),
            "USER": "root",
            "LOGNAME": "root",
            "SHELL": SHELL,
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "SSH_CLIENT": "127.0.0.1 50000 22",
            "SSH_CONNECTION": "127.0.0.1 50000 127.0.0.1 22",
            "LC_ALL": self.fill(locale),
        }
        words = " ".join(f"{name}={shlex.quote(value)}" for name, value in variables.items())
        original = "" if command == "" else f"SSH_ORIGINAL_COMMAND={asked}"
        lines = (
            "#!/bin/sh",
            'while [ "$1" != server ]; do shift; done; shift',
            f"cd {self.home} || exit",
            f"exec env -i {words} {original} {SHELL} -c {shlex.quote(forced)}",
        )
        return program(self.directory / "ssh", "\n".join(lines) + "\n")

    def everything(self) -> dict[bytes, object]:
        """All there is on the server, but for what is the gate's or made by it."""
        return {
            name: entry
            for name, entry in snapshot(self.directory, attributes=False).items()
            if name.split(b"/")[0] not in (b"home", b"here", b"ssh", b"ran")
        }

    @contextmanager
    def flipping(self) -> Iterator[None]:
        """Two directories below the root are now themselves, now symlinks to outside."""
        (self.root / ".middle").symlink_to(self.outside)
        (self.root / "last").mkdir()
        (self.root / "last" / "kept").write_text("what may be read")
        (self.root / ".last").symlink_to(self.outside / "leaf")
        pairs = [self.root / name for name in ("middle", ".middle", "last", ".last")]
        flipper = subprocess.Popen([sys.executable, FLIPPER, *pairs])
        try:
            yield
        finally:
            flipper.terminate()
            flipper.wait()
