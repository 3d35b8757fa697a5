# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The backup script for the other end, against the gate."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from e2e.servers import PATIENCE
from e2e.sites import REPOSITORY, Run, Site

SCRIPT = REPOSITORY / "deploy" / "client" / "rsyncgate-backup"


class Backup:
    """One server's backup: the script, its settings, and the snapshots below `target`."""

    def __init__(self, site: Site, source: Path) -> None:
        self.site = site
        self.target = site.here / "snapshots"
        self.config = site.here / "server.conf"
        self.settings = {
            "server": "server",
            "sources": str(source),
            "target": str(self.target),
            "rsh": site.shell,
            "pause": "0",
            "tries": "3",
        }

    def run(self, **settings: str) -> Run:
        """Runs the script with `settings` besides its own."""
        lines = [f"{name}='{value}'\n" for name, value in (self.settings | settings).items()]
        self.config.write_text("".join(lines))
        return self.site.run(SCRIPT, self.config)

    def snapshots(self) -> list[str]:
        """The names of the good snapshots, oldest first."""
        return sorted(path.name for path in self.target.glob("2*"))

    def latest(self) -> Path:
        """What the last good link leads to."""
        return self.target / os.readlink(self.target / "latest")


@pytest.fixture
def source(site: Site) -> Path:
    """A tree of the test's own, which nas01 may pull."""
    source = site.directory / "www"
    source.mkdir()
    (source / "same").write_text("same\n")
    (source / "changed").write_text("before\n")
    site.allow(source)
    return source


@pytest.fixture
def backup(site: Site, source: Path) -> Backup:
    """A backup of that tree."""
    return Backup(site, source)


def test_snapshots(backup: Backup, source: Path) -> None:
    """Each run leaves the tree as it was then; what did not change is the same file in both."""
    assert backup.run().status == 0
    first = backup.latest()
    (source / "changed").write_text("afterwards\n")
    (source / "new").write_text("new\n")
    assert backup.run().status == 0
    second = backup.latest()
    assert backup.snapshots() == [first.name, second.name]
    inside = str(source).lstrip("/")
    assert (first / inside / "changed").read_text() == "before\n"
    assert (second / inside / "changed").read_text() == "afterwards\n"
    assert {file.name for file in (first / inside).iterdir()} == {"same", "changed"}
    assert (first / inside / "same").samefile(second / inside / "same")
    assert {path.name for path in backup.target.iterdir()} == {
        ".lock",
        "latest",
        first.name,
        second.name,
    }


def test_as_many_as_wanted(backup: Backup) -> None:
    """The oldest snapshots go, and nothing that is not one."""
    other = backup.target / "2026-notes"
    for name in (other.name, *(f"2026-11-0{day}T020000Z" for day in (1, 2, 3))):
        (backup.target / name).mkdir(parents=True)
    assert backup.run(keep="2").status == 0
    newest = backup.latest().name
    assert backup.snapshots() == sorted([other.name, "2026-11-03T020000Z", newest])


def test_a_connection_that_fails(backup: Backup, source: Path) -> None:
    """A try that fails is followed by another, which goes on from what is there."""
    flaky = backup.site.here / "flaky"
    flaky.write_text(
        "#!/bin/sh\n"
        f"[ -e {flaky}.once ] || {{ touch {flaky}.once; exit 255; }}\n"
        f'exec {backup.site.shell} "$@"\n'
    )
    flaky.chmod(0o755)
    run = backup.run(rsh=str(flaky))
    assert run.status == 0
    assert "try 1 of 3 ended with status" in run.err
    assert (backup.latest() / str(source).lstrip("/") / "same").exists()


def test_giving_up(backup: Backup) -> None:
    """When every try fails the last good snapshot stays what it was, and the status says so."""
    assert backup.run().status == 0
    good = backup.latest()
    run = backup.run(rsh="false")
    assert run.status not in (0, 75, 77, 78)
    assert run.err.count(" ended with status ") == 2
    assert f"gave up after 3 tries; the last good snapshot is {good.name}" in run.err
    assert (backup.latest(), backup.snapshots()) == (good, [good.name])


@pytest.mark.parametrize(
    ("policy", "status"), [('[[allow]]\npaths = ["/nowhere"]\n', 77), ("nonsense = 1\n", 78)]
)
def test_a_refusal(backup: Backup, policy: str, status: int) -> None:
    """What the gate refuses is not tried again, and its sentence is passed on."""
    backup.site.write("clients/nas01.toml", policy)
    run = backup.run()
    assert run.status == status
    assert run.sentence
    assert len(backup.site.journal()) == 1
    assert not (backup.target / "latest").exists()


def test_a_busy_server(backup: Backup, source: Path) -> None:
    """A server that is busy is tried again."""
    backup.site.allow(source, more="sessions = 1")
    slot = backup.site.journal_file.parent / ".nas01.1.slot"
    hold = ["flock", str(slot), "sh", "-c", "echo held; exec cat"]
    with subprocess.Popen(hold, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        run = backup.run(tries="2")
    assert run.status not in (0, 77, 78)
    assert "gave up after 2 tries" in run.err
    assert backup.run().status == 0


def test_one_at_a_time(backup: Backup) -> None:
    """A run that finds another at work leaves at once; the lock goes with the one that had it."""
    slow = backup.site.here / "slow"
    slow.write_text(
        f'#!/bin/sh\necho here >&2\nread line <{slow}.go\nexec {backup.site.shell} "$@"\n'
    )
    slow.chmod(0o755)
    os.mkfifo(f"{slow}.go")
    assert backup.run(rsh="false", tries="1").status not in (0, 75)
    backup.config.write_text(backup.config.read_text().replace("rsh='false'", f"rsh='{slow}'"))
    first = backup.site.here / "first"
    with first.open("wb") as err:
        running = subprocess.Popen([SCRIPT, backup.config], env=backup.site.environ, stderr=err)
    with open(f"{slow}.go", "w"):  # opens when the other end is waiting
        assert backup.site.run(SCRIPT, backup.config).status == 75
    assert running.wait(PATIENCE) == 0
    assert len(backup.snapshots()) == 1


@pytest.mark.parametrize("missing", ["server", "sources", "target"])
def test_settings_that_are_missing(backup: Backup, missing: str) -> None:
    """Without a server, sources or a target nothing is tried."""
    run = backup.run(**{missing: ""})
    assert (run.status, backup.site.journal()) == (64, [])
    assert "set server, sources" in run.err
