# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Nothing outside a client's roots arrives, whatever its options, links and lists ask for.

Each test asks an rsync without a gate first: what must not arrive does arrive from there.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from e2e.confine.raw import ask
from e2e.confine.worlds import World, canary, emptied, leaks


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ("-rtL", "/"),
        ("-rtk", "/"),
        ("-rt --copy-unsafe-links", "/"),
        ("-rtLk --copy-unsafe-links -s", "/deep/"),
        ("-rtL --list-only", "/"),
        ("-rtk --list-only -s", "/"),
        ("-rt", "/to-directory/"),
        ("-rt", "/to-directory/leaf"),
        ("-rt", "/to-directory/*"),
        ("-rt", "/*/leaf"),
        ("-rtL", "/to-file"),
        ("-rtL", "/absolute/file"),
        ("-rtR", "/./deep/up/file"),
        ("-rtkR", "/./deep/up/"),
        ("-rtL -s", "/to-directory/leaf/*"),
    ],
)
def test_symlinks(world: World, options: str, path: str) -> None:
    """A pull through symlinks that lead out of the root brings nothing of what they lead to."""
    copy, asked = world.site.here / "copy", [*options.split(), f"server:{world.inside}{path}"]
    assert leaks(world.plain(*asked, emptied(copy)), copy)
    run = world.site.rsync(*asked, emptied(copy))
    assert leaks(run, copy) == set()
    if path in ("/", "/deep/"):
        assert "kept" in run.out or any(copy.rglob("kept"))


LISTS = [
    "to-directory/file",
    "./to-directory/leaf/file",
    "absolute/",
    "deep/up/file",
    "deep/../to-directory/file",
    "to-file",
    "to-directory/leaf/",
]


@pytest.mark.parametrize(
    "options", ["-rtL", "-rtkR", "-rt --copy-unsafe-links", "-rtL --list-only"]
)
@pytest.mark.parametrize("where", ["client", "server"])
def test_lists(world: World, options: str, where: str) -> None:
    """Names in a list, with `..` and through symlinks, bring nothing from outside."""
    copy, listed = world.site.here / "copy", "".join(f"{name}\n" for name in [*LISTS, "deep/kept"])
    source = "-"
    if where == "server":
        (world.inside / "list").write_text(listed)
        source = f":{world.inside}/list"
    asked = [*options.split(), f"--files-from={source}", f"server:{world.inside}/"]
    run = world.plain(*asked, emptied(copy), stdin=listed.encode())
    assert leaks(run, copy)
    run = world.site.rsync(*asked, emptied(copy), stdin=listed.encode())
    assert leaks(run, copy) == set()
    assert "kept" in run.out or (copy / "deep/kept").exists()


def test_lists_of_another_directory(world: World) -> None:
    """A name that begins with `..` in a list is one below the root, with a gate and without."""
    copy, listed = world.site.here / "copy", b"../outside/file\n/../../etc/passwd\ndeep/kept\n"
    asked = ["-rtL", "--files-from=-", f"server:{world.inside}/"]
    for pull in (world.plain, world.site.rsync):
        run = pull(*asked, emptied(copy), stdin=listed)
        assert [path.name for path in copy.rglob("*")] == ["deep", "kept"], run


@pytest.mark.parametrize("options", ["-rt", "-rtL", "-rtk", "-rtR"])
def test_existence_by_list(world: World, options: str) -> None:
    """A list that names something outside brings the same, and the same words, if it exists."""
    free: set[tuple[object, ...]] = set()
    held: set[tuple[object, ...]] = set()
    for name in ("file", "leaf", "none"):
        listed = f"to-directory/{name}\nabsolute/{name}/x\ndeep/up/{name}\n".encode()
        for pull, seen in ((world.plain, free), (world.gate, held)):
            copy = emptied(world.site.here / "copy")
            asked = [options, "--files-from=-", f"server:{world.inside}/"]
            run = pull(*asked, copy, stdin=listed)
            arrived = sorted(str(path) for path in copy.rglob("*"))
            said = sorted(line.replace(f"/{name}", "") for line in run.err.splitlines())
            seen.add((run.status, run.out, *said, *arrived))
    assert len(free) > 1
    assert len(held) == 1, held


