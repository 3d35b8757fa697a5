# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Many sessions at once."""

from __future__ import annotations

import json
import os
import subprocess
from collections import defaultdict

from e2e.confine.raw import conversation
from e2e.confine.worlds import World

SESSIONS = 200


def test_two_hundred_at_once(world: World) -> None:
    """Each of 200 sessions has its records in the journal once and whole, and leaves no process."""
    site = world.site
    clients = []
    for n in range(SESSIONS):
        path = world.outside if n % 2 else world.inside
        here, there = os.pipe()
        command = [str(world.gated), "server", f"rsync --server --sender -r . {path}/{n}/"]
        (world.inside / str(n)).mkdir()
        output = (site.here / str(n)).open("wb")
        client = subprocess.Popen(command, stdin=here, stdout=output, stderr=subprocess.DEVNULL)
        os.close(here)
        output.close()
        clients.append((client, there))
    assert sum(client.poll() is None for client, _ in clients) >= SESSIONS / 2  # they wait for us
    for client, there in clients:
        if client.poll() is None:
            os.write(there, conversation())
    statuses = [client.wait(60) for client, _ in clients]
    for _, there in clients:
        os.close(there)
    assert statuses == [0, 77] * (SESSIONS // 2)
    sessions = defaultdict(list)
    lines = site.journal_file.read_text("ascii").splitlines()
    for record in map(json.loads, lines):
        sessions[record["id"]].append((record["event"], record["request"]["paths"]))
    expected = []
    for n in range(0, SESSIONS, 2):
        allowed, refused = [f"{world.inside}/{n}/"], [f"{world.outside}/{n + 1}/"]
        expected += [[("allowed", allowed), ("finished", allowed)], [("refused", refused)]]
    assert sorted(sessions.values()) == sorted(expected)
    assert all(b"." in (site.here / str(n)).read_bytes() for n in range(0, SESSIONS, 2))
    assert all((site.here / str(n)).read_bytes() == b"" for n in range(1, SESSIONS, 2))
    assert site.server.settled()
