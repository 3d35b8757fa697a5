# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The slots that count a client's sessions."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from rsyncgate.refusal import Refusal
from rsyncgate.session.slots import take


def refusal(directory: Path, client: str = "nas01", sessions: int = 2) -> Refusal:
    """Why there is no slot."""
    with pytest.raises(Refusal) as caught:
        take(str(directory), client, sessions)
    return caught.value


def taken(directory: Path, client: str = "nas01", sessions: int = 2) -> int:
    """A slot, which there is."""
    return take(str(directory), client, sessions)


def test_as_many_as_may(tmp_path: Path) -> None:
    """As many slots as sessions may run can be had at once, and not one more."""
    slots = [taken(tmp_path) for _ in range(2)]
    refused = refusal(tmp_path)
    assert (refused.code, refused.status) == ("busy", 75)
    assert "2 sessions run" in refused.sentence()
    os.close(slots[0])
    slots[0] = taken(tmp_path)
    assert refusal(tmp_path).code == "busy"
    for slot in slots:
        os.close(slot)


def test_one(tmp_path: Path) -> None:
    """One session is spoken of as one."""
    slot = taken(tmp_path, sessions=1)
    assert "1 session runs" in refusal(tmp_path, sessions=1).sentence()
    os.close(slot)


def test_clients_do_not_share(tmp_path: Path) -> None:
    """One client's sessions leave another's alone, also where names begin alike."""
    slots = [taken(tmp_path, client, 1) for client in ("nas", "nas.1", "nas01")]
    for slot in slots:
        os.close(slot)


def test_a_process_that_dies(tmp_path: Path) -> None:
    """A slot ends with the process that took it, however that ends."""
    here, there = os.pipe()
    child = os.fork()
    if child == 0:
        take(str(tmp_path), "nas01", 1)
        os.write(there, b"!")
        signal.pause()
    os.read(here, 1)
    assert refusal(tmp_path, sessions=1).code == "busy"
    os.kill(child, 9)
    os.waitpid(child, 0)
    os.close(taken(tmp_path, sessions=1))
    os.close(here)
    os.close(there)


def test_a_new_directory(tmp_path: Path) -> None:
    """The directory is made where the journal has not made it yet; nobody else can look into it."""
    os.close(taken(tmp_path / "log"))
    assert (tmp_path / "log").stat().st_mode & 0o777 == 0o700
    assert [path.stat().st_mode & 0o777 for path in (tmp_path / "log").iterdir()] == [0o600]


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: path.symlink_to("elsewhere")])
def test_something_in_the_way(tmp_path: Path, make: object) -> None:
    """What is no file where a slot should be is no slot, and no link leads elsewhere."""
    assert callable(make)
    make(tmp_path / ".nas01.1.slot")
    refused = refusal(tmp_path)
    assert (refused.code, refused.status) == ("journal", 75)
    assert refused.detail
    assert not (tmp_path / "elsewhere").exists()


def test_no_directory(tmp_path: Path) -> None:
    """Where the directory cannot be made there is no slot, and no session."""
    assert refusal(tmp_path / "none" / "log").code == "journal"
