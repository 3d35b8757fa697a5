# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The alert rules, as promtool sees them with what the real metrics command wrote."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from rsyncgate.journal.chain import HEAD, count_failure
from unit.admin.books import DAY, HOUR, NOW, Book
from unit.conftest import Configuration, Runs

RULES = Path(__file__).resolve().parents[3] / "deploy" / "prometheus" / "rsyncgate.rules.yml"
STEP = timedelta(minutes=15)
SECONDS = timedelta(seconds=1)
MTIME = "node_textfile_mtime_seconds{instance='www', file='/x/rsyncgate.prom'}"


class Monitored:
    """A server whose metrics Prometheus has read; its clock is at 0 in the beginning."""

    def __init__(self, config: Configuration, rsyncgate: Runs) -> None:
        self.config, self.rsyncgate = config, rsyncgate
        self.book = Book(config.journal)
        self.clock = timedelta()
        self.series: dict[str, list[str]] = {}

    def reads(self, last: timedelta, cron: bool = True) -> None:
        """The metrics are as they are now for the time that they `last`; `cron` writes them."""
        done = self.rsyncgate("--config", self.config.path, "metrics")
        assert (done.returncode, done.stderr) == (0, b"")
        begun, steps = self.clock // STEP, last // STEP
        found = {MTIME: self.clock / SECONDS}
        for family in text_string_to_metric_families(done.stdout.decode()):
            for sample in family.samples:
                labels = {**sample.labels, "instance": "www"}.items()
                value = sample.value
                if family.name.endswith("_timestamp_seconds"):
                    value += self.clock / SECONDS - NOW.timestamp()
                found[f"{sample.name}{{{','.join(f'{k}={v!r}' for k, v in labels)}}}"] = value
        for name, value in found.items():
            values = self.series.setdefault(name, [f"_x{begun}"] if begun else [])
            more = STEP // SECONDS if name == MTIME and cron else 0
            values.append(f"{value:f}+{more}x{steps - 1}")
        self.clock += last

    def firing(self, directory: Path, *alerts: str) -> None:
        """Just these `alerts` fire as the clock stands."""
        question = {
            "rule_files": [str(RULES)],
            "evaluation_interval": f"{STEP // SECONDS}s",
            "tests": [{
                "interval": f"{STEP // SECONDS}s",
                "input_series": [
                    {"series": name, "values": " ".join(values)}
                    for name, values in self.series.items()
                ],
                "promql_expr_test": [{
                    "expr": "count by(alertname) (ALERTS{alertstate='firing'})",
                    "eval_time": f"{(self.clock - STEP) // SECONDS}s",
                    "exp_samples": [
                        {"labels": f'{{alertname="Rsyncgate{name}"}}', "value": 1}
                        for name in alerts
                    ],
                }],
            }],
        }  # fmt: skip
        file = directory / "test.json"
        file.write_text(json.dumps(question))
        command = ["promtool", "test", "rules", str(file)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def server(config: Configuration, rsyncgate: Runs) -> Monitored:
    """A server with a good backup, read for two hours."""
    server = Monitored(config, rsyncgate)
    server.book.pull("nas01", HOUR)
    server.reads(HOUR * 2)
    return server


def damage(book: Book) -> None:
    """Something else writes to the journal."""
    with book.journal.open("ab") as stream:
        stream.write(b"foreign\n")


def take_away(book: Book) -> None:
    """The journal is deleted with its head, and begins anew."""
    book.journal.unlink()
    Path(f"{book.journal}{HEAD}").unlink()
    book.note("finished", "nas01", HOUR, status=0)


EVENTS: dict[str, Callable[[Book], object]] = {
    "": lambda book: book.pull("nas01", HOUR),
    "Refused": lambda book: book.refuse("nas01", HOUR),
    "Refused RefusedOften": lambda book: [book.refuse("nas02", HOUR) for _ in range(11)],
    "Fault": lambda book: book.note("error", "nas01", HOUR, detail="a bug"),
    "Clock": lambda book: book.pull("nas01", -4 * HOUR),
    "Unconfined": lambda book: book.pull("nas01", HOUR, held=False),
    "JournalDamaged": damage,
    "JournalBeganAnew": take_away,
    "JournalUnwritable": lambda book: count_failure(str(book.journal)),
}


@pytest.mark.parametrize("alerts", EVENTS)
def test_what_happens(server: Monitored, tmp_path: Path, alerts: str) -> None:
    """Each thing that should wake someone fires its own alert within the hour, and no other."""
    EVENTS[alerts](server.book)
    server.reads(HOUR)
    server.firing(tmp_path, *alerts.split())


def test_it_passes(server: Monitored, tmp_path: Path) -> None:
    """What happened once is no alert any more two hours later."""
    server.book.refuse("nas01", HOUR)
    server.book.note("error", "nas01", HOUR)
    damage(server.book)
    count_failure(str(server.book.journal))
    server.reads(HOUR * 2)
    server.firing(tmp_path)


def test_old_journals_expire(server: Monitored, tmp_path: Path) -> None:
    """Counters that fall because logrotate deleted a journal are no alert."""
    for _ in range(5):
        server.book.refuse("nas01", HOUR)
    server.reads(HOUR * 3)
    rest = server.book.journal.read_bytes().splitlines(keepends=True)
    server.book.journal.write_bytes(b"".join(rest[4:]))
    server.reads(HOUR)
    server.firing(tmp_path)


def test_a_new_server(config: Configuration, rsyncgate: Runs, tmp_path: Path) -> None:
    """Refusals from before anybody looked are no alert."""
    server = Monitored(config, rsyncgate)
    server.book.pull("nas01", HOUR)
    server.book.refuse("nas01", HOUR)
    server.reads(HOUR)
    server.firing(tmp_path)


def test_nothing_comes(server: Monitored, tmp_path: Path) -> None:
    """After 26 hours without a success, and not before, the client is missed."""
    server.reads(HOUR * 25)
    server.firing(tmp_path)
    server.series.clear()
    server.reads(HOUR * 26)
    server.firing(tmp_path, "NoSuccess")


def test_nothing_ever_comes(server: Monitored, tmp_path: Path) -> None:
    """A client whose sessions fail from the first is missed after a day, like one that came."""
    server.book.note("finished", "nas02", HOUR, status=12)
    server.reads(HOUR * 24)
    server.firing(tmp_path)
    server.reads(HOUR * 3)
    server.firing(tmp_path, "NeverSucceeded")


def test_learn_mode(server: Monitored, tmp_path: Path) -> None:
    """Learning is no alert on its first days; on the third it is, and not when it has ended."""
    for _ in range(3):
        server.firing(tmp_path)
        server.book.note("captured", "nas02", HOUR)
        server.reads(DAY)
    server.firing(tmp_path, "StillLearning")
    server.reads(DAY)
    server.firing(tmp_path)


def test_the_cron_job_ends(server: Monitored, tmp_path: Path) -> None:
    """Metrics that nobody writes any more are an alert of their own."""
    server.reads(HOUR * 2, cron=False)
    server.firing(tmp_path, "MetricsStale")


def test_what_is_there(server: Monitored, tmp_path: Path) -> None:
    """Promtool has nothing to say of the rules, and the command writes all that they look at."""
    done = subprocess.run(["promtool", "check", "rules", RULES], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    server.book.refuse("nas01", HOUR)
    server.reads(HOUR)
    written = {name.partition("{")[0] for name in server.series}
    questions = re.findall("expr: (.+)", RULES.read_text())
    assert set(re.findall(r"\b(?:rsyncgate|node)_\w+", str(questions))) <= written


def test_what_to_type(server: Monitored) -> None:
    """Each alert's description names a command, and rsyncgate takes it."""
    descriptions = re.findall('description: "(.+)"', RULES.read_text())
    assert len(descriptions) == RULES.read_text().count("- alert:")
    assert all("`rsyncgate " in text for text in descriptions)
    server.book.note("captured", "nas01", HOUR)
    for command in set(re.findall("`rsyncgate ([^`]+)`", str(descriptions))):
        words = shlex.split(command.replace("{{ $labels.client }}", "nas01"))
        if words == ["audit", "show"]:
            words.append(f"{1:016x}")
        done = server.rsyncgate("--config", server.config.path, *words)
        assert b"Usage:" not in done.stderr, command
        assert words == ["doctor"] or done.returncode == 0, (command, done.stderr)
