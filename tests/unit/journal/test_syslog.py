# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Records in the system's log: all of them, and never at the price of a session."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from rsyncgate.admin.acts import note_act
from rsyncgate.gate import serve
from rsyncgate.journal import syslog
from rsyncgate.journal.record import POLICY_WRITTEN
from unit.conftest import Configuration


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """What listens where syslogd would."""
    path = tmp_path / "log"
    monkeypatch.setattr(syslog, "SOCKET", str(path))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(path))
        listener.settimeout(5)
        yield listener


@pytest.mark.parametrize(("event", "priority"), [("allowed", 38), ("refused", 36), ("error", 36)])
def test_the_line(log: socket.socket, event: str, priority: int) -> None:
    """The journal's line arrives whole, with the facility auth; what went wrong is a warning."""
    syslog.send(event, b'{"event": "%s"}\n' % event.encode())
    text = log.recv(65536).decode()
    head, record = text.split(": ", 1)
    assert re.fullmatch(
        rf"<{priority}>[A-Z][a-z]{{2}} [ \d]\d \d\d:\d\d:\d\d rsyncgate\[\d+\]", head
    )
    assert record == f'{{"event": "{event}"}}'


def test_an_act(log: socket.socket, tmp_path: Path) -> None:
    """What an administrator does is sent as it stands in the journal, if that is asked for."""
    journal = tmp_path / "journal.jsonl"
    note_act(str(journal), POLICY_WRITTEN, client="nas01", file="/etc/x")
    note_act(str(journal), POLICY_WRITTEN, syslog=True, client="nas02", file="/etc/x")
    assert log.recv(65536).endswith(journal.read_bytes().splitlines()[1])


def test_nobody_listens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a listener, or with a full one, nothing is raised and nothing waits."""
    monkeypatch.setattr(syslog, "SOCKET", str(tmp_path / "none"))
    syslog.send("allowed", b"{}\n")


def test_a_listener_that_does_not_read(log: socket.socket) -> None:
    """A log that takes no more, or not so much, is left alone."""
    for _ in range(2000):
        syslog.send("allowed", b"{}\n")
    syslog.send("allowed", b"x" * 10_000_000)
    assert log.recv(100)


@pytest.mark.parametrize("asked", [True, False])
def test_a_session(config: Configuration, log: socket.socket, asked: bool) -> None:
    """With syslog = true a session's record is sent as the journal has it; without, nothing is."""
    config.write("gate.toml", f"journal = '{config.journal}'\nsyslog = {str(asked).lower()}\n")
    config.client("nas01", "[[allow]]\npaths = ['/srv']\n")
    assert serve(config.path, "nas01", "", {"SSH_ORIGINAL_COMMAND": "id"}) == 77
    if asked:
        assert log.recv(65536).endswith(b": " + config.journal.read_bytes().rstrip())
    log.setblocking(False)
    with pytest.raises(BlockingIOError):
        log.recv(1)
