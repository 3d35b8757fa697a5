# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Every attack of the table, judged by effect: on rsyncgate, and on no gate, where it works."""

from __future__ import annotations

from pathlib import Path

import pytest

from attack.attacks import ATTACKS
from attack.conftest import Trials
from attack.gates import rsyncgate
from attack.model import HARMS, LEAK, Attack
from attack.pulls import PULLS, arrives, prepared
from attack.world import World

NAMES = [attack.name for attack in ATTACKS]
LEAKS = [attack.name for attack in ATTACKS if attack.harm == LEAK]
ALIVE = [attack for attack in ATTACKS if not attack.dead]


@pytest.mark.parametrize("name", NAMES)
def test_stopped(trials: Trials, name: str) -> None:
    """Nothing leaks, changes, runs, stays, breaks or is forged where a rule names a path alone."""
    assert trials.achieved("rsyncgate", name) == set()


@pytest.mark.parametrize("attack", ATTACKS, ids=NAMES)
def test_on_record(trials: Trials, attack: Attack) -> None:
    """The journal has what was sent, to the byte, and that the gate knew what to make of it."""
    records = trials.journal(attack.name)
    assert {record["event"] for record in records} <= {"refused", "allowed", "finished"}
    asked = {record.get("command") for record in records if record["event"] != "finished"}
    assert len(asked) == 1
    if attack.command is not None:
        sent = World(trials.place / f"0-{attack.name}").fill(attack.command)
        assert asked == {sent or None}


@pytest.mark.parametrize("name", LEAKS)
def test_stopped_under_a_wide_rule(trials: Trials, name: str) -> None:
    """Nothing leaks where the rule allows what follows symlinks and reads lists, either."""
    assert trials.achieved("rsyncgate, a wide rule", name) == set()


@pytest.mark.parametrize("attack", ALIVE, ids=lambda attack: attack.name)
def test_it_would_work(trials: Trials, attack: Attack) -> None:
    """Without a gate the attack does what it is meant to do, and the judge of that sees it."""
    assert attack.harm in trials.achieved("no gate", attack.name)


def test_every_judge_fires() -> None:
    """There is no harm that no attack is known to do."""
    assert {attack.harm for attack in ALIVE} == set(HARMS)
    assert len(set(NAMES)) == len(NAMES)


@pytest.fixture(scope="module")
def world(place: Path) -> World:
    """A server with a tree to pull."""
    return prepared(place / "world")


@pytest.mark.parametrize("pull", PULLS)
def test_a_pull_arrives(world: World, pull: str) -> None:
    """What backup machines ask for arrives whole, through the gate that stops all of the above."""
    assert arrives(pull, rsyncgate.authorize, world)


def test_refusing_everything_is_no_gate(world: World, place: Path) -> None:
    """A gate that lets nothing in, or brings another tree, fails at every pull."""
    other = prepared(place / "other")
    (other.root / "kept").unlink()
    (other.root / "tree" / "nested" / "a b" / ".hidden").unlink()
    for pull in PULLS:
        assert not arrives(pull, lambda _root, _home: "exit 1", world)
    forced = f'eval "$(echo "$SSH_ORIGINAL_COMMAND" | sed s,{world.root},{other.root},g)"'
    assert not arrives("archive", lambda _root, _home: forced, world)
