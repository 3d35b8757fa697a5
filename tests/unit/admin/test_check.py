# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""`rsyncgate check`: every mistake, before a client meets it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rsyncgate.__main__ import main
from unit.conftest import Configuration

SOUND = '[[allow]]\npaths = ["/srv"]\n'


@pytest.fixture(autouse=True)
def rsync(config: Configuration) -> None:
    """Settings that name a program there is."""
    config.settings(rsync="/bin/true")


def check(
    config: Configuration, capsys: pytest.CaptureFixture[str], *words: str
) -> tuple[int, list[str], str]:
    """The exit status, the mistakes and what is printed where there are none."""
    status = main(["--config", config.path, "check", *words])
    printed = capsys.readouterr()
    lines = printed.err.splitlines()
    assert all(line.startswith("rsyncgate: ") for line in lines)
    return status, [line.removeprefix("rsyncgate: ") for line in lines], printed.out


def test_sound(config: Configuration, capsys: pytest.CaptureFixture[str]) -> None:
    """A sound configuration is summed up in a line, and nothing is written anywhere."""
    config.client("nas01", SOUND)
    config.client("nas02", SOUND)
    status, mistakes, printed = check(config, capsys)
    assert (status, mistakes) == (0, [])
    assert printed == (
        f"{config.path}: 2 clients, no mistakes\n"
        "rsync: /bin/true; confinement holds\n"
        f"journal: {config.journal}\n"
    )
    assert not config.journal.parent.exists()


def test_everything_at_once(config: Configuration, capsys: pytest.CaptureFixture[str]) -> None:
    """All mistakes of all files come in one go, each with its file."""
    config.write("gate.toml", "rsync = '/nonexistent'\nlog = 5\njournal = '/nonexistent/x/journal'")
    config.client("nas01", "allow = 5\nform = []")
    config.client("nas02", SOUND)
    config.client("b c", SOUND)
    config.write("clients/nas03.tml", SOUND)
    status, mistakes, printed = check(config, capsys)
    assert (status, printed) == (78, "")
    starts = [
        f"{config.path}/gate.toml: log: is no key here",
        f"{config.path}/clients/nas03.tml: is not read; name it CLIENT.toml",
        '--client "b c": is no client name',
        f"{config.path}/clients/nas01.toml: form: is no key here",
        f"{config.path}/clients/nas01.toml: allow: is no list of rules",
        "rsync: /nonexistent is no program",
        "journal: /nonexistent does not exist",
    ]
    assert len(mistakes) == len(starts)
    for start in starts:
        assert any(mistake.startswith(start) for mistake in mistakes), start


def test_control_characters(config: Configuration, capsys: pytest.CaptureFixture[str]) -> None:
    """What a policy says cannot steer the terminal of whoever checks it."""
    config.client("nas01", '"\\u001b[2J\\nno key" = 5\n' + SOUND)
    _, mistakes, _ = check(config, capsys)
    assert len(mistakes) == 1
    assert "\\x1b[2J\\x0ano key: is no key here" in mistakes[0]


def test_no_configuration(
    config: Configuration, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A directory that is not there is a mistake, not an empty configuration."""
    config.path = str(tmp_path / "none")
    status, mistakes, _ = check(config, capsys)
    assert status == 78
    assert mistakes[0] == f"{config.path}: is no directory; put the policies of the clients there"


@pytest.mark.parametrize("kind", ["directory", "link", "fifo", "foreign", "open"])
def test_journal(config: Configuration, capsys: pytest.CaptureFixture[str], kind: str) -> None:
    """What would keep the gate from writing its journal is found without writing to it."""
    journal = config.journal
    journal.parent.mkdir()
    if kind == "directory":
        journal.mkdir()
    elif kind == "link":
        journal.symlink_to("/dev/null")
    elif kind == "fifo":
        os.mkfifo(journal, 0o600)
    else:
        journal.touch(0o600)
        os.chown(journal, 65534 if kind == "foreign" else 0, 0)
        journal.chmod(0o600 if kind == "foreign" else 0o622)
    status, mistakes, _ = check(config, capsys)
    assert status == 78
    assert len(mistakes) == 1
    assert mistakes[0].startswith("journal: ")
    assert str(journal) in mistakes[0]


def test_hidden_files_are_left_alone(
    config: Configuration, capsys: pytest.CaptureFixture[str]
) -> None:
    """An editor's hidden files among the clients are nobody's policy and no mistake."""
    config.client("nas01", SOUND)
    config.write("clients/.nas01.toml.swp", "x")
    status, _, printed = check(config, capsys)
    assert status == 0
    assert "1 client, " in printed


def test_files_that_are_not_in_place_yet(
    config: Configuration, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Named files are looked at alone, whatever they are called and whoever may write to them."""
    config.client("nas01", "form = []")
    settings, policy = tmp_path / "a draft", tmp_path / "another"
    settings.write_text("rsync = '/bin/true'")
    policy.write_text(SOUND)
    for file in (settings, policy):
        file.chmod(0o666)
        if os.geteuid() == 0:
            os.chown(file, 65534, 65534)
    words = ("--settings", str(settings), str(policy))
    printed = f"{policy}: no mistakes\n{settings}: no mistakes\n"
    assert check(config, capsys, *words) == (0, [], printed)
    settings.write_text("rsync = '/nonexistent'\nlog = 5")
    policy.write_bytes(b"\xff")
    status, mistakes, _ = check(config, capsys, *words)
    starts = (f"{policy}: is no TOML", f"{settings}: log: is no key", "rsync: /nonexistent is no ")
    assert (status, len(mistakes)) == (78, len(starts))
    for mistake, start in zip(mistakes, starts, strict=True):
        assert mistake.startswith(start)
