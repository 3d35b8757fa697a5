# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Journals become distinct requests, whatever files they lie in and however they are read."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rsyncgate.admin.history import MOMENTARY, Seen, history
from rsyncgate.journal.distinct import distinct
from unit.admin.captures import EVENING, MORNING, record


def found(*files: Path, since: str = "", piece: int = 1 << 26) -> dict[str, dict[str, list[Seen]]]:
    """The history in `files`."""
    return history(distinct([str(f) for f in files], since, piece=piece).requests.values())


def summary(by_client: dict[str, dict[str, list[Seen]]]) -> list[tuple[object, ...]]:
    """All that is known of each request, as plain values."""
    return sorted(
        (name, event, one.command, one.count, one.first, one.last, sorted(one.peers.items()))
        for name, outcomes in by_client.items()
        for event, seen in outcomes.items()
        for one in seen
    )


def journal(tmp_path: Path, *lines: bytes, name: str = "journal.jsonl") -> Path:
    """A journal of these lines."""
    file = tmp_path / name
    file.write_bytes(b"".join(lines))
    return file


def test_requests_are_counted_once_each(tmp_path: Path) -> None:
    """The same request is one, with how often, from where and when; events are kept apart."""
    file = journal(
        tmp_path,
        record("a", ts=MORNING, pid=1, seq=1),
        record("a", ts=EVENING, pid=2, seq=2, id="00000000000000bb", peer="192.0.2.11"),
        record("a", "finished", status=0),
        record("a", "allowed", client="nas02"),
        record(None, "refused", reason="no-command"),
        record("a", version="2", ts=EVENING),
    )
    assert summary(found(file)) == [
        ("nas01", "captured", "a", 3, MORNING, EVENING, [("192.0.2.10", 2), ("192.0.2.11", 1)]),
        ("nas01", "refused", "", 1, MORNING, MORNING, [("192.0.2.10", 1)]),
        ("nas02", "allowed", "a", 1, MORNING, MORNING, [("192.0.2.10", 1)]),
    ]


lines = st.builds(
    record,
    st.none() | st.text(max_size=30),
    st.sampled_from(["captured", "allowed", "refused", "finished"]),
    client=st.sampled_from(["nas01", "nas02", '"}\n{']),
    pid=st.integers(0, 9),
    ts=st.sampled_from([MORNING, EVENING]),
    peer=st.sampled_from(["", "192.0.2.1", '", "pid": 7, ']),
)


@settings(max_examples=60)
@given(st.lists(lines, max_size=12), st.sampled_from(["", EVENING]))
def test_every_way_of_reading_finds_the_same(
    tmp_path_factory: pytest.TempPathFactory, written: list[bytes], since: str
) -> None:
    """Lines compared as text, taken apart one by one, or compressed: all is the same."""
    directory = tmp_path_factory.mktemp("ways")
    plain = journal(directory, *written)
    otherwise = [json.dumps(json.loads(line), sort_keys=True).encode() + b"\n" for line in written]
    packed = directory / "packed.gz"
    packed.write_bytes(gzip.compress(b"".join(written)))
    ways = [
        found(plain, since=since),
        found(journal(directory, *otherwise, name="other"), since=since),
        found(packed, since=since),
    ]
    expected: dict[tuple[str, str, str], int] = {}
    for row in map(json.loads, written):
        if row["event"] != "finished" and row["ts"] >= since:
            key = row["client"], row["event"], row["command"] or ""
            expected[key] = expected.get(key, 0) + 1
    assert {entry[:3]: entry[3] for entry in summary(ways[0])} == expected
    assert summary(ways[0]) == summary(ways[1]) == summary(ways[2])


def test_several_processes(tmp_path: Path) -> None:
    """Cut into pieces for several processes a journal holds the same, and damage keeps its line."""
    written = [record(f"rsync {n % 7}", pid=n, seq=n) for n in range(300)]
    written[200] = b"garbage\n"
    file = journal(tmp_path, *written)
    read: list[int] = []
    cut = distinct([str(file)], progress=read.append, piece=5000)
    whole = distinct([str(file)])
    assert summary(history(cut.requests.values())) == summary(history(whole.requests.values()))
    assert [str(damage) for damage in cut.damage] == [f"{file}:201: is no record of rsyncgate"]
    assert (cut.damage, cut.lines) == (whole.damage, 300)
    assert sum(read) == file.stat().st_size
    assert len(read) > 10


@settings(max_examples=30)
@given(st.text())
def test_a_record_cannot_be_forged(tmp_path_factory: pytest.TempPathFactory, command: str) -> None:
    """Whatever a command holds, even a whole record, it stays one request of the client it is."""
    forged = record("rsync --server --sender -r . /", client="nas02").decode()
    file = journal(tmp_path_factory.mktemp("forged"), record(f"{command}\n{forged}{command}"))
    assert [entry[:4] for entry in summary(found(file))] == [
        ("nas01", "captured", f"{command}\n{forged}{command}", 1)
    ]


def test_a_request_is_taken_apart_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the gate's own lines only the first of each request is decoded: that makes it fast."""
    file = journal(tmp_path, *(record(f"rsync {n % 3}", pid=n, seq=n) for n in range(90)))
    decoded: list[bytes] = []

    class Counting:
        def many(self, block: bytes) -> None:
            decoded.append(block)

        def one(self, line: bytes) -> object:
            return json.loads(line)

    monkeypatch.setattr("rsyncgate.journal.distinct.decoder", lambda _: Counting())
    assert [entry[3] for entry in summary(found(file))] == [30, 30, 30]
    assert len(decoded) == 3


def test_since(tmp_path: Path) -> None:
    """Requests from before a time are left out, and that there were some is known."""
    file = journal(tmp_path, record("old", ts=MORNING), record("new", ts=EVENING))
    part = distinct([str(file)], since=EVENING)
    assert [one.command for one in history(part.requests.values())["nas01"]["captured"]] == ["new"]
    assert part.older
    assert not distinct([str(file)], since=MORNING).older


@pytest.mark.parametrize("reason", MOMENTARY)
def test_refusals_of_the_moment(tmp_path: Path, reason: str) -> None:
    """A refusal that says nothing of the policy is no past verdict."""
    file = journal(tmp_path, record("a", "refused", reason=reason), record("a", "refused"))
    assert [entry[3] for entry in summary(found(file))] == [1]
