# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""What every version wrote is read by this one, and decided as it was then.

`keep` makes the directories beside this file, one for each version: policies, key lines, and a
journal with what was rotated from it.
"""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from rsyncgate import __version__
from rsyncgate.__main__ import main
from rsyncgate.admin.check import read
from rsyncgate.admin.history import MOMENTARY, Seen
from rsyncgate.digest import digest
from rsyncgate.journal.read import Scan, journal_files
from rsyncgate.journal.schema import schema
from rsyncgate.policy.decide import decide
from rsyncgate.policy.load import client
from rsyncgate.refusal import Refusal
from unit.conftest import LAUNCHER

KEPT = sorted(gate.parent for gate in Path(__file__).parent.glob("*/gate.toml"))
JOURNAL = "/var/log/rsyncgate/journal.jsonl"
"""Where the old gates had theirs."""


class Old:
    """A server on which this version has replaced an older one."""

    def __init__(self, kept: Path, place: Path) -> None:
        """Puts what was `kept` into `place`, with modes that git does not keep."""
        shutil.copytree(kept, place)
        for entry in (place, *place.rglob("*")):
            entry.chmod(0o755 if entry.is_dir() else 0o600)
        self.config = str(place)
        self.journal = place / "journal.jsonl"
        self.keys = (place / "authorized_keys").read_text().splitlines()
        gate = place / "gate.toml"
        gate.write_text(gate.read_text().replace(JOURNAL, str(self.journal)))

    def records(self) -> list[dict[str, Any]]:
        """All that the journal holds, every line a record."""
        scan = Scan(journal_files(str(self.journal)))
        records = [*scan.records()]
        assert (scan.damage, len(records)) == ([], scan.lines)
        return records

    def ask(self, arguments: list[str], command: str) -> dict[str, Any]:
        """What today's gate, started with `arguments`, writes down of `command`."""
        environ = {"SSH_ORIGINAL_COMMAND": command, "SSH_CONNECTION": "192.0.2.10 5 192.0.2.1 22"}
        line = [str(LAUNCHER), "--config", self.config, *arguments]
        subprocess.run(line, env=environ, capture_output=True, check=False)
        return self.records()[-1]


@pytest.fixture(params=KEPT, ids=lambda kept: kept.name)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Old:
    """A server that each of the older versions ran on."""
    return Old(request.param, tmp_path / "old")


def test_this_version() -> None:
    """What this version writes is kept for those to come."""
    assert __version__ in [kept.name for kept in KEPT], "run tests/upgrade/keep"


def test_policies(old: Old) -> None:
    """Every policy, with any key there was, has no mistake."""
    host, names, mistakes = read(old.config)
    assert mistakes == []
    assert host.journal == str(old.journal)
    assert len(names) > 1


def decided(old: Old, record: dict[str, Any]) -> str:
    """The rule that allows what `record` says was asked, or the reason for which it is refused."""
    policy, mistakes = client(old.config, record["client"], "/usr/bin/rsync")
    if mistakes:
        return "configuration"
    one = Seen(record["command"] or "", tuple(record.get("secluded", ())), record["home"])
    one.real = {source["name"]: source["real"] for source in record.get("sources", ())}
    try:
        verdict = decide(one.located(), policy, record["peer"])
    except Refusal as refusal:
        return refusal.code
    return verdict.refusal.code if verdict.refusal else verdict.rule


def test_verdicts(old: Old) -> None:
    """Every request is allowed by the rule, or refused for the reason, that it was then."""
    verdicts = 0
    for record in old.records():
        was = record.get("rule") or record.get("reason")
        if record["event"] in ("allowed", "refused") and was not in MOMENTARY:
            assert decided(old, record) == was, record
            verdicts += 1
    assert verdicts > 30


def test_records(old: Old) -> None:
    """Every record is one by today's schema."""
    validator = Draft202012Validator(schema())
    for record in old.records():
        validator.validate(record)


def test_the_chain(old: Old, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing of the journal is missing or changed, and today's gate appends to it."""
    verify = ["--config", old.config, "audit", "verify"]
    assert main(verify) == 0
    before = old.records()[-1]
    last = digest(old.journal.read_bytes().splitlines()[-1])
    record = old.ask(["--client", "nas02"], "rsync --server --sender . /elsewhere")
    assert (record["reason"], record["version"]) == ("path", __version__)
    assert (record["seq"], record["prev"]) == (before["seq"] + 1, last)
    assert main(verify) == 0
    assert f"{record['seq']} lines, the chain holds" in capsys.readouterr().out


def test_learning(old: Old, capsys: pytest.CaptureFixture[str]) -> None:
    """What was learned then covers what was captured; learned anew, it allows no less or more."""
    assert main(["--config", old.config, "learn"]) == 0
    printed = capsys.readouterr()
    assert printed.err.splitlines() == [
        f"{old.config}/clients/{name}.toml needs no change" for name in ("nas03", "nas04")
    ]
    for name in ("nas03", "nas04"):
        Path(old.config, "clients", f"{name}.toml").unlink()
    assert main(["--config", old.config, "learn", "--write"]) == 0
    capsys.readouterr()
    assert main(["--config", old.config, "replay"]) == 0


def test_replay(old: Old, capsys: pytest.CaptureFixture[str]) -> None:
    """The old policies decide the old journal as they did."""
    assert main(["--config", old.config, "replay"]) == 0
    assert capsys.readouterr().out.startswith("0 requests would change, ")


@pytest.mark.parametrize("command", ["audit", "audit list", "audit show {id}", "metrics"])
def test_audit(old: Old, capsys: pytest.CaptureFixture[str], command: str) -> None:
    """The audit takes the journal as its own."""
    words = command.format(id=old.records()[0]["id"]).split()
    assert main(["--config", old.config, *words]) == 0
    printed = capsys.readouterr()
    assert (printed.err, "nas03" in printed.out) == ("", True)


def test_keys(old: Old) -> None:
    """Every line of authorized_keys leads to today's gate, to learning where it says so."""
    found: list[tuple[list[str], str]] = []
    for key in old.keys:
        command = shlex.split(key.split(",", 1)[1].removeprefix("command="))[0]
        arguments = shlex.split(command)[1:]
        found.append((arguments[:-2], old.ask(arguments, "id")["event"]))
    assert found[:2] == [([], "refused")] * 2
    assert found[2:] == [(["--learn"], "captured"), (["--learn=run"], "captured")]


def test_odd_bytes(old: Old) -> None:
    """Commands and blocks that are no UTF-8 come back byte for byte."""
    texts = [json.dumps([r.get("command"), r.get("secluded")]) for r in old.records()]
    assert any(r"\udce9" in text for text in texts)
