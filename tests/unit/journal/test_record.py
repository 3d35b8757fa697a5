# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""A record is one line of JSON, whatever a client sent."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from structlog.processors import JSONRenderer

from rsyncgate.journal.record import EVENTS, FIELDS, line, new_id, now
from rsyncgate.journal.schema import TYPES

TEXTS = st.one_of(
    st.text(
        'ab"\\/\n\r\t\b\f\0\x1f\x7f\x80é\u2028😀\uffff\U00010000\U0010ffff\udc80\udcff', max_size=20
    ),
    st.binary(max_size=20).map(lambda raw: raw.decode("utf-8", "surrogateescape")),
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | TEXTS
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
RECORDS = st.dictionaries(TEXTS, VALUES, max_size=6)


@given(RECORDS)
def test_the_line_is_structlogs(record: dict[str, Any]) -> None:
    """A record has the very text that structlog's JSONRenderer gives for it."""
    assert line(record) == str(JSONRenderer()(None, "", record)).encode("ascii") + b"\n"


@given(RECORDS)
def test_one_line(record: dict[str, Any]) -> None:
    """Nothing in a record can end its line early or reach a terminal as a control character."""
    text = line(record)
    assert text.endswith(b"\n")
    assert all(0x20 <= byte < 0x7F for byte in text[:-1])


@given(st.binary(max_size=60))
def test_a_command_is_kept_byte_for_byte(command: bytes) -> None:
    """Any bytes of a command come back out of the journal as they were."""
    text = command.decode("utf-8", "surrogateescape")
    again = json.loads(line({"command": text}))["command"]
    assert again.encode("utf-8", "surrogateescape") == command


def test_a_record_in_full() -> None:
    """Keys stay in their order, with a blank after colon and comma."""
    assert line({"v": 1, "ok": True, "none": None, "x": [1.5, {"a": "é"}], "e": []}) == (
        b'{"v": 1, "ok": true, "none": null, "x": [1.5, {"a": "\\u00e9"}], "e": []}\n'
    )


def test_now() -> None:
    """A moment is RFC 3339 in UTC with microseconds, so that text order is time order."""
    before, stamp, after = datetime.now(UTC), now(), datetime.now(UTC)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", stamp)
    moment = datetime.fromisoformat(stamp)
    assert before - timedelta(microseconds=1) <= moment <= after


def test_new_id() -> None:
    """Sessions get identifiers of 16 hexadecimal digits that do not repeat."""
    ids = {new_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(re.fullmatch("[0-9a-f]{16}", name) for name in ids)


def test_fields() -> None:
    """Every field has a type that the schema knows, and a meaning; events name fields only."""
    for kind, meaning in FIELDS.values():
        assert kind in TYPES
        assert meaning
    assert {name for names in EVENTS.values() for name in names} <= FIELDS.keys()
