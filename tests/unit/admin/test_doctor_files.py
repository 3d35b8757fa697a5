# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The doctor on files: who can put another in their place."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rsyncgate.admin import doctor_files
from rsyncgate.admin.doctor_finding import FAILURE, OK

OWN = {0, os.geteuid()}
NOBODY = 65534


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A directory two below another, with a file in it."""
    place = tmp_path / "a" / "b"
    place.mkdir(parents=True)
    (place / "file").touch()
    return place


def wrong(path: Path) -> list[str]:
    """What is wrong with the way to `path`, below the test's own directory."""
    return [says for says, _ in doctor_files.faults(doctor_files.way(str(path)), OWN)]


def test_sound(place: Path) -> None:
    """A file that is root's, in directories that are, is sound; so is one below a sticky /tmp."""
    assert wrong(place / "file") == []
    (found,) = doctor_files.judge("files.x", "it", [str(place / "file")], OWN)
    assert found.level == OK


@pytest.mark.parametrize("which", ["file", ".", ".."])
@pytest.mark.parametrize("mode", [0o020, 0o002])
def test_others_can_write(place: Path, which: str, mode: int) -> None:
    """What others can write to is found at every height, and the mend is the command."""
    path = Path(os.path.normpath(place / which))
    path.chmod(path.stat().st_mode | mode)
    (found,) = doctor_files.judge("files.x", "it", [str(place / "file")], OWN)
    assert (found.level, found.mend) == (FAILURE, f"chmod go-w {path}")


def test_a_sticky_directory(place: Path) -> None:
    """In a sticky directory others cannot move what is root's; a sticky file is no directory."""
    place.chmod(0o1777)
    assert wrong(place / "file") == []
    (place / "file").chmod(0o1666)
    assert len(wrong(place / "file")) == 1


@pytest.mark.parametrize("which", ["file", ".", ".."])
def test_a_foreign_owner(place: Path, which: str) -> None:
    """What belongs to somebody else is found at every height."""
    path = Path(os.path.normpath(place / which))
    os.chown(path, NOBODY, -1)
    assert wrong(place / "file") == [f"{path} belongs to uid {NOBODY}"]
    assert doctor_files.faults(doctor_files.way(str(place)), OWN | {NOBODY}) == []


def test_symlinks(place: Path, tmp_path: Path) -> None:
    """A symlink's own directory, all it passes through and where it leads are on the way."""
    (tmp_path / "first").symlink_to("second")
    (tmp_path / "second").symlink_to("x/../a/b")
    (tmp_path / "x").mkdir()
    steps = {step.path for step in doctor_files.way(str(tmp_path / "first" / "file"))}
    names = ("first", "second", "x", "a", "a/b", "a/b/file")
    assert {str(tmp_path / name) for name in names} <= steps
    (tmp_path / "x").chmod(0o777)
    assert wrong(tmp_path / "first") == [f"others can write to {tmp_path}/x"]
    os.chown(tmp_path / "second", NOBODY, -1, follow_symlinks=False)
    assert f"{tmp_path}/second belongs to uid {NOBODY}" in wrong(tmp_path / "first")


def test_what_is_not_there(place: Path) -> None:
    """A path that is missing, or goes in a circle, is a failure and no crash."""
    (place / "round").symlink_to("round")
    for name in ("missing", "round", "file/below"):
        path = str(place / name)
        (found,) = doctor_files.judge("files.x", "it", [path], OWN)
        assert found.level == FAILURE
        assert path in found.says


def test_the_gate_is_all_its_modules() -> None:
    """A module that others can write to is as bad as the program."""
    files = doctor_files.gate(["/x/rsyncgate", "rsyncgate-missing"])
    assert {"/x/rsyncgate", "/usr/bin/rsyncgate-missing", doctor_files.__file__} <= set(files)


def test_readers(tmp_path: Path) -> None:
    """A journal that every account can read is a warning; a group of readers is not."""
    journal = tmp_path / "journal.jsonl"
    assert list(doctor_files.journal_readers(str(journal))) == []
    for mode, count in ((0o600, 0), (0o640, 0), (0o644, 1)):
        journal.touch()
        journal.chmod(mode)
        assert len(list(doctor_files.journal_readers(str(journal)))) == count
