# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The same job twice: once through the gate, once without it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from e2e.sites import Run, Site


def locally(site: Site, *arguments: str | Path, stdin: bytes = b"") -> str:
    """Runs rsync with `arguments` on local paths; what it prints."""
    done = subprocess.run(
        ["rsync", *arguments],
        check=True,
        cwd=site.here,
        env=site.environ,
        input=stdin,
        capture_output=True,
    )
    return done.stdout.decode("utf-8", "surrogateescape")


def remote(paths: Sequence[str | Path]) -> list[str]:
    """`paths` as a client names them on the server."""
    return [f"server:{paths[0]}", *(f":{path}" for path in paths[1:])]


def both(
    site: Site,
    options: Sequence[str | Path],
    paths: Sequence[str | Path],
    before: Callable[[Path], None] | None = None,
    stdin: bytes = b"",
) -> tuple[Path, Path]:
    """Pulls `paths`, and copies them locally; the two destinations, which `before` may fill."""
    pulled, copied = site.here / "pulled", site.here / "copied"
    for destination in (pulled, copied):
        destination.mkdir()
        if before:
            before(destination)
    site.pull(*options, *remote(paths), pulled, stdin=stdin)
    locally(site, *options, *paths, copied, stdin=stdin)
    return pulled, copied


def ungated(site: Site, *arguments: str | Path, stdin: bytes = b"") -> Run:
    """Runs the client's rsync over ssh where the remote shell itself runs what the client asks."""
    site.authorize_command(r"sh -c \"$SSH_ORIGINAL_COMMAND\"")
    run = site.rsync(*arguments, stdin=stdin)
    site.authorize()
    return run
