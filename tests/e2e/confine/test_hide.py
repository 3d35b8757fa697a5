# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""What a policy hides stays hidden, whatever is asked for below an allowed root."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from e2e.confine.raw import ask
from e2e.confine.worlds import NAME, World, canary, emptied, leaks, program

LISTED = b"""\
private/named
private/
secret
deep/way/named
deep/kept
./private/./named
way-to-file
"""
NO_MOUNTS = "setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin"
"""Takes away from root what it needs for mounts of its own."""


@pytest.fixture
def hiding(world: World) -> World:
    """Below the root `private`, a directory, and `secret`, a file, are hidden; symlinks lead in."""
    inside = world.inside
    (inside / "private" / "below").mkdir(parents=True)
    for name in ("secret", f"private/{NAME}", "private/named", f"private/below/{NAME}"):
        canary(inside / name)
    (inside / "private" / "out").symlink_to(f"/{NAME}")
    (inside / "deep" / "way").symlink_to("../private")
    (inside / "way-to-file").symlink_to("secret")
    for name in ("to-file", "to-directory", "absolute", "deep/up"):
        (inside / name).unlink()
    hide(world, inside)
    return world


def hide(world: World, root: Path | str) -> None:
    """Lets the client read all below `root`, but for what is hidden."""
    places = f'["{world.inside}/private", "{world.inside}/./secret/", "/none"]'
    world.allow(root, more=f"hide = {places}")


PULLS = [
    ("-a", "/"),
    ("-aL", "/"),
    ("-ak -s", "/"),
    ("-aR", "/./"),
    ("-a", "/private"),
    ("-a", "/private/"),
    ("-a", "/deep/way/"),
    ("-aL", "/deep/way"),
    ("-aL", "/way-to-file"),
    ("-a", "/secret"),
    ("-a", "/*"),
    ("-a -s", "/*/*"),
    ("-a", "/private/*"),
    ("-aR", "/./private/below/*"),
    ("-aL -s", "/deep/*/*"),
    ("-a", "/private/name?"),
    ("-aR", "/./private/named"),
    ("-aL", "/deep/way/named"),
    ("-aL", "/private/out"),
    ("-a --files-from=-", "/"),
    ("-aLR --files-from=-", "/"),
    ("-aL --list-only", "/"),
]
"""Options and paths below the root."""

WHOLE = ("/", "/./", "/*", "/deep/way/named")
"""The paths that are also asked for below a root that is / itself."""


@pytest.mark.parametrize(("options", "path"), PULLS)
def test_hidden(hiding: World, options: str, path: str) -> None:
    """What is hidden arrives empty or not at all: no content, name, size or time of it."""
    copy, asked = hiding.site.here / "copy", [*options.split(), f"server:{hiding.inside}{path}"]
    if "out" not in path:
        assert leaks(hiding.plain(*asked, emptied(copy), stdin=LISTED), copy)
    run = hiding.gate(*asked, emptied(copy), stdin=LISTED)
    assert leaks(run, copy) == set()
    assert [r["event"] for r in hiding.site.journal()] == ["allowed", "finished"]
    assert hiding.site.journal()[0]["confinement"]["hidden"]
    if path == "/" and "list" not in options:
        assert (copy / "deep/kept").exists()
        assert list((copy / "private").iterdir()) == []
        assert (copy / "secret").stat().st_size == 0
    for place in ("private", "secret"):
        if (copy / place).exists():
            assert stat.S_IMODE((copy / place).stat().st_mode) == 0


@pytest.mark.parametrize(("options", "path"), [pull for pull in PULLS if pull[1] in WHOLE])
def test_hidden_in_the_whole_system(hiding: World, options: str, path: str) -> None:
    """The same is true where the client may read all of / but for that."""
    hide(hiding, "/")
    test_hidden(hiding, options, path)
    assert hiding.site.journal()[0]["confinement"]["mounts"] == "own"


