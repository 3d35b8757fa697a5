# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Requests located from the journal alone, as the gate located them on its server."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rsyncgate.journal.visit import Visit
from rsyncgate.policy import lexical
from rsyncgate.policy.decide import decide
from rsyncgate.policy.model import Settings
from rsyncgate.policy.roots import instance
from rsyncgate.session import paths
from rsyncgate.session.arrival import arrive
from unit.conftest import PULL, policy, requested, rule


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Directories, files and symlinks, within and out of the tree."""
    root = tmp_path_factory.mktemp("tree").resolve()
    (root / "db" / "2026-11-21").mkdir(parents=True)
    (root / "db" / "2026-11-22").mkdir()
    (root / "db" / ".old").mkdir()
    (root / "list").write_text("db\n")
    (root / "in").symlink_to("db")
    (root / "out").symlink_to("/etc")
    return root


def recorded(command: str, home: str) -> tuple[dict[str, str], list[str]]:
    """What the gate's record says of a request's places, and where they really are."""
    located = paths.locate(requested(command), ("/",), home)
    visit = Visit(
        Settings("require", "/journal.jsonl", "/usr/bin/rsync", False, ""), arrive({}), "nas01"
    )
    visit.found(located)
    real = {source["name"]: source["real"] for source in visit.facts["sources"]}
    return real, [source.real for source in (*located.sources, *located.lists)]


@pytest.mark.parametrize(
    ("options", "sent"),
    [
        *(("", path) for path in ("db", "db/", "./db//2026-11-21/.", "in", "in/", "in/2026-11-21")),
        *(("", path) for path in ("out/", "out/ssh", ".", "", "missing", "list in out")),
        *(("", path) for path in ("~", "~/", "~root/x", "~nobody", "~nosuchuser/x")),
        *(
            ("--files-from=list", "."),
            ("--files-from list", "."),
            ("--files-from out/passwd", "db"),
        ),
        ("-L", "in out"),
    ],
)
def test_the_same_places(tree: Path, options: str, sent: str) -> None:
    """With what the gate has recorded, a request's places are those the gate found."""
    command = f"{PULL} -r {options} . {sent}"
    real, places = recorded(command, str(tree))
    located = lexical.locate(requested(command), str(tree), real)
    assert [source.real for source in (*located.sources, *located.lists)] == places


@pytest.mark.parametrize("sent", ["db/*", "db/2026-*", "d?/*", "*", "db/.*", "db/[2]*", "./*/."])
def test_wildcards_stand_for_what_they_found(tree: Path, sent: str) -> None:
    """A path with wildcards is a root below which all lies that the gate found for it."""
    command = f"{PULL} -r . {sent}"
    real, places = recorded(command, str(tree))
    source, *strays = lexical.locate(requested(command), str(tree), real).sources
    assert source.pattern
    outside = [place for place in places if not instance(place, source.real)]
    assert [stray.real for stray in strays] == outside
    assert len(places) > len(outside)


texts = st.text("ab/.~*[]\\'", max_size=8)


@given(texts, st.sampled_from(["/srv", "/root/a", "/root/*", "/root/[*]"]))
def test_no_less_strict_than_the_gate(text: str, root: str) -> None:
    """Where nothing exists but the names, what a policy allows here it allows at the gate."""
    command = f"{PULL} -r . '/root/'{text}" if text.count("'") % 2 == 0 else f"{PULL} -r . /x"
    try:
        request = requested(command)
    except Exception:
        return
    client = policy(rule(root))
    here = decide(lexical.locate(request, "/root", {}), client, "").allowed
    there = decide(paths.locate(request, client.roots(), "/root"), client, "").allowed
    if here and not request.paths[0].live("*?["):
        assert there


def test_roots_that_lead_elsewhere(tree: Path) -> None:
    """A root that is a symlink covers what the record says lies where it leads."""
    client = policy(rule(f"{tree}/in"))
    command = f"{PULL} -r . {tree}/in/2026-11-21"
    real, _ = recorded(command, "/root")
    led = paths.real_roots(client.roots())
    assert led == {f"{tree}/in": f"{tree}/db"}
    located = lexical.locate(requested(command), "/root", real, led)
    assert decide(located, client, "").allowed
    assert not decide(lexical.locate(requested(command), "/root", real), client, "").allowed


def test_what_is_no_pull_has_no_places() -> None:
    """A push, a daemon and other commands are not located."""
    for command in ("rsync --server -r . /srv", "rsync --server --daemon .", "ls /srv"):
        assert lexical.locate(requested(command), "/root", {}).sources == ()
    assert lexical.absolute("../..//a/./b/", os.sep) == "/a/b"
