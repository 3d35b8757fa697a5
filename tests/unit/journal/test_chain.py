# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The chain: what holds it together, and that nothing can be taken from it unseen."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from rsyncgate.digest import digest
from rsyncgate.journal.chain import HEAD, LENGTH, Head, linked, links
from rsyncgate.journal.read import journal_files
from rsyncgate.journal.verify import Proof, noted_head, verify
from rsyncgate.journal.write import append
from rsyncgate.refusal import Refusal


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """A journal of nine records."""
    path = tmp_path / "journal.jsonl"
    for n in range(1, 10):
        append(str(path), {"n": n})
    return path


def lines(journal: Path) -> list[bytes]:
    """The lines of a journal."""
    return journal.read_bytes().splitlines()


def proved(journal: Path, since: str = "") -> Proof:
    """What verify says of a journal and all that was rotated."""
    return verify(journal_files(str(journal)), noted_head(str(journal)), since)


def test_every_record_holds_the_hash_of_the_line_before(journal: Path) -> None:
    """`prev` is the SHA-256 of the whole previous line, `seq` counts, the first follows nothing."""
    texts = lines(journal)
    records = [json.loads(text) for text in texts]
    assert [record["seq"] for record in records] == list(range(1, 10))
    assert [record["prev"] for record in records] == ["", *map(digest, texts[:-1])]
    assert proved(journal).breaks == []
    assert proved(journal).head == digest(texts[-1])


def test_links() -> None:
    """A line's link is read even where the line was cut short; other lines have none."""
    before = Head("ab" * 32, 100, 41)
    text = linked(b'{"n": 1}', before)
    assert json.loads(text) == {"prev": "ab" * 32, "seq": 42, "n": 1}
    assert links(text) == links(text[:-5]) == ("ab" * 32, 42)
    for other in (text[:40], b"", b"{}", b'{"prev": "ab", "seq": 1}', b'{"prev": "", "seq": x'):
        assert links(other) is None


def test_rotation_goes_on_with_the_chain(journal: Path) -> None:
    """A rotated file's last hash opens the next, however the new one is made."""
    journal.rename(journal.with_name("journal.jsonl.2"))
    append(str(journal), {"n": 10})
    journal.rename(journal.with_name("journal.jsonl.1"))
    journal.touch(0o600)
    append(str(journal), {"n": 11})
    assert json.loads(lines(journal)[0])["seq"] == 11
    assert (proved(journal).breaks, proved(journal).lines) == ([], 11)
    journal.with_name("journal.jsonl.1").unlink()
    (broken,) = proved(journal).breaks
    assert "a record was removed between" in broken
    journal.with_name("journal.jsonl.2").unlink()
    proof = proved(journal)
    assert proof.breaks == []
    assert "begins after a record that is not here" in proof.notes[0]


def swap(texts: list[bytes], at: int, *instead: bytes) -> list[bytes]:
    """`texts` with others in the place of the one numbered `at`, from 1."""
    return [*texts[: at - 1], *instead, *texts[at:]]


def changed(text: bytes) -> bytes:
    """A record that says something else."""
    return text.replace(b'"n"', b'"m"')


TAMPERED: list[tuple[str, Callable[[list[bytes]], list[bytes]], str]] = [
    ("change", lambda t: swap(t, 4, changed(t[3])), ":4 (record 4) was changed"),
    ("change the first", lambda t: swap(t, 1, changed(t[0])), ":1 (record 1) was changed"),
    ("change the last", lambda t: swap(t, 9, changed(t[8])), ":9 (record 9) was changed"),
    ("change all", lambda t: [*map(changed, t)], ":1 (record 1) was changed"),
    ("garble", lambda t: swap(t, 4, b"xx"), ":4 was changed, and is no record now"),
    ("remove", lambda t: swap(t, 4), "a record was removed between {}:3 (record 3) and"),
    ("remove three", lambda t: t[:3] + t[6:], "3 records were removed between {}:3 (record 3) and"),
    ("cut", lambda t: t[:-2], ":7 (record 7): the records after it were removed, up to record 9"),
    ("empty", lambda t: t[:0], "all 9 records were removed"),
    ("insert anything", lambda t: swap(t, 4, b"x", t[3]), ":4 was inserted"),
    ("insert a copy", lambda t: swap(t, 6, t[2], t[5]), ":6 (record 3) was inserted"),
    (
        "insert two",
        lambda t: swap(t, 6, t[1], t[2], t[5]),
        ":6 (record 2) was inserted, and 1 more",
    ),
    (
        "insert one with the right hash",
        lambda t: swap(t, 4, linked(b'{"n": 0}', Head(digest(t[2]), 0, 3)), t[3]),
        ":4 (record 4) was inserted",
    ),
    ("exchange", lambda t: [*t[:3], t[4], t[3], *t[5:]], ":4 (record 5) was inserted"),
]


@pytest.mark.parametrize(("tamper", "named"), [case[1:] for case in TAMPERED],
                         ids=[case[0] for case in TAMPERED])  # fmt: skip
def test_tampering(journal: Path, tamper: Callable[[list[bytes]], list[bytes]], named: str) -> None:
    """The first record that was changed, removed or inserted is named."""
    journal.write_bytes(b"".join(text + b"\n" for text in tamper(lines(journal))))
    proof = proved(journal)
    assert proof.breaks[0].removeprefix(str(journal)).startswith(named.format(journal))


