# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""A second opinion on the argv that rsync is about to get: popt's reading, and a short list.

It knows neither the gate's table of options nor its parser, roots or wildcards.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from fnmatch import fnmatchcase

from unit import popt

HARMFUL = {
    "--log-file",
    "--log-file-format",
    "--remove-source-files",
    "--remove-sent-files",
    "--write-batch",
    "--only-write-batch",
    "--write-devices",
    "--daemon",
    "--config",
    "--dparam",
    "--copy-as",
    "--filter",
}
"""What writes, deletes or executes on the side of a sender, or reads what it cannot name."""

READ = {
    "--files-from",
    "--exclude-from",
    "--include-from",
    "--password-file",
    "--read-batch",
    "--early-input",
}
FOLLOW = {"--copy-links", "--copy-dirlinks", "--copy-unsafe-links"}


def harmless(argv: Sequence[str], roots: Sequence[str], home: str) -> None:
    """Fails where rsync, started as `argv` in `home`, is no sender of what is below `roots`."""
    assert list(argv[:3]) == ["rsync", "--server", "--sender"], argv
    read = popt.read(argv[1:])
    assert read is not None, argv
    options, (dot, *paths) = read
    assert dot == "."
    names = {name for name, _ in options}
    assert not names & HARMFUL, argv
    follow = bool(names & FOLLOW)
    for path in paths or [""]:
        assert _below(_real(path, home, follow), roots), (path, argv)
    for name, value in options:
        if name in READ and value != "-":
            assert _below(_real(value or "", home, follow=True), roots), argv


def _real(path: str, home: str, follow: bool) -> str:
    """What rsync opens for `path`: the symlink itself, unless it follows or goes into it."""
    parent, last = os.path.split(os.path.join(home, path))
    if follow or last in ("", "."):
        return os.path.realpath(os.path.join(parent, last))
    return os.path.join(os.path.realpath(parent), last)


def _below(real: str, roots: Sequence[str]) -> bool:
    """Whether `real` is one of `roots` or lies below one, on either side of a root's symlinks."""
    return any(_fits(real, root) or _fits(real, os.path.realpath(root)) for root in roots)


def _fits(real: str, root: str) -> bool:
    parts, names = root.rstrip("/").split("/"), real.rstrip("/").split("/")
    return len(names) >= len(parts) and all(map(fnmatchcase, names, parts))
