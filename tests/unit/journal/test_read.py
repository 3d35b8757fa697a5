"""Reading the journal back, whatever a crash or an editor left in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rsyncgate.journal.read import records
from rsyncgate.journal.record import line


def test_records(tmp_path: Path) -> None:
    """Records come in the order they were written, and lines that are none are passed over."""
    journal = tmp_path / "journal.jsonl"
    journal.write_bytes(
        line({"n": 1})
        + b'\n{"n": \nnull\n[1]\n"text"\n12\n\xff\xfe\n'
        + line({"n": 2, "command": "/caf\udce9\r\n"})
        + b'{"n": 3, "torn'
    )
    assert list(records(str(journal))) == [{"n": 1}, {"n": 2, "command": "/caf\udce9\r\n"}]


def test_no_journal(tmp_path: Path) -> None:
    """A journal that cannot be read is an error, not an empty one."""
    with pytest.raises(FileNotFoundError):
        list(records(str(tmp_path / "none")))


@given(
    st.lists(st.binary(max_size=30) | st.sampled_from([b"[" * 100_000, b'{"n": 1}']), max_size=4)
)
def test_any_file(tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]) -> None:
    """No line stops the reader."""
    journal = tmp_path_factory.getbasetemp() / "any"
    journal.write_bytes(b"\n".join(lines))
    assert all(isinstance(record, dict) for record in records(str(journal)))
