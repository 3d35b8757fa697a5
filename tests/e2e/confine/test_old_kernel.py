# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""A kernel without Landlock: what `confine` in gate.toml says then happens."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from e2e.confine.raw import ask
from e2e.confine.worlds import World, program
from e2e.sites import GATE, Run

NO_LANDLOCK = Path(__file__).with_name("no_landlock.py")
COMMAND = ("rsync", "--server", "--sender", "-r", ".")


@pytest.fixture
def old(world: World) -> World:
    """A world whose sshd starts the gate on such a kernel."""
    site = world.site
    gate = program(site.directory / "old", f"#!/bin/sh\nexec {sys.executable} {NO_LANDLOCK} "
                   f'{GATE} "$@"\n')  # fmt: skip
    site.authorize(gate=gate)
    return world


def check(world: World) -> Run:
    """What `rsyncgate check` says there."""
    return world.site.run(world.site.directory / "old", "--config", world.site.config, "check")


def test_require(old: World) -> None:
    """By default nothing runs; the administrator reads which line to change."""
    run = old.site.rsync("-r", f"server:{old.inside}/", old.site.here)
    refusal = old.site.refusal(run)
    assert refusal["reason"] == "confinement"
    assert 'confine = "prefer"' in refusal["detail"]
    assert "Landlock" not in run.err
    assert list(old.site.here.iterdir()) == []
    assert old.site.ssh(f"rsync --server --sender -r . {old.inside}/").status == 78
    checked = check(old)
    assert (checked.status, checked.out) == (78, "")
    assert 'confine = "prefer"' in checked.err
    assert check(old).err != old.site.admin("check").err


@pytest.mark.parametrize("confine", ["prefer", "off"])
def test_prefer_and_off(old: World, confine: str) -> None:
    """Where it is not required, a pull works; rsync is told to stay in the one root there is."""
    old.site.settings(f'confine = "{confine}"\n')
    assert check(old).status == 0
    old.site.allow(old.inside)
    old.site.pull("-rt", "-b", "--backup-dir=--", f"server:{old.inside}/", old.site.here)
    assert (old.site.here / "deep/deeper/kept").read_text() == "what may be read"
    allowed = old.site.journal()[0]
    assert "--backup-dir" in allowed["argv"]
    assert allowed["argv"][-4:] == [f"--confine-root={old.inside}", "--", ".", f"{old.inside}/"]
    assert "landlock" not in allowed["confinement"]
    assert allowed["confinement"]["mounts"] == ("narrow" if confine == "prefer" else "shared")
    assert allowed["confinement"]["capabilities"] == ["CAP_DAC_READ_SEARCH"]


def test_what_rsync_is_told_holds(world: World) -> None:
    """Told so, rsync reads no file of rules outside the root, where nothing else would keep it."""
    world.site.settings('confine = "off"\n')
    (world.outside / "rules").write_text("kept\n")
    (world.inside / "rules").symlink_to("../outside/rules")
    command = [*COMMAND, f"{world.inside}/"]
    assert "kept" in ask(command)
    assert "kept" not in ask(command, [":- rules"])
    assert "kept" in ask([str(world.gated), "server", *command], [":- rules"])


def test_several_roots(old: World) -> None:
    """Where there are several roots, that option is left out: rsync takes only one."""
    old.site.settings('confine = "prefer"\n')
    old.site.allow(old.inside, old.outside)
    old.site.pull("-rt", f"server:{old.inside}/", old.site.here)
    assert not any("--confine-root" in word for word in old.site.journal()[0]["argv"])


@pytest.mark.parametrize("confine", ["prefer", "off"])
@pytest.mark.parametrize("option", ["-L", "-k", "--copy-unsafe-links"])
def test_following_symlinks(old: World, option: str, confine: str) -> None:
    """An option that follows symlinks is refused where nothing would hold it, rule or no rule."""
    old.site.settings(f'confine = "{confine}"\n')
    run = old.site.rsync("-r", option, f"server:{old.inside}/", old.site.here)
    assert old.site.refusal(run)["reason"] == "unconfined"
    assert option in run.sentence["text"]
    assert list(old.site.here.iterdir()) == []


def test_following_symlinks_with_landlock(world: World) -> None:
    """With Landlock the same options are fine."""
    world.site.settings('confine = "prefer"\n')
    for option in ("-L", "-k", "--copy-unsafe-links"):
        world.site.rsync("-r", option, f"server:{world.inside}/", world.site.here)
    assert [r["event"] for r in world.site.journal()] == ["allowed", "finished"] * 3
    assert all("landlock" in r["confinement"] for r in world.site.journal()[::2])


@pytest.mark.parametrize("confine", ["require", "off"])
def test_the_clients_own_confine_root(world: World, confine: str) -> None:
    """A client that sends --confine-root itself is refused."""
    world.site.settings(f'confine = "{confine}"\n')
    for option in ("--confine-root=/", f"--confine-root={world.inside}"):
        run = world.serve(*COMMAND[:3], option, ".", world.inside)
        assert world.site.refusal(run)["reason"] == "changes-role"