@pytest.mark.parametrize("whole", [False, True])
def test_rules_in_band(hiding: World, whole: bool) -> None:
    """A filter rule that names a hidden file finds none, whether there is one or not."""
    if whole:
        hide(hiding, "/")
    command = ["rsync", "--server", "--sender", "-r", ".", f"{hiding.inside}/deep/"]
    (hiding.inside / "deep/link").symlink_to("way/rules")
    for rule in (f".- {hiding.inside}/private/rules", ":- link"):
        free, held = set(), set()
        for content in ("kept\n", "- kept\n", None):
            (hiding.inside / "private/rules").unlink(missing_ok=True)
            if content:
                (hiding.inside / "private/rules").write_text(content)
            free.add(repr(ask(command, [rule])))
            held.add(repr(ask([str(hiding.gated), "server", *command], [rule])))
        assert len(held) == 1
        assert len(free) > 1


def test_a_fifo(world: World) -> None:
    """A hidden FIFO arrives as an empty file."""
    os.mkfifo(world.inside / "fifo")
    world.allow(world.inside, more=f'hide = ["{world.inside}/fifo"]')
    assert world.gate("-a", f"server:{world.inside}/fifo", world.site.here).status == 0
    assert stat.S_ISREG((world.site.here / "fifo").stat().st_mode)


def test_a_symlink_to_what_is_hidden(world: World) -> None:
    """To hide a symlink is to hide what it leads to."""
    canary(world.inside / "secret")
    (world.site.directory / "alias").symlink_to(world.inside / "secret")
    world.allow(world.inside, more=f'hide = ["{world.site.directory}/alias"]')
    run = world.gate("-rt", f"server:{world.inside}/secret", world.site.here)
    assert (run.status, leaks(run, world.site.here)) == (0, set())


def test_a_root_below_what_is_hidden(world: World) -> None:
    """Where a root lies in a hidden place there is nothing to be had."""
    for hidden in (world.inside, world.inside / "deep"):
        world.allow(world.inside / "deep", more=f'hide = ["{hidden}"]')
        world.gate("-rt", f"server:{world.inside}/deep/", emptied(world.site.here / "copy"))
        assert list((world.site.here / "copy").iterdir()) == []


def test_a_root_behind_a_symlink_that_is_hidden(world: World) -> None:
    """A root to which a symlink in a hidden place leads is not there, under either of its names."""
    (world.inside / "private").mkdir()
    root, copy = world.inside / "private" / "way", world.site.here / "copy"
    root.symlink_to(world.outside)
    for path in (root, world.outside):
        world.allow(world.inside, root)
        assert leaks(world.gate("-rt", f"server:{path}/", emptied(copy)), copy)
        world.allow(world.inside, root, more=f'hide = ["{world.inside}/private"]')
        assert leaks(world.gate("-rt", f"server:{path}/", emptied(copy)), copy) == set()


@pytest.mark.parametrize("target", ["inside", "/usr", "/"])
def test_a_hidden_symlink_says_nothing(world: World, target: str) -> None:
    """Where a hidden symlink would make a root of another's parent, or of /, it makes none."""
    way = world.outside / "way"
    way.symlink_to(world.inside if target == "inside" else target)
    os.chown(way, 1, 1, follow_symlinks=False)
    world.allow(way, world.inside / "deep", more=f'hide = ["{world.outside}"]')
    run = world.gate("-rt", f"server:{world.inside}/deep", world.site.here)
    assert (run.status, run.err) == (0, "")
    assert (world.site.here / "deep/kept").exists()
    assert world.site.journal()[0]["confinement"]["mounts"] == "narrow"


