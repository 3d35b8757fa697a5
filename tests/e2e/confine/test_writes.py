# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Nothing on the server is written, deleted or run, whatever the command says."""

from __future__ import annotations

from pathlib import Path

import pytest

from e2e.confine.raw import hello
from e2e.confine.worlds import World, program
from e2e.sites import Run
from e2e.trees import snapshot
from rsyncgate.rsync.options import DELETES, EXECUTES, WRITES
from unit.options import OPTIONS as TABLE

FORBIDDEN = [
    (name, option.takes)
    for option in TABLE
    if option.effect in (WRITES, DELETES, EXECUTES)
    for name in option.names
]
SENDER = ("rsync", "--server", "--sender", "-r")


def everything(world: World) -> dict[bytes, object]:
    """All that lies around the client's root and in it, but for the journal."""
    found = snapshot(world.site.directory, attributes=False)
    return {name: entry for name, entry in found.items() if not name.startswith(b"journal")}


def unharmed(world: World, *command: str | Path, stdin: bytes = b"") -> Run:
    """Asks the gate for `command`: all must be as before, and the journal have a refusal more."""
    before, records = everything(world), len(world.site.journal())
    journal = world.site.journal_file.read_bytes() if records else b""
    run = world.serve(*command, stdin=stdin)
    assert everything(world) == before
    assert world.site.journal_file.read_bytes().startswith(journal)
    assert [r["event"] for r in world.site.journal()[records:]] == ["refused"]
    assert world.site.refusal(run)
    assert run.status == 77
    return run


@pytest.mark.parametrize(("name", "takes"), FORBIDDEN)
def test_options(world: World, name: str, takes: str) -> None:
    """An option that writes, deletes or executes is refused, wherever on the line it stands."""
    world.site.allow(world.inside)
    old, new = f"{world.outside}/file", f"{world.inside}/new"
    for words in [[f"{name}={old}"], [name, new]] if takes else [[name]]:
        unharmed(world, *SENDER, *words, ".", world.inside)
        unharmed(world, *SENDER, ".", world.inside, *words)
        block = "\0".join(("rsync", *words, ".", str(world.inside), "", ""))
        unharmed(world, "rsync", "--server", "--sender", "-sr", stdin=block.encode())


def test_a_log_file(world: World) -> None:
    """Without a gate `--log-file` writes where the client says; through it, nowhere."""
    asked = [f"-M--log-file={world.outside}/file", "-r", f"server:{world.inside}/kept"]
    before = everything(world)
    assert world.gate(*asked, world.site.here).sentence["code"] == "writes"
    assert everything(world) == before
    world.plain(*asked, world.site.here / "copy")
    assert b"<f+++++++++ kept" in (world.outside / "file").read_bytes()


def test_removed_sources(world: World) -> None:
    """Without a gate `--remove-source-files` deletes what it sends; through it, nothing."""
    asked = ["-r", "--remove-source-files", f"server:{world.inside}/"]
    before = everything(world)
    assert world.gate(*asked, world.site.here).sentence["code"] == "deletes"
    assert everything(world) == before
    world.plain(*asked, world.site.here / "copy")
    assert not (world.inside / "kept").exists()


@pytest.mark.parametrize("options", ["-r", "-rs", "-r --delete", "-r --inplace --existing"])
def test_a_push(world: World, options: str) -> None:
    """Without a gate a push overwrites what it finds; through it, it is refused."""
    (world.site.here / "kept").write_text("overwritten")
    asked = [*options.split(), f"{world.site.here}/", f"server:{world.inside}/"]
    before = everything(world)
    assert world.gate(*asked).sentence["code"] == "push"
    assert everything(world) == before
    world.plain(*asked)
    assert (world.inside / "kept").read_text() == "overwritten"


@pytest.fixture
def mark(world: World) -> Path:
    """What is there once the program `run` beside it has run."""
    program(world.site.directory / "run", f"#!/bin/sh\ntouch {world.site.directory}/ran\n")
    return world.site.directory / "ran"


def test_a_daemon(world: World, mark: Path) -> None:
    """Without a gate a daemon of the client's runs the programs in its configuration."""
    config = world.inside / "rsyncd.conf"
    run = mark.parent / "run"
    config.write_text(f"use chroot = no\n[m]\npath = {world.inside}\npre-xfer exec = {run}\n")
    for words in (f"rsync --config={config}", f"rsync --daemon --config {config}",
                  f"rsync --config={config} --dparam=x=y"):  # fmt: skip
        asked = ["-r", f"--rsync-path={words}", "server::m/kept"]
        assert world.gate(*asked, world.site.here).sentence["code"] == "daemon"
    assert not mark.exists()
    world.plain("-r", f"--rsync-path=rsync --config={config}", "server::m/kept", world.site.here)
    assert mark.exists()


def test_a_remote_shell(world: World, mark: Path) -> None:
    """No program that the client names as a shell, a path to rsync or a filter is run."""
    run = str(mark.parent / "run")
    for words in ([f"-e{run}"], ["-e", run], [f"--rsh={run}"], ["--rsh", run], [f"-re.Ls;{run}"]):
        assert unharmed(world, *SENDER, *words, ".", world.inside).sentence["code"] in (
            "bad-value",
            "shell-syntax",
        )
    world.site.allow(world.inside)
    for words in ([f"--rsync-path={run}"], ["-M", f"--rsh={run}"], [f"--early-input={run}"]):
        world.serve(*SENDER, *words, ".", world.inside, stdin=hello([]))
    unharmed(world, run, *SENDER[1:], ".", world.inside)
    unharmed(world, "sh", "-c", run)
    assert not mark.exists()
    assert world.site.run(run).status == 0
    assert mark.exists()


def test_no_rule_allows_them(world: World) -> None:
    """A policy that names an option that writes, deletes or executes is one with a mistake."""
    named = [f"{name}=*" if takes else name for name, takes in FORBIDDEN]
    rules = (f'[[allow]]\npaths = ["/"]\noptions = ["-r", "{option}"]\n' for option in named)
    world.site.write("clients/nas01.toml", "".join(rules))
    checked = world.site.admin("check")
    assert checked.status == 78
    assert all(name in checked.err for name, _ in FORBIDDEN)
    run = world.serve(*SENDER, ".", world.inside)
    assert world.site.refusal(run)["reason"] == "configuration"
