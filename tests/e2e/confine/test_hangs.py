# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""A FIFO, a socket or a device: nothing waits for one, wherever it is met.

A command of the client that takes longer than PATIENCE fails the test.
"""

from __future__ import annotations

import os
import shutil
import socket
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.confine.raw import hello
from e2e.confine.worlds import World
from e2e.servers import PATIENCE, Server
from e2e.sites import Site

SPECIAL = ["fifo", "socket", "zero", "tty"]


class Left:
    """A session whose rsync waits for a FIFO, and whose client has gone: the `client`'s process."""

    def __init__(self, world: World) -> None:
        self.world = world
        fifo = world.inside / "fifo"
        os.mkfifo(fifo)
        asked = ["rsync", "--server", "--sender", "-r", ".", str(world.inside)]
        command = [str(world.gated), "server", *asked]
        self.client = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.client.stdin
        assert self.client.stdout
        self.client.stdin.write(hello([f". {fifo}"]))
        self.client.stdin.close()
        assert len(self.client.stdout.read(8)) == 8  # the version and the seed: rules are next
        gate = world.site.journal()[0]["pid"]
        (rsync,) = Path(f"/proc/{gate}/task/{gate}/children").read_text().split()
        self.rsync = int(rsync)
        self.client.stdout.close()


@pytest.fixture(scope="module", autouse=True)
def left(server: Server, place: Path) -> Iterator[Left]:
    """Such a session, left when the first test begins; it takes rsync's ten seconds to end."""
    directory = place / "left"
    directory.mkdir()
    left = Left(World(Site(server, directory)))
    yield left
    left.client.kill()
    left.client.wait()
    shutil.rmtree(directory)


@pytest.fixture
def special(world: World) -> World:
    """A root with a FIFO, a socket and two devices, and symlinks to them."""
    inside = world.inside
    os.mkfifo(inside / "fifo")
    with socket.socket(socket.AF_UNIX) as listener:
        here = os.open(inside, os.O_PATH)
        listener.bind(f"/proc/self/fd/{here}/socket")
        os.close(here)
    os.mknod(inside / "zero", stat.S_IFCHR | 0o600, os.makedev(1, 5))
    os.mknod(inside / "tty", stat.S_IFCHR | 0o600, os.makedev(5, 0))
    for name in SPECIAL:
        (inside / f"to-{name}").symlink_to(name)
    world.site.allow(inside, options=["-rlptgoDRL", "--copy-devices", "--files-from=*"])
    return world


@pytest.mark.parametrize("options", ["-rt", "-a", "-rtL", "-aL", "-a --copy-devices"])
def test_met_on_the_way(special: World, options: str) -> None:
    """A pull passes them by, or describes them, and brings the files around them."""
    copy = special.site.here / "copy"
    special.site.rsync(*options.split(), "--exclude=zero", f"server:{special.inside}/", copy)
    assert (copy / "deep/deeper/kept").read_text() == "what may be read"
    assert stat.S_ISFIFO((copy / "fifo").stat().st_mode) if "a" in options else True


def test_a_device_is_read_where_that_is_meant(special: World) -> None:
    """With --copy-devices a device arrives as a file with what can be read from it."""
    null = special.inside / "null"
    os.mknod(null, stat.S_IFCHR | 0o600, os.makedev(1, 3))
    run = special.gate("--copy-devices", f"server:{null}", special.site.here)
    assert (run.status, run.err) == (0, "")
    assert stat.S_ISREG((special.site.here / "null").stat().st_mode)


@pytest.mark.parametrize("options", ["-rt", "-a", "-rtL"])
@pytest.mark.parametrize("name", [*SPECIAL, "to-fifo", "to-zero", "fifo/", "fif*"])
def test_as_a_source(special: World, name: str, options: str) -> None:
    """Named as a source they end the pull at once, with them described or without."""
    special.gate(options, f"server:{special.inside}/{name}", special.site.here)
    assert [r["event"] for r in special.site.journal()] == ["allowed", "finished"]


@pytest.mark.parametrize("name", [*SPECIAL, "to-fifo", "deep"])
def test_as_a_list(special: World, name: str) -> None:
    """Named as the list of files they are refused; without a gate rsync waits for the FIFO."""
    argv = ["-rt", f"--files-from=:{special.inside}/{name}", f"server:{special.inside}/"]
    if name == "fifo":
        with pytest.raises(subprocess.TimeoutExpired):
            subprocess.run(
                ["rsync", "--server", "--sender", "-r", "--files-from", special.inside / name, ".",
                 special.inside], input=hello([]), capture_output=True, timeout=1, check=False,
            )  # fmt: skip
    run = special.gate(*argv, special.site.here)
    assert special.site.refusal(run)["reason"] == "not-a-file"


def test_rules_in_a_fifo(left: Left) -> None:
    """A client that makes rsync wait for a FIFO, by a rule in band, is rid of it when it leaves."""
    assert left.client.wait(PATIENCE) != 0
    finished = left.world.site.journal()[1]
    assert finished["connection"] == "lost"
    assert finished["seconds"] < 15
    assert not Path(f"/proc/{left.rsync}").exists()
