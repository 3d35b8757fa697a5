# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The JSON Schema of a record, made from the one definition in record.py."""

from __future__ import annotations

import json

from rsyncgate.journal.record import EVENTS, FIELDS, VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_STRING = {"type": "string"}
_STRINGS = {"type": "array", "items": _STRING}
_COUNT = {"type": "integer", "minimum": 0}


def _object(**fields: Any) -> dict[str, Any]:
    """An object with exactly these fields."""
    return {
        "type": "object",
        "properties": fields,
        "required": [*fields],
        "additionalProperties": False,
    }


TYPES: dict[str, dict[str, Any]] = {
    "string": _STRING,
    "string or null": {"type": ["string", "null"]},
    "strings": _STRINGS,
    "count": _COUNT,
    "count or null": {"type": ["integer", "null"], "minimum": 0},
    "number": {"type": "number", "minimum": 0},
    "object": {"type": "object"},
    "hash": {"type": "string", "pattern": "^([0-9a-f]{64})?$"},
    "id": {"type": "string", "pattern": "^[0-9a-f]{16}$"},
    "time": {
        "type": "string",
        "format": "date-time",
        "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$",
    },
    "version": {"const": VERSION},
    "event": {"enum": [*EVENTS]},
    "connection": {"enum": ["open", "lost"]},
    "request": _object(
        role={"enum": ["sender", "receiver", "daemon", "other"]},
        program=_STRING,
        options=_STRINGS,
        paths=_STRINGS,
    ),
    "grant": _object(
        paths=_STRINGS,
        options={"type": ["array", "null"], "items": _STRING},
    ),
    "sources": {"type": "array", "items": _object(name=_STRING, real=_STRING)},
}
"""What each type of a field means."""


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) that every record of the journal fulfils."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A record of rsyncgate's journal",
        "type": "object",
        "properties": {
            name: {"description": meaning, **TYPES[kind]}
            for name, (kind, meaning) in FIELDS.items()
        },
        "required": ["prev", "seq", "v", "ts", "event"],
        "additionalProperties": False,
        "allOf": [
            {
                "if": {"properties": {"event": {"const": event}}},
                "then": {"required": [*fields]},
            }
            for event, fields in EVENTS.items()
        ],
    }


def text() -> str:
    """The schema as the file record.schema.json beside this module."""
    return json.dumps(schema(), indent=2) + "\n"
