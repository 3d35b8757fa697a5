# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""A gate that is killed as it writes long records, and the next one that goes on from there."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from pathlib import Path

from rsyncgate.journal.read import journal_files
from rsyncgate.journal.verify import noted_head, verify
from rsyncgate.journal.write import append


def test_killed_at_any_moment(tmp_path: Path) -> None:
    """Every line is a whole record, or cut short and noted; no chain breaks, no lock stays.

    About one in twenty is cut: the kernel ends a killed process between two pages of a write.
    """
    journal = tmp_path / "journal.jsonl"
    dice = random.Random(8)
    for n in range(60):
        child = os.fork()
        if child == 0:
            while True:
                append(str(journal), {"text": "x" * dice.randrange(400_000)})
        time.sleep(dice.random() / 50)
        os.kill(child, signal.SIGKILL)
        assert os.waitpid(child, 0)[1] == signal.SIGKILL
        append(str(journal), {"v": 1, "ts": "", "event": "next", "id": str(n)})
    proof = verify(journal_files(str(journal)), noted_head(str(journal)))
    assert proof.breaks == []
    lines = journal.read_bytes().splitlines()
    cut = [n for n, line in enumerate(lines, 1) if not line.endswith(b"}")]
    assert len(proof.notes) == len(cut)
    after = [json.loads(line) for line in lines if line.endswith(b"}")]
    assert [r["id"] for r in after if r.get("event") == "next"] == [*map(str, range(60))]