@pytest.mark.parametrize("options", ["-r", "-rLR"])
@pytest.mark.parametrize("path", ["{outside}/{}", "{inside}/to-directory/{}", "{outside}/{}/x",
                                  "{outside}/{}/", "{outside}/{}*"])  # fmt: skip
def test_existence_by_name(world: World, path: str, options: str) -> None:
    """A path outside that exists is refused with the same words as one that does not."""
    words = []
    for name in ("file", "none"):
        asked = path.format(name, inside=world.inside, outside=world.outside)
        run = world.serve("rsync", "--server", "--sender", options, ".", asked)
        assert run.sentence["code"] == "path"
        words.append((run.status, run.out, run.sentence["text"].replace(name, "")))
    assert words[0] == words[1]


@pytest.mark.parametrize("options", ["-rtL", "-rtk", "-rt --copy-unsafe-links", "-rtLR"])
def test_existence_by_symlink(world: World, options: str) -> None:
    """A symlink tells nothing of what lies outside where it leads, not even whether it exists."""
    target = world.outside / "target"
    (world.inside / "to-target").symlink_to(target)
    path = f"{world.site.directory}/./{world.inside.name}/"
    command = ["rsync", "--server", "--sender", *options.split(), ".", path]
    free, held = set(), set()
    for make in (Path.exists, Path.mkdir, canary, os.mkfifo):
        make(target)
        free.add(repr(ask(command)))
        held.add(repr(ask([str(world.gated), "server", *command])))
        if target.exists():
            target.rmdir() if target.is_dir() else target.unlink()
    assert len(free) > 1
    assert len(held) == 1, held


RULES = [
    ". {outside}",
    "merge {outside}",
    ".- {outside}",
    ".-w {outside}",
    ".e {outside}",
    ":- /{above}",
    ": /{above}",
    ":e- {parent}/{above}",
    ": to-file",
    ":- to-file",
    ".- {inside}/to-file",
]
"""Filter rules that name a file outside: directly, in a directory above the root, by a symlink."""


@pytest.mark.parametrize("rule", RULES)
def test_rules_in_band(world: World, rule: str) -> None:
    """A filter rule sent over the protocol tells nothing of an outside file, not if it exists."""
    above = world.site.directory / "rules-above"
    outside = world.outside / "rules"
    (world.inside / "to-file").unlink()
    (world.inside / "to-file").symlink_to(outside)
    sent = rule.format(outside=outside, inside=world.inside, above=above.name, parent=above.parent)
    command = ["rsync", "--server", "--sender", "-r", ".", f"{world.inside}/deep/"]
    if "to-file" in rule:
        command[-1] = f"{world.inside}/"
    free: set[str] = set()
    held: set[str] = set()
    for content in ("kept\n", "- kept\n", None):
        for file in (above, outside):
            file.unlink(missing_ok=True)
            if content is not None:
                file.write_text(content)
        free.add(repr(ask(command, [sent])))
        held.add(repr(ask([str(world.gated), "server", *command], [sent])))
    assert len(free) > 1
    assert len(held) == 1, held


def test_rules_through_sshd(world: World) -> None:
    """The client that speaks the protocol by hand gets through sshd what it gets without."""
    command = ["rsync", "--server", "--sender", "-r", ".", f"{world.inside}/deep/"]
    ssh = ["ssh", "-F", str(world.site.server.ssh_config), "server", *command]
    kept = ask(ssh, ["- deeper"])
    assert repr(kept) == repr(ask(command, ["- deeper"]))
    assert "kept" in kept
    assert "deeper" not in kept
    assert "No such file" in ask(ssh, [f". {world.outside}/file"]).messages
