# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""File systems that are soon full, where nobody but the gate sees them."""

from __future__ import annotations

import subprocess
from pathlib import Path

_MOUNT = 'mount -t tmpfs -o "$1,mode=755" tmpfs "$2" && echo ready && exec cat'


class Disk:
    """A tmpfs with `options` on `directory`, seen by commands that begin with the words `inside`.

    From everywhere else, its files lie below `here`.
    """

    def __init__(self, directory: Path, options: str) -> None:
        directory.mkdir(exist_ok=True)
        own = ["unshare", "--mount", "--propagation", "private"]
        self._keeper = subprocess.Popen(
            [*own, "sh", "-c", _MOUNT, "sh", options, directory],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._keeper.stdout
        assert self._keeper.stdout.readline() == b"ready\n"
        self.inside = ["nsenter", f"--mount=/proc/{self._keeper.pid}/ns/mnt", "--"]
        self.here = Path(f"/proc/{self._keeper.pid}/root{directory}")
        self._filler = self.here / "filler"

    def fill(self) -> None:
        """Takes every block and leaves what is free in the last one of each file."""
        with self._filler.open("ab", buffering=0) as filler:
            try:
                while True:
                    filler.write(bytes(4096))
            except OSError:
                pass

    def clear(self) -> None:
        """Makes room again."""
        self._filler.unlink()

    def stop(self) -> None:
        """Ends it."""
        self._keeper.communicate()
