# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""ClickHouse as a process: takes statements, gives rows or what is wrong, a line of JSON each.

It is a process of its own because the engine brings threads, and pytest's process forks.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from chdb.session import Session


def answer(engine: Any, statement: str) -> list[Any] | str:
    """The rows of a statement, or of the last of several; or why there are none."""
    try:
        found = engine.query(statement, "JSONEachRow").bytes().decode()
    except RuntimeError as error:
        return str(error)
    return [json.loads(row) for row in found.splitlines()]


if __name__ == "__main__":
    session: Any = Session()  # type: ignore[no-untyped-call]
    session.query("SET date_time_output_format = 'iso'")  # as a record has its ts
    for line in sys.stdin:
        print(json.dumps(answer(session, json.loads(line))), flush=True)
