# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""A program: every attack and every pull on every gate, as the table that the README shows."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from attack.attacks import ATTACKS
from attack.gates import authprogs, case, lshell, rrsync, rsyncgate, rush
from attack.gates import open as no_gate
from attack.model import HARMS, Attack
from attack.pulls import PULLS, arrives, prepared
from attack.trial import Gate, harms

GATES: dict[str, Gate] = {
    "rsyncgate": rsyncgate.authorize,
    "rrsync": rrsync.authorize,
    "authprogs": authprogs.authorize,
    "GNU rush": rush.authorize,
    "lshell": lshell.authorize,
    "`case` script": case.authorize,
    "no gate": no_gate.authorize,
}


class Result:
    """What one gate let through, and which pulls arrived."""

    def __init__(self, got_through: dict[str, set[str]], arrived: list[str]) -> None:
        self.got_through = got_through
        self.arrived = arrived

    def row(self) -> list[str]:
        """Pulls that arrive, attacks that were stopped for each harm, and for all."""
        cells = [f"{len(self.arrived)}/{len(PULLS)}"]
        for meant in (*((harm,) for harm in HARMS), HARMS):
            attacks = [attack for attack in ATTACKS if attack.harm in meant]
            stopped = sum(attack.name not in self.got_through for attack in attacks)
            cells.append(f"{stopped}/{len(attacks)}")
        return cells

    def footnote(self) -> str:
        """Which attacks got through, and which pulls did not arrive."""
        through = ", ".join(
            f"{attack.name} ({'+'.join(sorted(self.got_through[attack.name]))})"
            for attack in ATTACKS
            if attack.name in self.got_through
        )
        missing = ", ".join(pull for pull in PULLS if pull not in self.arrived)
        return f"got through: {through or 'none'}; pulls that did not arrive: {missing or 'none'}"


def tried(attack: Attack, gate: str, directory: Path) -> set[str]:
    """What `attack` achieves; in a process of its own."""
    return harms(attack, GATES[gate], directory)


def result(gate: str, place: Path) -> Result:
    """Everything, on one gate."""
    with ProcessPoolExecutor(2) as pool:
        trials = {
            attack.name: pool.submit(tried, attack, gate, place / attack.name) for attack in ATTACKS
        }
        achieved = {name: trial.result() for name, trial in trials.items()}
    world = prepared(place / "pulls")
    return Result(
        {name: found for name, found in achieved.items() if found},
        [pull for pull in PULLS if arrives(pull, GATES[gate], world)],
    )


def markdown(rows: Iterable[list[str]]) -> str:
    """`rows` as a table of Markdown, which is as easy to read as it is."""
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "| " + " | ".join(map(str.ljust, row, widths)) + " |"
        for row in (rows[0], ["-" * width for width in widths], *rows[1:])
    ]
    return "\n".join(lines) + "\n"


def versions() -> str:
    """What was compared."""
    names = ["rsync", "authprogs", "rush"]
    show = ["dpkg-query", "-W", "-f", "${Package} ${Version}, ", *names]
    return subprocess.run(show, capture_output=True, text=True, check=True).stdout


def main() -> int:
    """Prints the table, and what got through each gate; fails if anything did through rsyncgate."""
    results = {}
    for gate in GATES:
        print(f"{gate} ...", file=sys.stderr)
        with tempfile.TemporaryDirectory(prefix="attack-", ignore_cleanup_errors=True) as place:
            results[gate] = result(gate, Path(place))
    head = ["gate", "pulls that arrive", *(f"{harm} stopped" for harm in HARMS), "all"]
    print(markdown([head, *([gate, *found.row()] for gate, found in results.items())]))
    ours = results["rsyncgate"]
    for gate, found in results.items():
        if gate != "no gate":
            print(f"- {gate} {found.footnote()}")
    harmless = sum(bool(attack.dead) for attack in ATTACKS)
    print(f"\n{harmless} attacks do no harm without a gate: most aim at how gates read commands.")
    print(f"{versions()}limited-shell from PyPI.")
    return 0 if not ours.got_through and len(ours.arrived) == len(PULLS) else 1


if __name__ == "__main__":
    sys.exit(main())
