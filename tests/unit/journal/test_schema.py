# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The published schema is the one that the fields give, and records fulfil it."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from rsyncgate.admin.acts import note_act
from rsyncgate.journal.record import LEARN_SWITCHED, POLICY_WRITTEN, VERSION
from rsyncgate.journal.schema import schema, text


def test_the_shipped_copy_is_current() -> None:
    """The file in the package is what the fields give today."""
    shipped = files("rsyncgate.journal").joinpath("record.schema.json").read_text("ascii")
    assert shipped == text()


def test_it_is_a_schema() -> None:
    """The schema is one by its own standard, and knows one version of records."""
    jsonschema.Draft202012Validator.check_schema(schema())
    assert schema()["properties"]["v"] == {
        "const": VERSION,
        "description": "the shape of the record",
    }


def test_acts_fulfil_it(tmp_path: Path) -> None:
    """What an administrator does is a record like any other."""
    journal = tmp_path / "journal.jsonl"
    note_act(str(journal), POLICY_WRITTEN, client="nas01", file="/etc/x", facts={"rules": 2})
    note_act(str(journal), LEARN_SWITCHED, client="nas01", file="/root/.ssh/authorized_keys")
    for line in journal.read_bytes().splitlines():
        jsonschema.validate(json.loads(line), schema())


@pytest.mark.parametrize(
    "change",
    [
        {"ts": "yesterday"},
        {"event": "happened"},
        {"v": 2},
        {"seq": -1},
        {"prev": "00"},
        {"unheard": "of"},
        {"client": 5},
        {"file": None},
    ],
)
def test_it_refuses_what_is_no_record(tmp_path: Path, change: dict[str, Any]) -> None:
    """A record with a wrong or an unknown field does not pass."""
    journal = tmp_path / "journal.jsonl"
    note_act(str(journal), POLICY_WRITTEN, client="nas01", file="/etc/x")
    record = json.loads(journal.read_bytes())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**record, **change}, schema())


def test_a_record_without_what_its_event_needs(tmp_path: Path) -> None:
    """Each event has fields that its records must have."""
    journal = tmp_path / "journal.jsonl"
    note_act(str(journal), POLICY_WRITTEN, client="nas01", file="/etc/x")
    record = json.loads(journal.read_bytes())
    del record["file"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(record, schema())
