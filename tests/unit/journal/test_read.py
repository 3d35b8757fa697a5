# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Reading journals back, whatever a crash, an editor or a stranger left in them."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from rsyncgate.admin.audit_tally import Counted
from rsyncgate.journal import read_files
from rsyncgate.journal.read import Asked, Damage, Record, Scan, journal_files, journal_of, journals
from rsyncgate.journal.read_files import chunks, pieces
from rsyncgate.journal.read_lines import _Fast, _Slow, decoder
from rsyncgate.journal.record import line


def entry(second: int, **more: Any) -> bytes:
    """A whole line of a journal, of that second."""
    return line(
        {"v": 1, "ts": f"2026-11-01T00:00:{second:02d}.000000Z", "event": "refused", **more}
    )


def whys(scan: Scan) -> list[tuple[int, str]]:
    """Where damage was found, and what kind."""
    return [(damage.line, damage.why) for damage in scan.damage]


def test_records(tmp_path: Path) -> None:
    """Records come in their order, any byte of a name intact; each bad line is named, with why."""
    journal = tmp_path / "journal.jsonl"
    journal.write_bytes(
        entry(1)
        + b'\n{"n": \nnull\n{"prev": "ab\n\0\0\n'
        + entry(2, command="/caf\udce9\r\n")
        + b'{"v": 2, "ts": "", "event": ""}\n{"v": 1, "ts": 5, "event": ""}\n'
        + entry(3)
        + b'{"prev": "torn'
    )
    scan = Scan([str(journal)])
    found = list(scan.records())
    assert [record["ts"][17:19] for record in found] == ["01", "02", "03"]
    assert found[1]["command"] == "/caf\udce9\r\n"
    none = "is no record of rsyncgate"
    torn = "is torn: a record that was cut short"
    assert whys(scan) == [
        (2, "is empty"),
        (3, none),
        (4, none),
        (5, torn),
        (6, "holds NUL bytes, as a crash of the machine leaves them"),
        (8, "has the shape 2, which only a later rsyncgate reads"),
        (9, none),
        (11, torn),
    ]
    assert str(scan.damage[0]) == f"{journal}:2: is empty"
    assert (scan.damaged, scan.lines) == (8, 11)


def test_missing_file(tmp_path: Path) -> None:
    """A file that is not there is damage, and the next is read all the same."""
    there = tmp_path / "there"
    there.write_bytes(entry(1))
    scan = Scan([str(tmp_path / "none"), str(there)])
    assert len(list(scan.records())) == 1
    none = str(tmp_path / "none")
    assert scan.damage == [Damage(none, 0, "cannot be read: No such file or directory")]


@given(
    st.lists(st.binary(max_size=30) | st.sampled_from([b"[" * 100_000, entry(1)[:-1]]), max_size=4)
)
def test_any_file(tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]) -> None:
    """No line stops the reader; each is a record or damage."""
    journal = tmp_path_factory.getbasetemp() / "any"
    journal.write_bytes(b"".join(text + b"\n" for text in lines))
    scan = Scan([str(journal)])
    assert len(list(scan.records())) + scan.damaged == scan.lines


VALUES: st.SearchStrategy[Any] = st.sampled_from(
    [1, 2, 0, True, None, "x", "\udc80", "é😀", [], ["a"], [1], {}, 1.5, 2.0, 2**70]
) | st.just({"landlock": 7, "x": "\udc80"})
ROWS = st.dictionaries(
    st.sampled_from(
        ["v", "ts", "event", "client", "command", "secluded", "confinement", "bytes", "other"]
    ),
    VALUES,
)


@given(ROWS | st.builds(lambda row: {"v": 1, "ts": "t", "event": "e", **row}, ROWS))
def test_both_decoders_agree(row: dict[str, Any]) -> None:
    """A line gives the same object, or none, with msgspec and with the standard library alone."""
    text = json.dumps(row).encode()
    for shape, check in ((Asked, None), (Counted, None), (dict[str, Any], Record)):
        fast, slow = decoder(shape, check), _Slow(shape, check or shape)
        assert isinstance(fast, _Fast)
        alone = slow.one(text)
        block = fast.many(text + b"\n")
        assert (fast.one(text) if block is None else block[0]) == alone


def test_a_damaged_line_among_good_ones_costs_only_itself(tmp_path: Path) -> None:
    """Where a block of lines cannot be taken at once, the good ones in it are the same."""
    good = b"".join(entry(n % 60, client=f"c{n}", command="x" * 50) for n in range(5000))
    journal = tmp_path / "journal"
    journal.write_bytes(good)
    whole = list(Scan([str(journal)]).requests())
    journal.write_bytes(b"bad\n" + good + b"bad\n")
    scan = Scan([str(journal)])
    assert list(scan.requests()) == whole
    assert [damage.line for damage in scan.damage] == [1, 5002]


def test_requests_of_a_session(tmp_path: Path) -> None:
    """What was captured, allowed or refused is a request; how it ended is not another."""
    journal = tmp_path / "journal"
    events = ("captured", "allowed", "finished", "refused", "error", "policy-written")
    journal.write_bytes(
        b"".join(line({"v": 1, "ts": "t", "event": event, "pid": 5}) for event in events)
    )
    found = list(Scan([str(journal)]).requests())
    assert [row["event"] for row in found] == ["captured", "allowed", "refused"]
    assert all("pid" not in row for row in found)


