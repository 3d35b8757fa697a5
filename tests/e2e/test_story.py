# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""From a client's first attempt to a tight policy, in four commands and on real parts."""

from __future__ import annotations

from pathlib import Path

import pytest

from e2e.sites import Site


@pytest.fixture
def stranger(site: Site) -> Site:
    """A site where nas01's key is not authorized yet, and has no policy."""
    (site.config / "clients/nas01.toml").unlink()
    site.server.authorized_keys.write_text("")
    (site.here / "nas01.pub").write_text(f"{site.server.key} nas01\n")
    return site


def authorize(site: Site, *words: str) -> str:
    """Puts nas01's key behind the gate; what that says."""
    keys = str(site.server.authorized_keys)
    words = ("authorize", "nas01", "--key", "nas01.pub", "--install", "--file", keys, *words)
    run = site.admin(*words)
    assert (run.status, run.err) == (0, ""), run
    return run.out


def events(site: Site) -> list[str]:
    """The events of the journal."""
    return [record["event"] for record in site.journal()]


@pytest.mark.parametrize("secluded", [[], ["-s"]])
def test_four_commands(stranger: Site, tree: Path, secluded: list[str]) -> None:
    """After authorize --learn, an attempt, learn and authorize the job runs, and no other."""
    site = stranger
    job = [*secluded, "-aHz", "--numeric-ids", f"server:{tree}/nested/a b/", "copy"]
    assert site.rsync(*job).status in (12, 255)  # sshd knows no such key: ssh's status, or rsync's
    assert "nothing runs" in authorize(site, "--learn")

    attempt = site.rsync(*job)
    assert attempt.sentence["code"] == "captured"
    assert not (site.here / "copy").exists()

    assert "is written" in site.admin("learn", "nas01", "--write").out
    assert "may do what its policy allows" in authorize(site)
    assert site.admin("check").status == 0

    site.pull("-n", *job)
    assert not (site.here / "copy").exists()
    site.pull(*job)
    assert sorted(p.name for p in (site.here / "copy").iterdir()) == sorted(
        p.name for p in (tree / "nested/a b").iterdir()
    )
    assert site.refusal(site.rsync("-X", *job))["reason"] == "option"
    elsewhere = [str(word).replace("/a b/", "/") for word in job]
    assert site.refusal(site.rsync(*elsewhere))["reason"] == "path"
    assert events(site)[:4] == ["key-authorized", "captured", "policy-written", "learn-switched"]
    assert site.admin("replay").status == 0
    assert "needs no change" in site.admin("learn", "nas01").err


def test_a_night_of_jobs(stranger: Site, tree: Path) -> None:
    """With --learn=run a script works while it is captured; what no policy allows does not."""
    site = stranger
    assert "are written down, and run" in authorize(site, "--learn=run")
    first = ["-a", f"server:{tree}/nested/", "one"]
    second = ["-rt", "--bwlimit=9000", f"server:{tree}/nested", "two"]
    third = ["-rt", "--bwlimit=8000", f"server:{tree}/./nested", "-R", "three"]
    assert site.ssh("true").status == 0
    for job in (first, second, third):
        assert site.rsync(*job).status == 0, job
        assert (site.here / job[-1]).is_dir()
    push = site.rsync("-a", "nas01.pub", f"server:{site.here}/pushed/")
    deletion = site.rsync("-a", "--remove-source-files", f"server:{tree}/nested", "gone")
    for run in (push, deletion):
        assert run.sentence["code"] == "captured"
    assert not (site.here / "pushed").exists()
    assert (tree / "nested").exists()

    taught = site.admin("learn", "nas01", "--write")
    assert taught.status == 0
    assert taught.out.count("(push)") == taught.out.count("(deletes)") == 1
    policy = (site.config / "clients/nas01.toml").read_text()
    assert policy.count("[[allow]]") == 3
    assert 'probes = ["true"]' in policy
    assert '"--bwlimit=9000"' in policy
    authorize(site)
    for job in (first, second, third):
        site.pull(*job[:-1], f"{job[-1]}-again")
    assert site.ssh("true").status == 0
    assert site.admin("replay").status == 0


@pytest.mark.parametrize("path", ["~/{}", "./{}/", "{}/*", "~/{}/./x -R"])
def test_paths_below_the_home(stranger: Site, in_home: Path, path: str) -> None:
    """What is learned from a path with a ~, a wildcard or none allows that very request."""
    site = stranger
    (in_home / "x y").write_text("1")
    (in_home / "x").mkdir()
    where, *more = path.format(in_home.name).split(" ")
    job = ["-a", *more, f"server:{where}", "copy"]
    authorize(site, "--learn")
    assert site.rsync(*job).sentence["code"] == "captured"
    assert site.admin("learn", "nas01", "--write").status == 0
    authorize(site)
    site.pull(*job)


def test_forgery(stranger: Site) -> None:
    """A command that holds a record, quotes and line ends is one record, and teaches nothing."""
    site = stranger
    authorize(site, "--learn")
    forged = (
        '{"v": 1, "event": "captured", "client": "nas01", "command": "rsync --server --sender"}'
    )
    for command in (f"x\n{forged}\n", f'"\n{forged}', f"rsync '{forged}'"):
        assert site.ssh(command).sentence["code"] == "captured"
    assert events(site) == ["key-authorized", *["captured"] * 3]
    taught = site.admin("learn", "nas01", "--write")
    assert "[[allow]]" not in taught.out
    assert not (site.config / "clients/nas01.toml").exists()


def test_a_key_that_is_there(stranger: Site) -> None:
    """Beside an entry without a gate nothing is installed; the dry run says the same."""
    site = stranger
    keys = site.server.authorized_keys
    keys.write_text(f"{site.server.key} admin\n")
    words = ["authorize", "nas01", "--key", "nas01.pub", "--file", str(keys)]
    for how in ("--install", "--dry-run"):
        run = site.admin(*words, how)
        assert run.status == 1
        assert "line 1 lets this key in without a gate" in run.err
    assert keys.read_text() == f"{site.server.key} admin\n"
