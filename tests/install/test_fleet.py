# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""What deploy/fleet says of the fields of a record is true of all of them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from install import fleet
from install.machines import REPOSITORY
from rsyncgate.journal.record import FIELDS
from rsyncgate.journal.schema import TYPES

FLEET = REPOSITORY / "deploy" / "fleet"
LEAVES = {"keyword", "text", "ip", "date", "date_nanos", "long", "short", "double", "object"}


def leaves(properties: dict[str, Any], above: str = "") -> dict[str, dict[str, Any]]:
    """Every field of a mapping that has a type, by its dotted name."""
    found: dict[str, dict[str, Any]] = {}
    for name, what in properties.items():
        if "properties" in what:
            assert set(what) == {"properties"}
            found |= leaves(what["properties"], f"{above}{name}.")
        else:
            found[above + name] = what
    return found


def mapping() -> dict[str, dict[str, Any]]:
    """The fields that the index template maps."""
    template = json.loads((FLEET / "opensearch.json").read_text())["template"]
    return leaves(template["mappings"]["properties"])


def test_every_field_is_mapped() -> None:
    """OpenSearch knows every field of a record, and of the objects in it, by its own name."""
    expected = set()
    for name, (kind, _) in FIELDS.items():
        shape = TYPES[kind].get("items", TYPES[kind])
        inner = shape.get("properties") if kind in ("request", "sources") else None
        expected |= {f"{name}.{each}" for each in inner} if inner else {name}
    found = mapping()
    ours = {n.removeprefix("rsyncgate."): what for n, what in found.items() if "path" not in what}
    assert {what["type"] for what in ours.values()} <= LEAVES
    confinement = {name for name in ours if name.startswith("confinement.")}
    assert set(ours) - confinement | {"confinement"} == expected | {"@timestamp"}


def test_ecs() -> None:
    """The page's table has every field, with the ECS name by which OpenSearch knows it as well."""
    found = {n: what["path"] for n, what in mapping().items() if "path" in what}
    assert set(found.values()) <= {f"rsyncgate.{name}" for name in FIELDS}
    page = (FLEET / "README.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| (?:`([\w.@]+)` )?\|", page, re.M)
    assert [name for name, _ in rows] == [*FIELDS]
    table = {ecs: f"rsyncgate.{name}" for name, ecs in rows if ecs}
    assert table.pop("@timestamp") == "rsyncgate.ts"
    assert table == found


def test_labels(tmp_path: Path) -> None:
    """Vector's pattern finds time, event, host and client of every record, whatever was sent."""
    pattern = re.search(r"parse_regex\(\.message, r'(.+)'\)", (FLEET / "vector.yaml").read_text())
    assert pattern
    fleet.write(tmp_path)
    lines = [line for file in tmp_path.glob("*/*.jsonl") for line in file.read_text().splitlines()]
    for line in set(lines) - {text.decode() for text in fleet.DAMAGED}:
        found = re.search(pattern[1], line)
        assert found, line
        record = json.loads(line)
        assert found.groupdict() == {n: record[n] for n in ("ts", "event", "host", "client")}
