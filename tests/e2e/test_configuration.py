# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""A fault of the server's own: the administrator reads what it is, the client only that it is."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from e2e.sites import Site

RULE = '[[allow]]\npaths = ["/srv"]\n'
FAULT = (
    "refused: the server's configuration is at fault; its administrator finds the reason in the "
    "journal"
)

POLICIES = [  # each with a part of what is said of it
    ('form = ["192.0.2.10"]\n' + RULE, "form: is no key here; the keys are allow, bwlimit, from,"),
    (RULE + "option = []\n", "allow[1].option: is no key here"),
    ('[[allow]]\npaths = "/srv"\n', "allow[1].paths: is no list"),
    ('[[allow]]\npaths = ["srv"]\n', 'allow[1].paths[1]: "srv" is no absolute path'),
    ("[[allow]]\noptions = []\n", "allow[1].paths: is missing"),
    (RULE + 'options = ["--log-file=*"]\n', '"--log-file" writes a log'),
    (RULE + 'options = ["--no-such"]\n', '"--no-such" is no option of an rsync server'),
    ('from = ["nas01"]\n' + RULE, '"nas01" is no address'),
    ('probes = ["id"]\n' + RULE, '"id" is no probe'),
    ("[[allow]\n", "is no TOML"),
]


def refused(site: Site) -> str:
    """The detail that the journal has for a pull that must fail for the server's own fault."""
    run = site.ssh("rsync --server --sender -r . /srv")
    assert (run.status, run.out, run.sentence["text"]) == (78, "", FAULT)
    record = site.refusal(run)
    assert record["reason"] == "configuration"
    assert isinstance(record["detail"], str)
    return record["detail"]


@pytest.mark.parametrize(("text", "said"), POLICIES)
def test_a_mistake_in_a_policy(line: Site, text: str, said: str) -> None:
    """A mistake in the client's file gives 78; its place and cure stand in the journal alone."""
    file = line.write("clients/nas01.toml", text)
    detail = refused(line)
    assert detail.startswith(f"{file}: ")
    assert said in detail


def test_a_mistake_in_the_settings(site: Site) -> None:
    """A mistake in gate.toml stops every client, and the journal it names still tells of it."""
    site.settings('rsinc = "/usr/bin/rsync"\n')
    assert f"{site.config}/gate.toml: rsinc: is no key here" in refused(site)


def test_a_missing_policy(site: Site) -> None:
    """A client without a file may do nothing."""
    (site.config / "clients/nas01.toml").unlink()
    assert "clients/nas01.toml: does not exist" in refused(site)


@pytest.mark.parametrize("arguments", ["../nas01", ".nas01", "''", "nas01 --client nas01"])
def test_a_name_that_is_no_clients(site: Site, arguments: str) -> None:
    """A name that could lead to another file is no client's name."""
    site.authorize(f"--client {arguments}")
    assert "is no client name" in refused(site)


@pytest.mark.parametrize("name", ["clients/nas01.toml", "clients"])
def test_a_policy_that_others_can_write(site: Site, name: str) -> None:
    """A policy that someone else can change, or put in its place, is not believed."""
    path = site.config / name
    path.chmod(path.stat().st_mode | 0o020)
    assert f"{path}: others can write to it" in refused(site)


@pytest.mark.parametrize("name", ["gate.toml", "."])
def test_settings_that_others_can_write(site: Site, name: str) -> None:
    """Settings that someone else can change are not believed, and `check` says so."""
    path = site.config / name
    path.chmod(path.stat().st_mode | 0o002)
    run = site.admin("check")
    assert run.status == 78
    assert f"{path}: others can write to it" in run.err


def test_an_address_of_the_client(site: Site, tree: Path) -> None:
    """`from` lets the client in from its addresses, and from no other."""
    for addresses in ('"192.0.2.10", "127.0.0.2"', '"::1", "2001:db8::/32"'):
        site.allow(tree, more=f"from = [{addresses}]")
        run = site.ssh(f"rsync --server --sender -r . {tree}")
        assert (run.status, run.out, site.refusal(run)["reason"]) == (77, "", "peer")
    for addresses in ('"127.0.0.1"', '"192.0.2.10", "127.0.0.0/8"'):
        site.allow(tree, more=f"from = [{addresses}]")
        site.pull("-a", f"server:{tree}/empty", site.here)
        assert site.journal()[-1]["peer"] == "127.0.0.1"


def test_no_rsync(site: Site, tree: Path) -> None:
    """Where the configured rsync is missing, the client hears 78 and the journal says which."""
    site.settings('rsync = "/nowhere/rsync"\n')
    run = site.ssh(f"rsync --server --sender -r . {tree}")
    assert (run.status, run.out, run.sentence["code"]) == (78, "", "configuration")
    assert "/nowhere" not in run.err
    assert site.journal()[-1]["reason"] == "configuration"
    assert "/nowhere/rsync: is no program that can be run" in site.journal()[-1]["detail"]


def _directory(journal: Path) -> None:
    journal.mkdir()


def _writable(journal: Path) -> None:
    journal.touch()
    journal.chmod(0o620)


def _link(journal: Path) -> None:
    journal.symlink_to(journal.parent / "elsewhere")


def _pipe(journal: Path) -> None:
    os.mkfifo(journal, 0o600)


@pytest.mark.parametrize("spoil", [_directory, _writable, _link, _pipe])
def test_a_journal_that_cannot_be_written(
    site: Site, tree: Path, spoil: Callable[[Path], None]
) -> None:
    """Without a journal nothing runs, and the client is told to come again."""
    spoil(site.journal_file)
    run = site.ssh(f"rsync --server --sender -r . {tree}")
    assert (run.status, run.out) == (75, "")
    assert run.sentence["code"] == "journal"
    assert run.err.count("\n") == 1
    assert not (site.journal_file.parent / "elsewhere").exists()
    assert site.admin("check").status == 78


def test_check_reports_every_mistake(site: Site) -> None:
    """`check` lists the mistakes of all files at once, with file and key, and exits with 78."""
    site.settings('rsync = "/nowhere/rsync"\nverbose = true\n')
    for n, (text, _) in enumerate(POLICIES):
        site.write(f"clients/c{n}.toml", text)
    site.write("clients/notes.txt", "")
    run = site.admin("check")
    assert (run.status, run.out) == (78, "")
    assert all(line.startswith("rsyncgate: ") for line in run.err.splitlines())
    for n, (_, said) in enumerate(POLICIES):
        assert any(f"clients/c{n}.toml: " in line and said in line for line in run.err.splitlines())
    for said in (
        "gate.toml: verbose: is no key",
        "/nowhere/rsync is no program",
        "notes.txt: is not",
    ):
        assert said in run.err


def test_check_is_content(site: Site) -> None:
    """With no mistake `check` says what is in force."""
    run = site.admin("check")
    assert (run.status, run.err) == (0, "")
    assert run.out.splitlines()[0].endswith(": 1 client, no mistakes")
    assert "rsync: /usr/bin/rsync; confinement holds" in run.out
    assert f"journal: {site.journal_file}" in run.out
