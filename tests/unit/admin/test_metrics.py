# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The metrics, as Prometheus's own tool and parser see them."""

from __future__ import annotations

import os
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from rsyncgate.journal.write import append
from rsyncgate.refusal import Refusal
from unit.admin.books import HOUR, NOW, Book
from unit.conftest import Configuration, Runs


def samples(text: str) -> dict[tuple[str, ...], float]:
    """Every sample by its name and the values of its labels."""
    return {
        (sample.name, *(sample.labels[name] for name in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_metrics(config: Configuration, rsyncgate: Runs) -> None:
    """Promtool has nothing to say, and the numbers are the journal's."""
    book = Book(config.journal)
    book.pull("nas01", HOUR * 2, sent=1000)
    book.pull("nas01", HOUR, sent=234)
    book.note("finished", "nas01", HOUR, status=23, bytes=6)
    book.refuse("nas01", HOUR, "push")
    book.refuse('odd"\\\n\udcff', HOUR, "path")
    book.pull("nas02", HOUR, held=False)
    with config.journal.open("ab") as stream:
        stream.write(b"foreign\n")
    done = rsyncgate("--config", config.path, "metrics")
    assert (done.returncode, done.stderr) == (0, b"")
    checked = subprocess.run(
        ["promtool", "check", "metrics"], input=done.stdout, capture_output=True, check=False
    )
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, b"")
    found = samples(done.stdout.decode())
    assert found["rsyncgate_sessions_total", "nas01", "server", "succeeded"] == 2
    assert found["rsyncgate_sessions_total", "nas01", "server", "failed"] == 1
    assert found["rsyncgate_sent_bytes_total", "nas01", "server"] == 1240
    assert found["rsyncgate_refusals_total", "nas01", "server", "push"] == 1
    assert found["rsyncgate_confined", "nas01", "server"] == 1
    assert found["rsyncgate_confined", "nas02", "server"] == 0
    success = found["rsyncgate_last_success_timestamp_seconds", "nas01", "server"]
    assert success == pytest.approx((NOW - HOUR).timestamp(), abs=1e-3)
    assert found["rsyncgate_journal_damaged_lines",] == 1
    assert found["rsyncgate_journal_write_failures_total",] == 0


def test_before_the_first_request(config: Configuration, rsyncgate: Runs) -> None:
    """A new installation has metrics too: a cron job must not fail on it."""
    config.journal.parent.mkdir()
    done = rsyncgate("--config", config.path, "metrics")
    assert (done.returncode, done.stderr) == (0, b"")
    assert samples(done.stdout.decode())["rsyncgate_journal_records",] == 0


def test_output(config: Configuration, rsyncgate: Runs, tmp_path: Path) -> None:
    """The file appears whole, readable for node_exporter, with nothing beside it that it reads."""
    Book(config.journal).pull("nas01", HOUR)
    target = tmp_path / "textfile" / "rsyncgate.prom"
    target.parent.mkdir()
    target.write_text("old")
    inode = target.stat().st_ino
    done = rsyncgate("--config", config.path, "metrics", "--output", str(target))
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert samples(target.read_text())
    assert target.stat().st_mode & 0o777 == 0o644
    assert target.stat().st_ino != inode
    assert os.listdir(target.parent) == ["rsyncgate.prom"]


def test_write_failures_are_counted_on_a_full_disk(
    config: Configuration, rsyncgate: Runs, tmp_path: Path
) -> None:
    """Where nothing fits into the journal any more, the metrics still say how often that was."""
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], check=True)
    try:
        journal = disk / "journal.jsonl"
        config.settings(journal=str(journal))
        Book(journal).pull("nas01", timedelta())
        before = journal.read_bytes()
        for _ in range(3):
            with pytest.raises(Refusal) as caught:
                append(str(journal), {"text": "x" * 100_000})
            assert "space" in caught.value.detail or "full" in caught.value.detail
        assert journal.read_bytes() == before
        done = rsyncgate("--config", config.path, "metrics")
        found = samples(done.stdout.decode())
        assert found["rsyncgate_journal_write_failures_total",] == 3
        verify = rsyncgate("--config", config.path, "audit", "verify")
        assert verify.returncode == 0
        append(str(journal), {"text": "x" * 100})
        assert rsyncgate("--config", config.path, "audit", "verify").returncode == 0
    finally:
        subprocess.run(["umount", disk], check=True)
