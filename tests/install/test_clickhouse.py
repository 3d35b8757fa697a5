# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The SQL in deploy/clickhouse, on ClickHouse itself: it answers as `rsyncgate audit` does."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from install import fleet
from install.machines import REPOSITORY
from rsyncgate.journal.record import FIELDS

SQL = REPOSITORY / "deploy" / "clickhouse"
LAUNCHER = Path(sys.executable).with_name("rsyncgate")
LOG_HOST = "/var/log/rsyncgate-hosts"

Row = dict[str, Any]


class ClickHouse:
    """The engine, with the shipped tables and views in it."""

    def __init__(self) -> None:
        engine = [sys.executable, str(Path(__file__).with_name("engine.py"))]
        self.process = subprocess.Popen(
            engine, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for file in ("schema.sql", "views.sql"):
            self.ask((SQL / file).read_text())

    def __enter__(self) -> ClickHouse:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.communicate()

    def ask(self, statement: str) -> list[Row]:
        """The rows that a statement gives."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(statement) + "\n")
        self.process.stdin.flush()
        rows = json.loads(self.process.stdout.readline())
        assert isinstance(rows, list), rows
        return rows

    def ingest(self, files: str) -> None:
        """Runs the shipped ingest.sql on other files."""
        text = (SQL / "ingest.sql").read_text()
        assert f"'{LOG_HOST}/*/*.jsonl*'" in text
        self.ask(text.replace(f"{LOG_HOST}/*/*.jsonl*", files))


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log host's directory."""
    directory = tmp_path_factory.mktemp("hosts")
    fleet.write(directory)
    return directory


@pytest.fixture(scope="module")
def clickhouse(hosts: Path) -> Iterator[ClickHouse]:
    """The fleet's journals in ClickHouse; those of some hosts were delivered twice."""
    with ClickHouse() as engine:
        engine.ask("SYSTEM STOP MERGES rsyncgate.journal")  # two rows stay two
        engine.ingest(f"{hosts}/*/*.jsonl-*.gz")
        engine.ingest(f"{hosts}/*/*.jsonl")
        engine.ingest(f"{hosts}/web{{10..19}}/*.jsonl")
        (twice,) = engine.ask("SELECT count() - uniqExact(line) AS n FROM rsyncgate.journal")
        assert twice["n"] > 100, twice
        yield engine


def audit(*words: str) -> list[Row]:
    """What the command prints for a program."""
    done = subprocess.run(
        [LAUNCHER, "audit", *words],
        env={**os.environ, "TZ": "UTC"},
        capture_output=True,
        check=True,
    )
    assert b"Traceback" not in done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def ordered(rows: list[Row]) -> list[Row]:
    """`rows` in an order of their own, for those of one moment have none."""
    return sorted(rows, key=lambda row: json.dumps(row, sort_keys=True))


def records(clickhouse: ClickHouse, where: str) -> list[Row]:
    """The records that ClickHouse has, as they stand in the journals, by the moment."""
    found = clickhouse.ask(f"SELECT line FROM rsyncgate.records WHERE {where} ORDER BY ts")
    rows = [json.loads(row["line"]) for row in found]
    assert [row["ts"] for row in rows] == sorted(row["ts"] for row in rows)
    return rows


SRV = "arrayExists(p -> p = '/srv' OR startsWith(p, '/srv/'), paths)"
SAME = [
    ("1", []),
    ("host = 'web07'", ["--host", "web07"]),
    ("event = 'refused' AND reason = 'path'", ["--event", "refused", "--reason", "path"]),
    (SRV, ["--path", "/srv/"]),
    ("client = 'nas02' AND peer = '2001:db8::4'", ["--client", "nas02", "--peer", "2001:db8::4"]),
]


@pytest.mark.parametrize(("where", "options"), SAME)
def test_list(clickhouse: ClickHouse, hosts: Path, where: str, options: list[str]) -> None:
    """The records that fit are those of `audit list`, each once, to the byte."""
    listed = audit("list", "--json", *options, str(hosts))
    assert listed
    assert ordered(records(clickhouse, where)) == ordered(listed)


def test_show(clickhouse: ClickHouse, hosts: Path) -> None:
    """A session's records are those of `audit show`."""
    name = audit("list", "--json", "--event", "finished", str(hosts))[7]["id"]
    shown = audit("show", "--json", name, str(hosts))
    assert [row["event"] for row in shown] == ["allowed", "finished"]
    assert records(clickhouse, f"id = '{name}'") == shown


@pytest.fixture(scope="module")
def summary(hosts: Path) -> Row:
    """What `audit summary` says of the fleet."""
    (found,) = audit("summary", "--json", str(hosts))
    return found


def test_summary(clickhouse: ClickHouse, summary: Row) -> None:
    """Each client's last success, requests, bytes and refusals are those of `audit summary`."""
    clients = [{k: v for k, v in row.items() if k != "days"} for row in summary["clients"]]
    assert len(clients) == sum(1 + n % 3 for n in range(fleet.HOSTS))
    found = clickhouse.ask("SELECT * FROM rsyncgate.clients ORDER BY host, client")
    assert found == clients


def test_days(clickhouse: ClickHouse, summary: Row) -> None:
    """So are the numbers of each day."""
    days = [
        {"host": row["host"], "client": row["client"], **day}
        for row in summary["clients"]
        for day in row["days"]
    ]
    columns = "* EXCEPT (captured, errors, last_success)"
    found = clickhouse.ask(f"SELECT {columns} FROM rsyncgate.days ORDER BY host, client, date")
    assert found == days


def test_refusals(clickhouse: ClickHouse, summary: Row) -> None:
    """So are the refusals by reason."""
    found = clickhouse.ask("SELECT * FROM rsyncgate.refusals ORDER BY host, client, reason")
    assert found == summary["refusals"]


def test_attention(clickhouse: ClickHouse, summary: Row) -> None:
    """So is what needs attention; there is something of every kind."""
    concerns = [{k: v for k, v in one.items() if k != "sentence"} for one in summary["attention"]]
    kinds = {one["what"] for one in concerns}
    assert kinds == {"late", "never", "unconfined", "fault", "refusal", "learning", "future"}
    found = clickhouse.ask("SELECT * FROM rsyncgate.attention")
    assert ordered([{**row, "since": row["since"] or ""} for row in found]) == ordered(concerns)


def test_sessions(clickhouse: ClickHouse, hosts: Path) -> None:
    """Each session has one row: who pulled what, when, and how it ended."""
    expected = {}
    for row in audit("list", "--json", str(hosts)):
        if row["event"] in ("allowed", "captured", "refused", "error"):
            new = {"began": row["ts"], "client": row["client"], "outcome": row["event"]}
            expected[row["id"]] = new | {"host": row["host"], "ended": None, "bytes": None}
        elif row["event"] == "finished":
            outcome = "succeeded" if row["status"] == 0 else "failed"
            expected[row["id"]] |= {"ended": row["ts"], "bytes": row["bytes"], "outcome": outcome}
    columns = "id, began, client, outcome, host, ended, bytes"
    found = clickhouse.ask(f"SELECT {columns} FROM rsyncgate.sessions")
    assert {row.pop("id"): row for row in found} == expected


def shown(value: Any) -> Any:
    """A record's value as the columns have it: halves of pairs as six characters."""
    if isinstance(value, str):
        return re.sub("[\ud800-\udfff]", lambda half: f"\\u{ord(half[0]):04x}", value)
    if isinstance(value, list):
        return [*map(shown, value)]
    return {k: shown(v) for k, v in value.items()} if isinstance(value, dict) else value


def test_columns(clickhouse: ClickHouse, hosts: Path) -> None:
    """Every field of a record has a column, which holds what the record has there."""
    found = clickhouse.ask("SELECT * FROM rsyncgate.journal FINAL WHERE v = 1")
    assert set(found[0]) == {*FIELDS, "line", "hash"}
    seen = set()
    for row in found:
        record = json.loads(row["line"])
        for name in ("granted", "confinement", "facts"):
            row[name] = json.loads(row[name] or "{}")
        assert {name: row[name] for name in record} == shown(record)
        assert not any(row[name] for name in set(FIELDS) - set(record) - {"request"})
        seen |= set(record)
    assert seen == set(FIELDS)


def test_damage(clickhouse: ClickHouse) -> None:
    """A line that is no record is kept, and counted nowhere."""
    found = clickhouse.ask("SELECT line FROM rsyncgate.damaged")
    assert sorted(row["line"].encode() for row in found) == sorted(fleet.DAMAGED)


def test_gaps(clickhouse: ClickHouse, hosts: Path, tmp_path: Path) -> None:
    """A record that is missing is missed at the same place as by `audit verify`; no other is."""
    assert clickhouse.ask("SELECT * FROM rsyncgate.gaps") == []
    lines = (hosts / "web20" / "journal.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "web20").mkdir()
    cut = tmp_path / "web20" / "journal.jsonl"
    cut.write_bytes(b"".join(lines[:3] + lines[4:]))
    verify = [str(LAUNCHER), "audit", "verify", str(tmp_path)]
    done = subprocess.run(verify, capture_output=True, text=True, check=False)
    missed = re.search(r"removed between .* and \S+ \(record (\d+)\)", done.stderr)
    assert missed, done
    with ClickHouse() as other:
        other.ingest(f"{hosts}/web20/*.gz")
        other.ingest(str(cut))
        found = other.ask("SELECT host, seq FROM rsyncgate.gaps")
    assert found == [{"host": "web20", "seq": int(missed[1])}]
