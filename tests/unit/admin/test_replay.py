# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Past requests decided again: what changes is named, and what does not is counted."""

from __future__ import annotations

import pytest

from rsyncgate.admin.history import Seen
from rsyncgate.admin.replay import Policy, Replay
from rsyncgate.refusal import Refusal
from unit.admin.captures import client, pull, seen
from unit.conftest import Configuration, Runs

RULE = '[[allow]]\npaths = ["/srv"]\noptions = ["-r"]\n'


def replayed(outcome: str, *requests: Seen, text: str = RULE, fault: str = "") -> Replay:
    """What becomes of `requests`, which had this outcome, under the policy `text`."""
    replay = Replay()
    policy = Policy(client(text), {}, Refusal("configuration", "", fault) if fault else None)
    for one in requests:
        replay.add("nas01", outcome, one, policy)
    return replay


@pytest.mark.parametrize(
    ("outcome", "command", "changes"),
    [
        ("allowed", "rsync --server --sender -vr . /srv/x", False),
        ("allowed", "rsync --server --sender -rz . /srv", True),
        ("refused", "rsync --server --sender -rz . /srv", False),
        ("refused", "rsync --server --sender -r . /srv", True),
        ("refused", "rsync --server -r . /srv", False),
        ("captured", "rsync --server --sender -r . /srv", False),
        ("captured", "rsync --server --sender -r . /etc", True),
        ("captured", "rsync --server -r . /srv", False),
        ("captured", "cat '", False),
        ("captured", "", False),
    ],
)
def test_what_changes(outcome: str, command: str, changes: bool) -> None:
    """A verdict that is another changes; a capture does if a policy could allow it."""
    replay = replayed(outcome, seen(command, count=3))
    assert (bool(replay.groups), replay.same) == (changes, 0 if changes else 3)


def test_groups() -> None:
    """Requests that change alike are one group; new refusals come first, frequent ones above."""
    replay = replayed("allowed", pull("-r", "/a"), pull("-v", "/srv"), pull("-rz", "/srv"))
    policy = Policy(client(RULE), {})
    replay.add("nas01", "allowed", seen("rsync --server --sender -rzt . /srv", count=9), policy)
    replay.add("nas01", "refused", seen("rsync --server --sender -r . /srv", count=20), policy)
    text = replay.text().splitlines()
    assert text[:3] == [
        'nas01: allowed until now, would be refused: option: "-z" is not an option this key may '
        "send",
        "  10 times, 2 distinct; for example",
        '  "rsync --server --sender -rz . /srv"',
    ]
    assert text[6] == "nas01: refused until now, would be allowed"
    assert text[-1] == "31 requests would change, 1 would not"


def test_addresses() -> None:
    """A request from two addresses changes for the one that the new policy does not name."""
    one = pull("-r", "/srv")
    one.again("198.51.100.7", 4, one.first, one.last)
    replay = replayed("allowed", one, text=f'from = ["192.0.2.0/24"]\n{RULE}')
    assert [(group.count, group.distinct) for group in replay.groups.values()] == [(4, 1)]
    assert replay.same == 1


def test_a_policy_with_mistakes_allows_nothing() -> None:
    """Under a policy that cannot be used every request is refused."""
    replay = replayed("allowed", pull("-r", "/srv"), fault="has mistakes")
    assert [group.now for group in replay.groups.values()] == ["configuration: has mistakes"]


def test_roots_that_are_symlinks() -> None:
    """A root that is a symlink covers what the journal says lies where it leads."""
    one = pull("-r", "/srv/x")
    one.real = {"/srv/x": "/data/x"}
    for roots, changes in (({"/srv": "/data"}, False), ({}, True)):
        replay = Replay()
        replay.add("nas01", "allowed", one, Policy(client(RULE), roots))
        assert bool(replay.groups) == changes


def test_a_journal_that_cannot_be_read(config: Configuration, rsyncgate: Runs) -> None:
    """What was not read may well change: the exit status does not say that nothing would."""
    done = rsyncgate("--config", config.path, "replay", "/nonexistent")
    assert done.returncode == 1
    assert b"/nonexistent: cannot be read: No such file" in done.stderr
