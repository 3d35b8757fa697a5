# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""What a client may read, what it must never see, and what tells whether it did."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

from e2e.sites import GATE, Run, Site

SECRET = "canary-content"
NAME = "canary-name"
SIZE = 31_337
WHEN = 237_124_800  # noon of a day that is the same in every time zone of the client
MARKS = (SECRET, NAME, f"{SIZE:,}", str(SIZE), "1977/07/07")
"""What a canary looks like, in a listing or in a file."""

OPTIONS = ["-rlptgoDR", "-L", "-k", "--copy-unsafe-links", "--files-from=*", "--from0",
           "--list-only", "--backup-dir=*"]  # fmt: skip
"""What the rule allows: also what follows symlinks, which only a rule that names it does."""


class World:
    """Two directories: `inside`, the client's root, with symlinks to `outside`, full of canaries.

    `site` is the installation whose client they concern; `gated` and `ungated` are remote shells
    for that client, without sshd: the gate, and one that runs whatever it is asked for.
    """

    def __init__(self, site: Site) -> None:
        self.site = site
        self.inside = site.directory / "inside"
        self.outside = site.directory / "outside"
        for directory in (self.inside / "deep" / "deeper", self.outside / "leaf"):
            directory.mkdir(parents=True)
        for directory in (self.inside, self.inside / "deep", self.inside / "deep" / "deeper"):
            (directory / "kept").write_text("what may be read")
        for directory in (self.outside, self.outside / "leaf"):
            for name in ("file", NAME):
                canary(directory / name)
        self.gated = program(site.directory / "gated", _GATED.format(GATE, site.config))
        self.ungated = program(site.directory / "ungated", _UNGATED)
        (self.inside / "to-file").symlink_to("../outside/file")
        (self.inside / "to-directory").symlink_to("../outside")
        (self.inside / "absolute").symlink_to(self.outside)
        (self.inside / "deep" / "up").symlink_to("../../outside/leaf")
        self.allow(self.inside)

    def allow(self, *paths: Path | str, more: str = "") -> None:
        """Lets nas01 read `paths` with OPTIONS; `more` keys for its file."""
        self.site.allow(*paths, options=OPTIONS, more=more)

    def gate(self, *arguments: str | Path, stdin: bytes = b"") -> Run:
        """Runs the client's rsync with the gate as its remote shell: no sshd between them."""
        return self.site.run("rsync", "-e", self.gated, *arguments, stdin=stdin)

    def plain(self, *arguments: str | Path, stdin: bytes = b"") -> Run:
        """Runs the client's rsync against one that nothing holds back."""
        return self.site.run("rsync", "-e", self.ungated, *arguments, stdin=stdin)

    def serve(self, *command: str | Path, stdin: bytes = b"") -> Run:
        """Runs the gate as sshd would for a client that asks for `command`."""
        return self.site.run(self.gated, "server", shlex.join(map(str, command)), stdin=stdin)


_GATED = """\
#!/bin/sh
shift
SSH_ORIGINAL_COMMAND=$* SSH_CONNECTION='127.0.0.1 1 127.0.0.1 2' exec {} --config {} --client nas01
"""

_UNGATED = """\
#!/bin/sh
shift
exec sh -c "$*"
"""


def program(file: Path, script: str) -> Path:
    """`file`, a program that is this `script`."""
    file.write_bytes(os.fsencode(script))
    file.chmod(0o755)
    return file


def canary(file: Path) -> None:
    """Makes `file` one that must not be seen."""
    file.write_text(SECRET.ljust(SIZE))
    os.utime(file, (WHEN, WHEN))


def leaks(run: Run, copy: Path) -> set[str]:
    """The marks of a canary in what the client's rsync printed, and in what is now in `copy`."""
    found = {mark for mark in MARKS if mark in run.out or mark in run.err}
    for path in copy.rglob("*"):
        info = path.lstat()
        content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        found |= {mark for mark in MARKS if mark in path.name or mark.encode() in content}
        if path.is_symlink():
            continue
        found |= {str(SIZE)} if info.st_size == SIZE else set()
        found |= {"1977/07/07"} if info.st_mtime == WHEN else set()
    return found


def emptied(directory: Path) -> Path:
    """`directory`, new and empty."""
    if directory.exists():
        subprocess.run(["rm", "-rf", directory], check=True)
    directory.mkdir()
    return directory
