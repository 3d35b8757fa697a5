# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""What an auditor sees of real sessions."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from e2e.sites import Site


def test_a_day(site: Site, tree: Path) -> None:
    """A pull and a refusal: in the summary, the list, and word by word; and the chain holds."""
    site.pull("-a", f"server:{tree}/", ".")
    refusal = site.refusal(site.ssh("rsync --server --sender -r . /etc/shadow"))
    summary = site.admin("audit")
    assert summary.status == 0, summary
    assert "nas01 is refused for something new: path" in summary.out
    listed = site.admin("audit", "list", "--json")
    assert [json.loads(line) for line in listed.out.splitlines()] == site.journal()
    assert len(site.admin("audit", "list", "--event", "refused").out.splitlines()) == 1
    shown = site.admin("audit", "show", refusal["id"])
    assert "/etc/shadow" in shown.out
    allowed = site.journal()[0]
    shown = site.admin("audit", "show", allowed["id"])
    assert f'paths = ["{tree}"]' in shown.out
    verified = site.admin("audit", "verify")
    assert (verified.status, verified.err) == (0, ""), verified
    assert "3 lines, the chain holds" in verified.out


def test_a_changed_record(site: Site, tree: Path) -> None:
    """Whoever turns a refusal into something else is found out, though the gate wrote on."""
    site.ssh("rsync --server --sender -r . /etc/shadow")
    text = site.journal_file.read_text()
    site.journal_file.write_text(text.replace("/etc/shadow", "/etc/hostnm"))
    site.pull("-a", f"server:{tree}/", ".")
    verified = site.admin("audit", "verify")
    assert verified.status == 1
    assert f"{site.journal_file}:1 (record 1) was changed" in verified.err


def _deleted(site: Site) -> None:
    site.journal_file.unlink()


def _rotated(site: Site) -> None:
    site.journal_file.rename(f"{site.journal_file}.1")


@pytest.mark.parametrize("lose", [_deleted, _rotated])
def test_a_journal_that_goes_away_while_rsync_runs(
    site: Site, tree: Path, lose: Callable[[Site], None]
) -> None:
    """The end of the session is written to a new file, which follows what is gone."""
    started = site.start("-a", "--bwlimit=1", f"server:{tree}/", ".")
    while not (site.journal_file.exists() and site.journal_file.stat().st_size):
        pass
    first = site.journal_file.read_bytes().splitlines()[0]
    lose(site)
    site.checked = 0
    started.terminate()
    started.communicate()
    assert site.server.settled()
    (finished,) = site.journal()
    assert finished["event"] == "finished"
    assert (finished["id"], finished["seq"]) == (json.loads(first)["id"], 2)
    verified = site.admin("audit", "verify")
    assert verified.status == 0, verified
    gone = "begins after a record that is not here"
    assert (gone in verified.out) == (lose is _deleted)
