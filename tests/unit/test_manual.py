"""The manual pages say what the program does."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import click
import pytest

from rsyncgate.admin.cli import check
from rsyncgate.admin.learn_commands import authorize, learn, replay
from rsyncgate.policy.load import client_from
from rsyncgate.policy.schema import CLIENT, GATE, RULE
from rsyncgate.refusal import REASONS

MANUAL = Path(__file__).parents[2] / "deploy" / "man"


def test_reasons() -> None:
    """Every reason code stands in rsyncgate(8), under REASONS."""
    reasons = (MANUAL / "rsyncgate.8").read_text().partition(".Sh REASONS")[2].partition(".Sh")[0]
    named = {code for line in re.findall(r"^\.It Cm (.+)$", reasons, re.M) for code in line.split()}
    assert named - {","} == set(REASONS)


def test_keys() -> None:
    """Every key of gate.toml, of a client and of a rule stands in rsyncgate.toml(5), no other."""
    keys = re.findall(r"^\.It Cm (\w+) No =", (MANUAL / "rsyncgate.toml.5").read_text(), re.M)
    assert set(keys) == {key.name for key in (*GATE, *CLIENT, *RULE)}


def test_example() -> None:
    """The policy under EXAMPLES has no mistake."""
    text = (MANUAL / "rsyncgate.toml.5").read_text()
    example = text.partition(".Bd -literal\n# nas01")[2].partition(".Ed")[0]
    client, mistakes = client_from("# nas01" + example, "nas01", "/usr/bin/rsync")
    assert (mistakes, len(client.rules)) == ([], 2)


@pytest.mark.parametrize("command", [authorize, learn, replay], ids=lambda c: c.name)
def test_learning(command: click.Command) -> None:
    """Every option of the commands that learn stands in rsyncgate-learn(8)."""
    text = (MANUAL / "rsyncgate-learn.8").read_text().partition(".Sh COMMANDS")[2]
    (section,) = [
        part for part in text.split("\n.Ss rsyncgate ") if part.startswith(str(command.name))
    ]
    named = set(re.findall(r"-(-[a-z-]+)", re.sub(r"^\.It Fl ", "-", section, flags=re.M)))
    options = {name for option in command.params for name in option.opts if name[:2] == "--"}
    assert {name[1:] for name in options} <= named


def test_check() -> None:
    """The options of check stand beside it in rsyncgate(8)."""
    (line,) = re.findall(r"^\.It Cm check (.+)$", (MANUAL / "rsyncgate.8").read_text(), re.M)
    options = {name for option in check.params for name in option.opts if name[:2] == "--"}
    assert options == {f"-{name}" for name in re.findall(r"Fl (-[a-z-]+)", line)}


@pytest.mark.parametrize("page", sorted(MANUAL.iterdir()), ids=lambda page: page.name)
def test_formats(page: Path) -> None:
    """man(1) has nothing to complain of."""
    man = ["man", "--warnings", "-E", "UTF-8", "-l", str(page)]
    shown = subprocess.run(man, capture_output=True, text=True, check=True)
    assert (shown.stderr, shown.stdout != "") == ("", True)
