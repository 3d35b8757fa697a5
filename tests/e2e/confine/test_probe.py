# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""What a program can do in rsync's place: whatever rsync is tricked into, it can do no more."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.confine.handles import handle
from e2e.confine.worlds import SECRET, World, canary, program
from e2e.sites import GATE, Run

PROBE = Path(__file__).with_name("probe.sh")
HANDLES = Path(__file__).with_name("handles.py")
NO_LANDLOCK = Path(__file__).with_name("no_landlock.py")
WRITABLE = ("/tmp", "/var/tmp", "/dev/shm", "/run", "/", "/root")
READS = {"read-inside"}
LOOKS_AROUND = {"read-outside", "see-outside", "list-outside"}
UNSCOPED = {"signal", "signal-parent"}


@pytest.fixture
def probed(world: World) -> Iterator[World]:
    """A world with what the probe tries to use; its gate runs the probe in place of rsync."""
    program(world.site.directory / "probe", PROBE.read_text())
    shutil.copy("/usr/bin/true", world.inside / "program")
    (library,) = Path("/usr/lib").glob(f"{os.uname().machine}-*/libc.so.6")  # a program as well
    (world.inside / "library").write_text(f"{library}\n")
    (world.inside / "process").write_text(f"{os.getpid()}\n")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        (world.inside / "port").write_text(f"{listener.getsockname()[1]}\n")
        settle(world, "")
        yield world


def settle(world: World, settings: str) -> None:
    """Writes gate.toml: the probe as rsync, and `settings`."""
    world.site.settings(f'rsync = "{world.site.directory}/probe"\n{settings}')


def managed(run: Run) -> set[str]:
    """What the probe managed to do; the gate must have written down that it ran."""
    assert run.status == 0, run
    return set(run.out.split())


def test_unconfined(probed: World) -> None:
    """Started by root without a gate, the probe manages everything it tries."""
    probe = probed.site.directory / "probe"
    run = probed.site.run(probe)
    for place in (*WRITABLE, probe.parent):
        Path(place, "rsyncgate-probed").unlink()
    probed.site.journal_file.unlink()
    tried = [line for line in PROBE.read_text().splitlines() if line.strip().startswith("try ")]
    probed.site.journal_file.unlink(missing_ok=True)  # into which it wrote, too
    assert len(managed(run)) == len(tried) + len(WRITABLE), run


COMMAND = ("rsync", "--server", "--sender", "-r", ".")


@pytest.mark.parametrize("user", ["", 'user = "backup"\n'])
def test_confined(probed: World, user: str) -> None:
    """Confined, it reads what is in its root; it sees, writes, runs and reaches nothing else."""
    settle(probed, user)
    assert managed(probed.serve(*COMMAND, probed.inside)) == READS
    held = probed.site.journal()[0]["confinement"]
    assert held["mounts"] == "narrow"
    assert held["landlock"]["abi"] >= 6, "this kernel's Landlock is too old for this test"
    rights = {"fs": 0xFFFF, "net": 0b11, "scoped": 0b11}  # all that there are, by landlock(7)
    assert held["landlock"] == {"abi": held["landlock"]["abi"], **rights}


@pytest.mark.parametrize("user", ["", 'user = "backup"\n'])
def test_with_the_whole_system_as_root(probed: World, user: str) -> None:
    """Where the client may read all of /, it still writes, runs and reaches nothing."""
    probed.site.allow("/", more=user)
    assert managed(probed.serve(*COMMAND, probed.inside)) == READS | LOOKS_AROUND
    assert probed.site.journal()[0]["confinement"]["mounts"] == "own"


def test_without_landlock(probed: World) -> None:
    """Where the kernel has no Landlock, the mounts still hold what is read, written and run.

    But for a library that rsync itself needs, where that can be run: it can do no more than rsync.
    """
    settle(probed, 'confine = "prefer"\n')
    argv = [str(GATE), "--config", str(probed.site.config), "--client", "nas01"]
    probed.site.environ["SSH_ORIGINAL_COMMAND"] = " ".join([*COMMAND, str(probed.inside)])
    run = probed.site.run(sys.executable, NO_LANDLOCK, *argv)
    assert managed(run) == READS | UNSCOPED | {"run-library"}
    held = probed.site.journal()[0]["confinement"]
    assert "landlock" not in held


@pytest.mark.parametrize("user", ["", 'user = "backup"\n'])
@pytest.mark.parametrize("roots", ["its own", "the whole system"])
def test_files_by_handle(world: World, user: str, roots: str) -> None:
    """No file can be opened by its number, which would go past all mounts, hidden places too."""
    site, script = world.site, program(world.site.directory / "handles", HANDLES.read_text())
    program(script, f"#!{os.path.realpath(sys.executable)} -IS\n{HANDLES.read_text()}")
    (world.inside / "private").mkdir()
    canary(world.inside / "private/file")
    for name, file in (
        ("hidden", world.inside / "private/file"),
        ("outside", world.outside / "file"),
    ):
        (world.inside / name).write_bytes(handle(file))
    assert site.run(script).out.split() == ["hidden", SECRET, "outside", SECRET]
    hidden = f'hide = ["{world.inside}/private"]\n{user}'
    read = [world.inside, sys.base_prefix, "/usr"] if roots == "its own" else ["/"]
    world.allow(*read, more=hidden)
    site.settings(f'rsync = "{script}"\n')
    run = world.serve(*COMMAND, world.inside)
    assert run.out.split() == ["hidden", "EPERM", "outside", "EPERM"], run
    assert "open_by_handle_at" in site.journal()[0]["confinement"]["denied"]
