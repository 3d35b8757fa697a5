# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""All attacks, on their way from the start: some take as long as a gate may."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from attack.attacks import ATTACKS
from attack.gates import open as no_gate
from attack.gates import rsyncgate
from attack.model import HANG, LEAK, Attack
from attack.trial import PATIENCE, Gate, harms

GATES: dict[str, Gate] = {
    "rsyncgate": rsyncgate.authorize,
    "rsyncgate, a wide rule": rsyncgate.authorize_widely,
    "no gate": no_gate.authorize,
}
RACES = 5
"""Connections of each race: tests/e2e/confine/test_races.py makes hundreds."""


class Trials:
    """Every attack on every gate, as they come to an end."""

    def __init__(self, place: Path, pool: ProcessPoolExecutor) -> None:
        self.place = place
        self.tried: dict[tuple[str, str], Future[set[str]]] = {}
        for attack in sorted(ATTACKS, key=lambda attack: attack.harm != HANG):
            for n, gate in enumerate(GATES):
                if n == 0 or (n == 1 and attack.harm == LEAK) or (n == 2 and not attack.dead):
                    directory = place / f"{n}-{attack.name}"
                    self.tried[gate, attack.name] = pool.submit(trial, attack, gate, directory)

    def achieved(self, gate: str, name: str) -> set[str]:
        """What the attack `name` achieves against `gate`."""
        return self.tried[gate, name].result()

    def journal(self, name: str) -> list[dict[str, Any]]:
        """What rsyncgate wrote down of the attack `name`."""
        self.achieved("rsyncgate", name)
        lines = (self.place / f"0-{name}" / "home" / "journal.jsonl").read_text("ascii")
        return [json.loads(line) for line in lines.splitlines()]


@pytest.fixture(scope="session", autouse=True)
def _as_root() -> None:
    """The gates guard root's files."""
    if os.geteuid() != 0:
        raise RuntimeError("the attacks need root")


@pytest.fixture(scope="session")
def trials(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trials]:
    """All of them, under way; their worlds stay until the last test is done."""
    place = tmp_path_factory.mktemp("attack")
    # Processes, since a program that one thread writes cannot run while another one forks.
    with ProcessPoolExecutor(4) as pool:
        yield Trials(place, pool)
        pool.shutdown(cancel_futures=True)
    shutil.rmtree(place)


def trial(attack: Attack, gate: str, directory: Path) -> set[str]:
    """What `attack` achieves, with as little patience as will show it."""
    if gate == "no gate":
        return harms(attack, GATES[gate], directory, 3 if attack.harm == HANG else PATIENCE)
    return harms(replace(attack, races=min(attack.races, RACES)), GATES[gate], directory)


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory for a world of pulls."""
    return tmp_path_factory.mktemp("pulls")