@pytest.mark.parametrize("first", ["private", "private/way"])
def test_a_hidden_symlink_to_what_is_hidden(world: World, first: str) -> None:
    """What a symlink leads to is hidden also where it lies in a hidden place, in any order."""
    (world.inside / "private").mkdir()
    (world.inside / "private" / "way").symlink_to(world.outside)
    places = sorted(["private", "private/way"], key=lambda place: place != first)
    hidden = ", ".join(f'"{world.inside}/{place}"' for place in places)
    world.allow(world.site.directory, more=f"hide = [{hidden}]")
    copy = world.site.here / "copy"
    run = world.gate("-rt", f"server:{world.site.directory}/", "--exclude=here", emptied(copy))
    assert (run.status, leaks(run, copy)) == (0, set())


@pytest.mark.parametrize("confine", ["require", "off"])
def test_the_whole_system_is_not_hidden(world: World, confine: str) -> None:
    """Where a symlink would hide / nothing runs: a cover on it would cover nothing."""
    world.site.settings(f'confine = "{confine}"\n')
    (world.outside / "way").symlink_to("/")
    world.allow(world.inside, more=f'hide = ["{world.outside}/way"]')
    run = world.gate("-rt", f"server:{world.inside}/", world.site.here)
    assert world.site.refusal(run)["detail"].startswith("hide: nothing can cover /")
    assert list(world.site.here.iterdir()) == []


@pytest.mark.parametrize("confine", ["require", "prefer", "off"])
def test_no_pretence(world: World, confine: str) -> None:
    """Where the gate may not mount, a client with hidden places is refused and the log says why."""
    site = world.site
    site.settings(f'confine = "{confine}"\n')
    world.allow(world.inside, more=f'hide = ["{world.inside}/deep"]')
    powerless = program(site.directory / "powerless", f"#!/bin/sh\n{NO_MOUNTS} {world.gated} $*\n")
    run = site.run("rsync", "-e", powerless, "-a", f"server:{world.inside}/deep", site.here)
    refusal = site.refusal(run)
    assert refusal["reason"] == "confinement"
    assert "hide" in refusal["detail"]
    assert list(site.here.iterdir()) == []
    world.allow(world.inside)
    run = site.run("rsync", "-e", powerless, "-a", f"server:{world.inside}/deep", site.here)
    assert (run.status, (site.here / "deep/kept").exists()) == (0, True)
    assert site.journal()[1]["confinement"]["mounts"] == "shared"


@pytest.mark.parametrize("whole", ["deep", "*"])
def test_a_root_that_is_hidden(world: World, whole: str) -> None:
    """A hidden root arrives empty and without an error, as what is hidden below a root does."""
    (world.inside / "other").mkdir()
    world.allow(world.inside / whole, more=f'hide = ["{world.inside}/deep"]')
    copy = emptied(world.site.here / "copy")
    run = world.gate("-rt", f"server:{world.inside}/{whole}", copy)
    assert (run.status, run.err) == (0, "")
    assert list((copy / "deep").iterdir()) == []


@pytest.mark.parametrize("hidden", ["/etc", "/etc/passwd", "/usr/share"])
def test_what_rsync_needs_may_be_hidden(world: World, hidden: str) -> None:
    """A pull works where user names and the like are hidden."""
    world.allow(world.inside, more=f'hide = ["{hidden}"]')
    run = world.gate("-rlogt", f"server:{world.inside}/deep", world.site.here)
    assert (run.status, run.err) == (0, "")
    assert (world.site.here / "deep/kept").exists()


def test_a_hidden_home(world: World, in_home: Path) -> None:
    """What begins in a hidden place begins in what covers that, and sees nothing around it."""
    looks = program(world.site.directory / "looks", "#!/bin/bash\nshopt -s dotglob\necho *\n")
    world.site.settings(f'rsync = "{looks}"\n')
    for more, seen in (("", True), (f'hide = ["{in_home.parent}"]', False)):
        world.allow("/", more=more)
        run = world.serve("rsync", "--server", "--sender", "-r", ".", world.inside)
        assert (run.status, in_home.name in run.out) == (0, seen)