def test_find(tmp_path: Path) -> None:
    """A session is found by its id alone, not by an id in what a client sent."""
    journal = tmp_path / "journal"
    journal.write_bytes(
        entry(1, id="aa") + entry(2, id="bb", command='"aa"') + b"bad\n" + entry(3, id="aa")
    )
    found = list(Scan([str(journal)]).find("aa"))
    assert [record["ts"][17:19] for record in found] == ["01", "03"]


def test_journal_files(tmp_path: Path) -> None:
    """The live journal and all that logrotate made of it, the oldest first; nothing else."""
    wanted = [
        "journal.jsonl-20261030.zst",
        "journal.jsonl-20261031",
        "journal-20261101.jsonl.gz",
        "journal.jsonl.10.gz",
        "journal.jsonl.2.gz",
        "journal.jsonl.1",
        "journal.jsonl",
    ]
    others = ["journal.jsonl.1.gz", "journal.jsonl.head", "journal.jsonl.bak", "other.jsonl.1"]
    for name in [*wanted, *others]:
        (tmp_path / name).touch()
    files = journal_files(str(tmp_path / "journal.jsonl"))
    assert [Path(file).name for file in files] == wanted
    assert {journal_of(file) for file in files} == {str(tmp_path / "journal.jsonl")}


def test_journals_of_several_hosts(tmp_path: Path) -> None:
    """A directory is every journal below it; files of one journal are oldest first in any case."""
    wanted = [
        "a/journal.jsonl.2.gz",
        "a/journal.jsonl.1",
        "a/journal.jsonl",
        "b/journal-20261001.jsonl.gz",
        "b/journal-20261101.jsonl",
    ]
    for name in [*wanted, "a/journal.jsonl.1.gz", "a/journal.jsonl.head", "b/notes.txt"]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    files = [str(tmp_path / name) for name in wanted]
    assert journals([str(tmp_path)]) == files
    shell = sorted(str(file) for file in tmp_path.glob("*/journal*"))  # as * stands for them
    assert journals(shell) == files
    assert journals([*files[2:], "-"]) == [*files[2:], "-"]
    (tmp_path / "none").mkdir()
    with pytest.raises(ValueError, match="none: there is no journal"):
        journals([str(tmp_path / "none")])


COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".zst": zstandard.compress,
    ".xz": lzma.compress,
    ".bz2": bz2.compress,
}


@pytest.mark.parametrize("ending", COMPRESSORS)
def test_compressed(tmp_path: Path, ending: str) -> None:
    """A compressed journal is read like any other, and if it was appended to compressed."""
    compress = COMPRESSORS[ending]
    file = tmp_path / f"journal.jsonl.1{ending}"
    file.write_bytes(compress(entry(1)) + compress(entry(2) * 30_000))
    scan = Scan([str(file)])
    assert sum(1 for _ in scan.records()) == 30_001
    assert scan.damage == []


@pytest.mark.parametrize("ending", COMPRESSORS)
def test_damaged_compression(tmp_path: Path, ending: str) -> None:
    """A compressed file that was cut short or overwritten is damage from there on, no more."""
    whole = COMPRESSORS[ending](b"".join(entry(n % 60, n=n) for n in range(3000)))
    file = tmp_path / f"journal.jsonl.1{ending}"
    for data in (whole[:-20], b"not compressed at all, for sure", whole[:60]):
        file.write_bytes(data)
        scan = Scan([str(file)])
        list(scan.records())
        assert str(file) in {damage.file for damage in scan.damage}
        assert any("damaged" in d.why or "ends early" in d.why for d in scan.damage)


def test_stdin() -> None:
    """The file named - is standard input."""
    code = "from rsyncgate.journal.read import Scan; print(len(list(Scan(['-']).records())))"
    done = subprocess.run(
        [sys.executable, "-c", code], input=entry(1) * 7, capture_output=True, check=True
    )
    assert done.stdout == b"7\n"


def test_a_line_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is one endless line does not fill the memory, and the next file is read."""
    monkeypatch.setattr("rsyncgate.journal.read.LONGEST", 1 << 20)
    endless, next_one = tmp_path / "endless", tmp_path / "next"
    endless.write_bytes(b"x" * (3 << 20))
    next_one.write_bytes(entry(1))
    scan = Scan([str(endless), str(next_one)])
    assert len(list(scan.records())) == 1
    assert [(d.file, d.line) for d in scan.damage] == [(str(endless), 1)]


@pytest.mark.parametrize("size", [1, 100, 1000, 10**6])
def test_pieces(tmp_path: Path, size: int) -> None:
    """The pieces of a file are whole lines, and together the file."""
    journal = tmp_path / "journal"
    journal.write_bytes(b"".join(entry(n % 60, n=n) for n in range(30)) + b"torn")
    parts = pieces([str(journal)], size)
    texts = [b"".join(chunks(part)) for part in parts]
    assert b"".join(texts) == journal.read_bytes()
    assert all(text.endswith(b"\n") for text in texts[:-1])


def test_chunks_are_small() -> None:
    """No file is read as a whole."""
    assert read_files.CHUNK <= 1 << 20