@pytest.mark.parametrize("tamper", [case[1] for case in TAMPERED], ids=[c[0] for c in TAMPERED])
def test_the_gate_covers_no_tracks(
    journal: Path, tamper: Callable[[list[bytes]], list[bytes]]
) -> None:
    """What was tampered with stays visible after the gate has written on."""
    journal.write_bytes(b"".join(text + b"\n" for text in tamper(lines(journal))))
    was_empty = journal.stat().st_size == 0
    for n in (10, 11):
        append(str(journal), {"n": n})
    proof = proved(journal)
    if was_empty:  # which is how a rotated journal looks, too
        assert proof.opening
        assert json.loads(lines(journal)[0])["seq"] == 10
    else:
        assert proof.breaks


def test_since(journal: Path) -> None:
    """A head that was noted elsewhere is found again, unless the chain was rewritten."""
    noted = proved(journal).head
    append(str(journal), {"n": 10})
    assert proved(journal, noted).breaks == []
    texts = lines(journal)
    journal.unlink()
    journal.with_name(journal.name + HEAD).unlink()
    for text in texts:  # root computes every hash anew
        append(str(journal), {"m": json.loads(text)["n"]})
    assert proved(journal).breaks == []
    (broken,) = proved(journal, noted).breaks
    assert noted in broken


def test_torn_line(journal: Path) -> None:
    """A line that a crash cut short is part of the chain, and no tampering."""
    torn = linked(b'{"n": 10}', Head(proved(journal).head, 0, 9))[:-4]
    with journal.open("ab") as stream:
        stream.write(torn)
    says = f"{journal}:10 (record 10) is no whole record; it "
    assert f"{says}is the last" in proved(journal).notes
    append(str(journal), {"n": 11})
    proof = proved(journal)
    assert proof.breaks == []
    assert f"{says}was so when the next was written" in proof.notes
    assert json.loads(lines(journal)[-1])["prev"] == digest(torn)


def test_a_gate_killed_between_its_two_writes(journal: Path) -> None:
    """A record that the head does not know of yet is followed by the next, and noted until then."""
    head = journal.with_name(journal.name + HEAD)
    old = head.read_bytes()
    append(str(journal), {"n": 10})
    head.write_bytes(old)
    proof = proved(journal)
    assert proof.breaks == []
    assert "goes on after the last record that the gate vouches for" in proof.notes[0]
    append(str(journal), {"n": 11})
    assert (proved(journal).breaks, proved(journal).notes) == ([], [])


def test_a_gate_killed_just_before_a_rotation(journal: Path) -> None:
    """What a gate did not vouch for and rotation took away may be its own: verify says both."""
    head = journal.with_name(journal.name + HEAD)
    old = head.read_bytes()
    append(str(journal), {"n": 10})
    head.write_bytes(old)
    journal.rename(journal.with_name("journal.jsonl.1"))
    append(str(journal), {"n": 11})
    (broken,) = proved(journal).breaks
    assert broken.startswith(f"{journal}.1:10 (record 10) was inserted, or the gate that wrote it")


@pytest.mark.parametrize("head", [b"", b"x" * LENGTH, b"0 1 2\n"])
def test_a_lost_head(journal: Path, head: bytes) -> None:
    """Without a head, or with a damaged one, the chain goes on from the last line."""
    journal.with_name(journal.name + HEAD).write_bytes(head)
    append(str(journal), {"n": 10})
    assert proved(journal).breaks == []
    assert json.loads(lines(journal)[-1])["seq"] == 10


def test_a_journal_from_before_the_chain(tmp_path: Path) -> None:
    """Lines without a link, as long as they stand, are covered by the first that has one."""
    journal = tmp_path / "journal.jsonl"
    journal.write_bytes(b'{"n": 1}\n{"n": 2}\n')
    journal.chmod(0o600)
    append(str(journal), {"n": 3})
    assert json.loads(lines(journal)[-1])["prev"] == digest(b'{"n": 2}')
    assert proved(journal).breaks == []


def test_long_last_line(tmp_path: Path) -> None:
    """A last line longer than one read is hashed whole where the head is lost."""
    journal = tmp_path / "journal.jsonl"
    for text in ("a" * 70_000, "b" * 400_000):
        append(str(journal), {"text": text})
    journal.with_name(journal.name + HEAD).unlink()
    append(str(journal), {"n": 3})
    assert proved(journal).breaks == []


def test_many_gates_keep_one_chain(tmp_path: Path) -> None:
    """200 sessions at once, through rotations: nothing torn, nothing lost, one chain."""
    journal = tmp_path / "log" / "journal.jsonl"
    children = []
    for number in range(200):
        child = os.fork()
        if child == 0:
            status = 1
            try:
                for n in range(5):
                    append(str(journal), {"writer": number, "n": n, "text": "x" * number * 10})
                    if number % 100 == 50 and n == 2:
                        journal.rename(journal.with_name(f"journal.jsonl.{9 - number // 100}"))
                status = 0
            finally:
                os._exit(status)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 200
    proof = proved(journal)
    assert (proof.breaks, proof.notes) == ([], [])
    assert proof.lines == 1000


@pytest.mark.parametrize("kind", ["symlink", "fifo", "directory", "writable by others"])
def test_a_head_that_cannot_be_trusted(journal: Path, tmp_path: Path, kind: str) -> None:
    """Whatever stands in the head's place, nothing is written through it, and nothing hangs."""
    head = journal.with_name(journal.name + HEAD)
    before = journal.read_bytes()
    head.chmod(0o666)
    if kind != "writable by others":
        head.unlink()
    if kind == "symlink":
        head.symlink_to(tmp_path / "elsewhere")
    elif kind == "fifo":
        os.mkfifo(head)
    elif kind == "directory":
        head.mkdir()
    with pytest.raises(Refusal) as caught:
        append(str(journal), {"n": 10})
    assert caught.value.code == "journal"
    assert journal.read_bytes() == before
    assert not (tmp_path / "elsewhere").exists()
