# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Wildcards in learned paths: on request only, and never wider than one component."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from rsyncgate.admin.generalise import generalise
from rsyncgate.admin.learn import learn
from rsyncgate.admin.policy_text import add, comments
from unit.admin.captures import client, pull, refused, seen

names = st.from_regex(r"\.?[a-c]?-?[0-9]{0,2}", fullmatch=True).filter(
    lambda name: name.strip(".") != ""
)


@settings(max_examples=50)
@given(st.lists(st.lists(names, min_size=1, max_size=3).map("/".join), min_size=1, max_size=6))
def test_all_that_was_asked_stays_allowed(paths: list[str]) -> None:
    """A generalised policy allows every request that it was made from."""
    requests = [pull("-r", f"/srv/{path}") for path in paths]
    learned = learn(requests, client(""))
    for need in learned.needs:
        generalise(need)
    policy = client(add("", learned, "nas01"))
    assert [refused(one, policy) for one in requests] == [""] * len(requests)


def _roots(*paths: str) -> dict[str, int]:
    """The generalised roots for pulls of `paths`, with the requests that wildcards stand for."""
    (need,) = learn([pull("-r", path) for path in paths], client("")).needs
    generalise(need)
    return {path: need.stands_for.get(path, 0) for path in need.paths}


def test_days_become_one_root() -> None:
    """Paths that differ in a date become one root, and what else is there stays."""
    days = [f"/srv/db/2026-11-{day}" for day in (21, 22, 23)]
    assert _roots(*days, "/srv/db/latest") == {"/srv/db/latest": 0, "/srv/db/*": 3}


def test_one_day_stays_one_day() -> None:
    """Nothing is generalised from a single path, or from names that differ in more."""
    for paths in (["/srv/db/2026-11-21"], ["/srv/www", "/srv/mail"], ["/srv/1", "/srv/a/1"]):
        assert _roots(*paths) == dict.fromkeys(paths, 0)


def test_the_whole_server_is_never_meant() -> None:
    """No root begins with a wildcard."""
    assert _roots("/disk1", "/disk2") == {"/disk1": 0, "/disk2": 0}


def test_hidden_directories() -> None:
    """Names that begin with a dot need a pattern that does too."""
    assert _roots("/srv/.1", "/srv/.2") == {"/srv/.*": 2}


def test_the_comment_counts_requests() -> None:
    """The rule says how many requests its pattern stands for, repeated ones too."""
    command = "rsync --server --sender -r . /srv/"
    requests = [seen(command + "1", count=5), seen(command + "2"), seen(command + "x", count=9)]
    (need,) = learn(requests, client("")).needs
    generalise(need)
    assert "/srv/* stands for the paths of 6 requests" in comments(need)
