# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Roots of every kind: files, symlinks, mounts, what holds rsync itself; and their names."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.confine.worlds import World, emptied
from e2e.sites import Run
from e2e.trees import LONG_AGO, snapshot

OTHER = 12_345
"""A uid that is neither root's nor the gate's."""


@pytest.fixture
def deep(world: World) -> World:
    """The root lies below directories of other owners, modes and times; symlinks lead there."""
    above = world.site.directory / "above"
    root = above / "one" / "two" / "root"
    (root / "sub").mkdir(parents=True)
    (root / "sub" / "kept").write_text("what may be read")
    (above / "way").symlink_to("one/two")
    (above / "straight").symlink_to(root)
    os.setxattr(above / "one", "user.origin", b"known")
    for n, (path, mode) in enumerate(
        ((above / "way", 0), (above / "straight", 0), (root / "sub", 0o700), (root, 0o1777),
         (above / "one/two", 0o2751), (above / "one", 0o711), (above, 0o750))):  # fmt: skip
        if not path.is_symlink():
            os.chown(path, OTHER + n, OTHER - n)
            path.chmod(mode)
        os.utime(path, (LONG_AGO + n, LONG_AGO + n), follow_symlinks=False)
    world.allow(root)
    return world


@pytest.mark.parametrize("options", ["-aR", "-aRX", "-aR --no-implied-dirs", "-aRk"])
@pytest.mark.parametrize("path", ["./one/two/root/sub/", "./one/two/root", "one/two/./root/sub",
                                  "./way/root/sub/", "./straight/sub/kept", "./straight/",
                                  "way/root/./sub"])  # fmt: skip
def test_relative_names(deep: World, options: str, path: str) -> None:
    """`-R` brings directories and symlinks above the root as they are: mode, owner, times."""
    deep.site.allow(deep.site.directory / "above/one/two/root",
                    options=["-rlptgoDRLkXd", "--no-implied-dirs"])  # fmt: skip
    source = f"server:{deep.site.directory}/above/{path}"
    copies = []
    for name, pull in (("plain", deep.plain), ("gate", deep.gate)):
        copy = emptied(deep.site.here / name)
        run = pull(*options.split(), source, copy)
        assert run.status == 0, run
        copies.append(snapshot(copy, times="--no-implied-dirs" not in options))
    assert copies[0] == copies[1]
    assert any(name.endswith(b"kept") for name in copies[0])


def test_a_symlink_as_root(deep: World) -> None:
    """A root that is a symlink of root's own is where it leads, by either name."""
    above = deep.site.directory / "above"
    deep.allow(above / "straight")
    for path in (f"{above}/straight/", f"{above}/one/two/root/", f"{above}/way/root/"):
        assert deep.gate("-a", f"server:{path}", emptied(deep.site.here / "copy")).status == 0
        assert (deep.site.here / "copy/sub/kept").exists()


@pytest.mark.parametrize("root", ["straight", "way/root", "way/root/sub"])
def test_a_symlink_of_another(deep: World, root: str) -> None:
    """A root behind a symlink that another account owns is refused: that account could move it."""
    above = deep.site.directory / "above"
    link = above / root.partition("/")[0]
    deep.allow(above / root)
    assert deep.gate("-a", f"server:{above}/{root}/", deep.site.here).status == 0
    os.lchown(link, OTHER, OTHER)
    run = deep.serve("rsync", "--server", "--sender", "-r", ".", f"{above}/{root}/")
    assert run.status == 78
    refusal = deep.site.refusal(run)
    assert refusal["reason"] == "confinement"
    assert str(link) in refusal["detail"]
    assert str(OTHER) in refusal["detail"]
    assert "symlink" not in run.err


def test_a_file_as_root(world: World) -> None:
    """A root may be a single file: it arrives, and nothing beside it."""
    world.allow(world.inside / "kept")
    world.gate("-rtR", f"server:{world.inside}/./kept", world.site.here)
    assert [p.name for p in world.site.here.rglob("*") if p.is_file()] == ["kept"]
    run = world.gate("-rt", f"server:{world.inside}/", world.site.here)
    assert run.sentence["code"] == "path"


def test_a_root_that_holds_rsync(world: World) -> None:
    """A root like /usr, with rsync and its libraries in it, is one like any other."""
    program = Path("/usr/bin/rsync")
    for root in ("/usr", "/usr/bin", "/usr/lib", "/"):
        world.allow(root)
        copy = emptied(world.site.here / "copy")
        source = program if root != "/usr/lib" else Path("/usr/lib/os-release")
        assert world.gate("-a", f"server:{source}", copy).status == 0
        assert (copy / source.name).read_bytes() == source.read_bytes()


def test_a_missing_root(world: World) -> None:
    """A root that is not there, or not any more, is what a missing directory is to rsync."""
    for root in ("none", "none/none", "kept/none", "loop/none"):
        (world.inside / "loop").unlink(missing_ok=True)
        (world.inside / "loop").symlink_to("loop")
        world.allow(world.inside / root)
        run = world.gate("-a", f"server:{world.inside}/{root}/", world.site.here)
        assert run.status == 23
        assert "failed" in run.err


@pytest.mark.parametrize(
    "name", ["loop", "loop/", "loop/more", "x" * 300, "x/" * 3000, "kept/more"]
)
def test_a_name_that_leads_nowhere(world: World, name: str) -> None:
    """A path that ends in a loop or is too long is rsync's to complain of, or to send as it is."""
    (world.inside / "loop").symlink_to("loop")
    runs: list[Run] = []
    for pull in (world.plain, world.gate):
        copy = emptied(world.site.here / "copy")
        runs.append(pull("-a", f"server:{world.inside}/{name}", copy))
        assert (copy / "loop").is_symlink() == (name == "loop")
    assert (runs[0].status == 0) == (runs[1].status == 0)  # which of two errors comes first varies


def test_thousands_of_names(world: World) -> None:
    """A wildcard may stand for more names than a process may have files open."""
    for n in range(600):
        (world.inside / "deep" / f"file{n}").touch()
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, limits[1]))
    try:
        run = world.gate("-a", f"server:{world.inside}/deep/file*", world.site.here)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert run.status == 0, run
    assert len(list(world.site.here.iterdir())) == 600


@pytest.fixture
def mounted(world: World) -> Iterator[World]:
    """Below the root another file system is mounted."""
    place = world.inside / "mounted"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "none", place], check=True)
    (place / "kept").write_text("what may be read")
    yield world
    subprocess.run(["umount", place], check=True)


@pytest.mark.parametrize("options", ["-a", "-ax"])
def test_another_file_system(mounted: World, options: str) -> None:
    """What is mounted below a root is part of it, and -x leaves it out as without a gate."""
    mounted.site.allow(mounted.inside)
    copies = []
    for name, pull in (("plain", mounted.plain), ("gate", mounted.gate)):
        pull(options, f"server:{mounted.inside}/", emptied(mounted.site.here / name))
        copies.append(snapshot(mounted.site.here / name, times=False))
    assert copies[0] == copies[1]
    assert (b"mounted/kept" in copies[0]) == (options == "-a")


def test_no_mount_is_left(mounted: World) -> None:
    """What the gate mounts for rsync is seen by rsync alone."""
    before = Path("/proc/self/mountinfo").read_text()
    mounted.allow(mounted.inside, more=f'hide = ["{mounted.inside}/deep"]')
    assert mounted.gate("-a", f"server:{mounted.inside}/", mounted.site.here).status == 0
    assert Path("/proc/self/mountinfo").read_text() == before
    assert (mounted.inside / "deep/kept").exists()
