# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The journal gets whole lines or none, from however many gates at once."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rsyncgate.journal import write
from rsyncgate.journal.write import append
from rsyncgate.refusal import TRY_AGAIN, Refusal


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """Where a journal may be made, in a directory that is not there yet."""
    return tmp_path / "log" / "journal.jsonl"


def held(journal: Path) -> list[dict[str, Any]]:
    """The records as they were given to append(): without what links each to the one before."""
    return [{k: v for k, v in json.loads(line).items() if k not in ("prev", "seq")}
            for line in journal.read_bytes().splitlines()]  # fmt: skip


def refused(path: Path) -> Refusal:
    """The refusal that an append to `path` ends in."""
    with pytest.raises(Refusal) as caught:
        append(str(path), {"n": 1})
    assert (caught.value.code, caught.value.status) == ("journal", TRY_AGAIN)
    assert str(path) not in caught.value.sentence()  # the client learns nothing of the server
    assert str(path) in caught.value.detail
    return caught.value


def in_children(count: int, work: Callable[[int], None]) -> list[int]:
    """The exit statuses of `count` processes that each do `work`, all at once."""
    children = []
    start, starter = os.pipe()
    for number in range(count):
        child = os.fork()
        if child == 0:
            status = 1
            try:
                os.close(starter)
                os.read(start, 1)  # nothing comes: it ends when all have been forked
                work(number)
                status = 0
            finally:
                os._exit(status)
        children.append(child)
    os.close(start)
    os.close(starter)
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


def test_append(journal: Path) -> None:
    """The first record makes the journal and its directory, for its owner alone; others follow."""
    append(str(journal), {"n": 1})
    append(str(journal), {"n": 2})
    assert held(journal) == [{"n": 1}, {"n": 2}]
    assert journal.stat().st_mode & 0o777 == 0o600
    assert journal.parent.stat().st_mode & 0o777 == 0o700


def test_a_generous_umask_opens_nothing(journal: Path) -> None:
    """The journal is private whatever umask sshd left."""
    old = os.umask(0)
    try:
        append(str(journal), {"n": 1})
    finally:
        os.umask(old)
    assert journal.stat().st_mode & 0o777 == 0o600
    assert journal.parent.stat().st_mode & 0o777 == 0o700


def test_many_writers(journal: Path) -> None:
    """Records of many gates at once, the first one's making of the file included, stay whole."""

    def work(number: int) -> None:
        for n in range(50):
            append(str(journal), {"writer": number, "n": n, "text": "x" * (n * 97 % 3000)})

    assert in_children(20, work) == [0] * 20
    lines = journal.read_bytes().splitlines()
    found = [(record["writer"], record["n"]) for record in held(journal)]
    assert len(lines) == 1000
    assert Counter(found) == Counter((w, n) for w in range(20) for n in range(50))
    for number in range(20):
        assert [n for writer, n in found if writer == number] == list(range(50))


def test_rotation(journal: Path) -> None:
    """A record goes to the file that has the journal's name, though it was renamed meanwhile."""

    def work(number: int) -> None:
        for n in range(40):
            if number == 0:
                time.sleep(0.002)
                if journal.exists():
                    journal.rename(journal.with_suffix(f".{n}"))
            else:
                append(str(journal), {"writer": number, "n": n})

    assert in_children(4, work) == [0] * 4
    files = [file for file in journal.parent.iterdir() if file.suffix != ".head"]
    found = [record for file in files for record in held(file)]
    assert len(found) == 3 * 40
    append(str(journal), {"last": True})
    assert held(journal)[-1] == {"last": True}


