# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Paths that change between the check and the use: the kernel holds what no check can."""

from __future__ import annotations

import errno
import itertools
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from e2e.confine.worlds import World, emptied, leaks
from e2e.sites import Run
from rsyncgate.session.confine import confine
from rsyncgate.session.layout import Layout
from rsyncgate.session.needs import needs
from rsyncgate.session.plan import Plan

PULLS = 500
FLIPPER = Path(__file__).with_name("flip.py")


@pytest.fixture
def flipping(world: World) -> Iterator[World]:
    """Two processes swap `middle`, `last` and `file` for symlinks to outside, again and again."""
    inside, outside = world.inside, world.outside
    for name in ("middle/leaf", "last"):
        (inside / name).mkdir(parents=True)
        (inside / name / "kept").write_text("what may be read")
    (inside / "file").write_text("what may be read")
    targets = {"middle": outside, "last": outside / "leaf", "file": outside / "file"}
    for name, target in targets.items():
        (inside / f".{name}").symlink_to(target)
    swaps = [[inside / "middle", inside / ".middle"],
             [inside / name for name in ("last", ".last", "file", ".file")]]  # fmt: skip
    flippers = [subprocess.Popen([sys.executable, FLIPPER, *swap]) for swap in swaps]
    yield world
    for flipper in flippers:
        assert flipper.poll() is None
        flipper.terminate()
        flipper.wait()


LIST = "middle/leaf/file\nlast/file\nfile\nlast/kept\n"

ASKED = [
    ("-rt", "/middle/leaf/"),
    ("-rtL", "/last/"),
    ("-rtL", "/file"),
    ("-rtk", "/middle/leaf"),
    ("-rtk", "/last"),
    ("-rt --copy-unsafe-links", "/last"),
    ("-rt --copy-unsafe-links", "/file"),
    ("-rtR", "/./middle/leaf/"),
    ("-rt -s", "/mid*/leaf/*"),
    ("-rt", "/*/c*"),
    ("-rtL --files-from=-", "/"),
    ("-rtL --list-only", "/last/"),
]
"""Options and paths below the root; where the list comes from the client, it is LIST."""


def pulls(world: World, pull: Callable[..., Run], number: int) -> Iterator[tuple[bool, set[str]]]:
    """Of so many pulls, two at a time: whether something arrived, and what leaked."""

    def one(n: int) -> tuple[bool, set[str]]:
        options, path = ASKED[n % len(ASKED)]
        copy = emptied(world.site.here / str(n))
        asked = [*options.split(), f"server:{world.inside}{path}"]
        run = pull(*asked, copy, stdin=LIST.encode())
        return "kept" in run.out or any(copy.rglob("kept")), leaks(run, copy)

    with ThreadPoolExecutor(2) as clients:
        yield from clients.map(one, range(number))


def test_flippers(flipping: World) -> None:
    """In 500 pulls of paths that lead out half of the time, nothing from outside arrives."""
    results = list(pulls(flipping, flipping.gate, PULLS))
    assert [leaked for _, leaked in results if leaked] == []
    arrived = sum(kept for kept, _ in results)
    assert PULLS / 10 < arrived < PULLS


def test_flippers_without_a_gate(flipping: World) -> None:
    """An rsync without a gate follows where the paths lead."""
    assert any(leaked for _, leaked in pulls(flipping, flipping.plain, 50))


def test_flippers_without_confinement(flipping: World) -> None:
    """With the confinement off the gate's check alone loses the race: this is what it is for."""
    flipping.site.settings('confine = "off"\n')
    batches = (pulls(flipping, flipping.gate, 50) for _ in itertools.repeat(None, 5))
    assert any(leaked for batch in batches for _, leaked in batch)


def test_a_symlink_since_it_was_found(world: World) -> None:
    """Where a root has become a symlink since it was found, the confinement fails: nothing runs."""
    layout = Layout(
        Plan(needs("/usr/bin/true", names=False, charsets=False), (str(world.inside),), "/")
    )
    world.inside.rename(world.site.directory / "before")
    world.inside.symlink_to(world.outside)
    child = os.fork()
    if child == 0:
        number = 0
        try:
            confine(layout)
        except OSError as error:
            number = error.errno or 0
        finally:
            os._exit(number)
    layout.close()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == errno.ELOOP
