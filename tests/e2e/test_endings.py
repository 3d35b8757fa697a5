# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""How a session ends, and what the journal says of it."""

from __future__ import annotations

import os
import signal
import stat
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest

from e2e.servers import PATIENCE, ROOT
from e2e.sites import Run, Site


@pytest.fixture
def slow(site: Site, place: Path) -> Iterator[Popen[bytes]]:
    """A client in the middle of a pull that would take a minute."""
    big = place / "slow"
    big.mkdir(exist_ok=True)
    (big / "file").write_bytes(bytes(range(256)) * 40_000)
    site.allow(big)
    client = site.start("-a", "--bwlimit=200", f"server:{big}/", site.here / "copy")
    wait_for(lambda: any(site.here.rglob(".file.*")))
    yield client
    client.terminate()
    client.communicate()


def wait_for(happened: Callable[[], bool]) -> None:
    """Waits until `happened` says so."""
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def finished(site: Site) -> dict[str, Any]:
    """The record of the end of the one session, once it is there."""
    wait_for(lambda: len(site.journal()) > 1)
    allowed, end = site.journal()
    assert (allowed["event"], end["event"]) == ("allowed", "finished")
    assert allowed["id"] == end["id"]
    return end


def test_a_pull_that_ends_well(site: Site, tree: Path) -> None:
    """The records of a pull say who asked, with which key, for what, and how it ended."""
    site.pull("-a", f"server:{tree}/sizes/", site.here)
    allowed, end = site.journal()
    for record in (allowed, end):
        assert (record["client"], record["peer"]) == ("nas01", "127.0.0.1")
        assert record["key"] == site.server.fingerprint
        assert record["host"] == os.uname().nodename
    assert allowed["ts"] < end["ts"]
    assert allowed["rule"] == "allow 1"
    assert (end["status"], end["signal"], end["connection"]) == (0, None, "open")
    size = sum(path.stat().st_size for path in (tree / "sizes").iterdir())
    assert not ROOT or size < end["bytes"] < size + 20_000  # others cannot ask the kernel
    assert 0 < end["seconds"] < 10
    assert stat.S_IMODE(site.journal_file.stat().st_mode) == 0o600


def test_an_error_of_rsync(site: Site, tree: Path) -> None:
    """Rsync's own exit status reaches the client and the journal."""
    run = site.rsync("-a", f"server:{tree}/nothing here", site.here)
    assert run.status == 23
    assert finished(site)["status"] == 23


def test_a_connection_that_dies(site: Site, slow: Popen[bytes]) -> None:
    """When the client's ssh is gone, gate and rsync end within seconds, and the record says so."""
    for pid, words in site.server.processes().items():
        if words[0] == "ssh":
            os.kill(pid, signal.SIGKILL)
    end = finished(site)
    assert end["connection"] == "lost"
    assert end["status"] != 0
    slow.communicate(timeout=PATIENCE)
    assert site.server.settled()


def test_a_client_that_gives_up(site: Site, slow: Popen[bytes]) -> None:
    """An interrupted client leaves no process on the server, and a record of how rsync ended."""
    slow.send_signal(signal.SIGINT)
    end = finished(site)
    assert (end["connection"], end["status"]) != ("open", 0)
    slow.communicate(timeout=PATIENCE)
    assert slow.returncode == 20
    assert site.server.settled()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_to_the_gate(site: Site, slow: Popen[bytes], number: signal.Signals) -> None:
    """A signal to the gate reaches rsync; the gate writes down how that ended, and so ends too."""
    os.kill(site.journal()[0]["pid"], number)
    end = finished(site)
    assert (end["status"], end["signal"], end["connection"]) == (20, None, "open")
    slow.communicate(timeout=PATIENCE)
    assert slow.returncode != 0
    assert site.server.settled()


def test_rsync_that_is_killed(site: Site, slow: Popen[bytes]) -> None:
    """When a signal ends rsync, the record names it, and the client hears that the pull failed."""
    gate = site.journal()[0]["pid"]
    (rsync,) = Path(f"/proc/{gate}/task/{gate}/children").read_text().split()
    os.kill(int(rsync), signal.SIGKILL)
    end = finished(site)
    assert (end["status"], end["signal"]) == (None, signal.SIGKILL)
    slow.communicate(timeout=PATIENCE)
    assert slow.returncode != 0
    assert site.server.settled()


def test_a_stopped_block(site: Site) -> None:
    """A -s client that closes its stdin before the block has ended is refused at once."""
    run = site.ssh("rsync --server --sender -slogDtpre.iLsfxCIvu", stdin=b"rsync\0.\0/et")
    assert site.refusal(run)["reason"] == "secluded"
    assert (run.status, run.out) == (77, "")


def test_thirty_at_once(site: Site, tree: Path) -> None:
    """Sessions side by side write whole records, each its own once, and leave no process."""

    def session(n: int) -> Run:
        if n % 2:
            return site.ssh(f"rsync --server --sender -r . /etc/{n}")
        return site.rsync("-a", f"server:{tree}/sizes/", site.here / str(n))

    with ThreadPoolExecutor(30) as clients:
        runs = list(clients.map(session, range(30)))
    assert [run.status for run in runs] == [0, 77] * 15
    sessions: dict[str, list[str]] = {}
    for record in site.journal():
        sessions.setdefault(record["id"], []).append(record["event"])
    ends = sorted(sessions.values())
    assert ends == [["allowed", "finished"]] * 15 + [["refused"]] * 15
    assert {run.sentence["id"] for run in runs[1::2]} < sessions.keys()
    assert all(r["connection"] == "open" for r in site.journal() if r["event"] == "finished")
    assert site.server.settled()