def test_rotation_between_two_steps(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A journal that is replaced after it was opened, and before it was locked, is let go."""
    append(str(journal), {"n": 1})
    rotated = journal.with_suffix(".1")
    lock = fcntl.flock

    def rotate_first(fd: int, how: int) -> None:
        if not rotated.exists():
            journal.rename(rotated)
            journal.touch(0o600)
        lock(fd, how)

    monkeypatch.setattr(fcntl, "flock", rotate_first)
    append(str(journal), {"n": 2})
    assert (held(rotated), held(journal)) == ([{"n": 1}], [{"n": 2}])


def test_torn_line(journal: Path) -> None:
    """A line that a crash cut short is ended first, and stays a line of its own."""
    journal.parent.mkdir()
    journal.write_bytes(b'{"n": 1}\n{"n": 2, "to')
    append(str(journal), {"n": 3})
    first, torn, last = journal.read_bytes().splitlines()
    assert (first, torn) == (b'{"n": 1}', b'{"n": 2, "to')
    assert json.loads(last)["n"] == 3


def test_symlink(journal: Path, tmp_path: Path) -> None:
    """A symlink in the journal's place is not followed, not even to make a file."""
    journal.parent.mkdir()
    journal.symlink_to(tmp_path / "elsewhere")
    refused(journal)
    assert not (tmp_path / "elsewhere").exists()


def test_no_regular_file(journal: Path) -> None:
    """A directory, a fifo or a device in the journal's place is refused, and nothing hangs."""
    journal.mkdir(parents=True)
    refused(journal)
    fifo = journal / "fifo"
    os.mkfifo(fifo, 0o600)
    refused(fifo)
    refused(Path("/dev/null"))


def test_no_place(journal: Path) -> None:
    """Only the last directory is made: a wrong path is refused, not built."""
    refused(journal.parent / "more" / "journal.jsonl")
    assert not journal.parent.exists()
    journal.parent.write_text("a file")
    refused(journal)


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_journal_that_others_can_write(journal: Path, mode: int) -> None:
    """A journal that others could change is refused and stays as it was."""
    journal.parent.mkdir()
    journal.write_bytes(b'{"n": 1}\n')
    journal.chmod(mode)
    refused(journal)
    assert journal.read_bytes() == b'{"n": 1}\n'


def test_a_journal_of_someone_else(journal: Path) -> None:
    """A journal that belongs to another account is refused."""
    append(str(journal), {"n": 1})
    os.chown(journal, 65534, 65534)
    refused(journal)


def test_a_held_lock(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An append waits for another's lock, but not for ever."""
    append(str(journal), {"n": 1})
    monkeypatch.setattr(write, "PATIENCE", 0.05)
    with journal.open("rb") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        begun = time.monotonic()
        assert "lock" in refused(journal).detail
        assert 0.05 <= time.monotonic() - begun < 5
    append(str(journal), {"n": 2})
    assert len(held(journal)) == 2


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 20 KiB, 4 of them the head's. Only root can mount one, and root tests."""
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20k", "tmpfs", disk], check=True)
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_full_disk(small_disk: Path) -> None:
    """A record that does not fit whole is not written at all; the next that fits is."""
    journal = small_disk / "journal.jsonl"
    append(str(journal), {"text": "x" * 9000})
    before = journal.read_bytes()
    with pytest.raises(Refusal) as caught:
        append(str(journal), {"text": "y" * 9000})
    assert caught.value.code == "journal"
    assert journal.read_bytes() == before
    append(str(journal), {"text": "z" * 1000})
    assert journal.read_bytes().startswith(before)
    assert len(held(journal)) == 2


def test_disk_without_room_for_a_byte(small_disk: Path) -> None:
    """Where nothing fits, nothing changes."""
    journal = small_disk / "journal.jsonl"
    append(str(journal), {"n": 1})
    with pytest.raises(OSError, match="space"):
        (small_disk / "filler").write_bytes(b"x" * 20_000)
    with pytest.raises(Refusal):
        append(str(journal), {"text": "y" * 5000})
    assert held(journal) == [{"n": 1}]


def test_disk_without_room_for_the_head(small_disk: Path) -> None:
    """Where the journal would fit and its head does not, nothing changes either."""
    journal, head = small_disk / "journal.jsonl", small_disk / "journal.jsonl.head"
    append(str(journal), {"n": 1})
    head.write_bytes(b"")
    with pytest.raises(OSError, match="space"):
        (small_disk / "filler").write_bytes(b"x" * 20_000)
    with pytest.raises(Refusal):
        append(str(journal), {"n": 2})
    assert held(journal) == [{"n": 1}]
