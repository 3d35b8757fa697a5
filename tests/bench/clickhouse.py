# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Times deploy/clickhouse beside `rsyncgate audit summary`: tests/bench/clickhouse.py JOURNAL."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from chdb.session import Session

SQL = Path(__file__).parents[2] / "deploy" / "clickhouse"
VIEWS = ("clients", "refusals", "attention", "gaps")


def timed(what: str, who: int, act: Any, *arguments: Any) -> None:
    """Does something, and prints what it took."""
    begin, before = time.monotonic(), resource.getrusage(who)
    act(*arguments)
    seconds, after = time.monotonic() - begin, resource.getrusage(who)
    busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"{what}: {seconds:.1f} s ({busy:.1f} s of processor time)")


if __name__ == "__main__":
    journal = sys.argv[1]
    engine: Any = Session()  # type: ignore[no-untyped-call]
    for file in ("schema.sql", "views.sql"):
        engine.query((SQL / file).read_text())
    ingest = f"INSERT INTO rsyncgate.arrived (line) FROM INFILE '{journal}' FORMAT LineAsString"
    timed("ingest", resource.RUSAGE_SELF, engine.query, ingest)
    for view in VIEWS:
        timed(view, resource.RUSAGE_SELF, engine.query, f"SELECT * FROM rsyncgate.{view}")
    summary = [Path(sys.executable).with_name("rsyncgate"), "audit", "summary", journal]
    timed("audit summary", resource.RUSAGE_CHILDREN, subprocess.check_output, summary)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"the engine took {peak:.0f} MB of memory at most")
