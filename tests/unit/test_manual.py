# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The manual pages say what the program does."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from rsyncgate.admin.cli import _group
from rsyncgate.policy.read import client_from
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


PAGES = {"authorize": "-learn", "learn": "-learn", "replay": "-learn", "audit": "-audit",
         "metrics": "-audit", "doctor": "-doctor"}  # fmt: skip
"""The commands with a page of their own; the others stand in rsyncgate(8)."""
UNSEEN = {"--client", "--learn", "--help", "-h", "--version"}
"""What rsyncgate takes and click's commands do not hold: the gate's options, and click's own."""


def commands(group: click.Group, path: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command of the admin half by what is typed for it, and itself, "" for rsyncgate."""
    yield path, group
    for name, command in group.commands.items():
        typed = f"{path} {name}".strip()
        if isinstance(command, click.Group):
            yield from commands(command, typed)
        else:
            yield typed, command


def taken(command: click.Command) -> set[str]:
    """The options that `command` takes."""
    found = {name for option in command.params if option.opts for name in option.opts}
    return {name for name in found if name.startswith("-")}


def heads(page: str) -> str:
    """The synopsis of a page, its subsections' titles and the heads of its lists."""
    synopsis = page.partition(".Sh SYNOPSIS")[2].partition(".Sh")[0]
    return "\n".join([synopsis, *re.findall(r"^\.It Xo(?s:.*?)\.Xc|^\.(?:It|Ss) .*", page, re.M)])


@pytest.mark.parametrize("page", ["", "-learn", "-audit", "-doctor"])
def test_options(page: str) -> None:
    """A page lists every command that belongs there, with all of their options, and no others."""
    listed = heads((MANUAL / f"rsyncgate{page}.8").read_text())
    mine = {n: c for n, c in commands(_group) if PAGES.get(n.partition(" ")[0], "") == page}
    assert [name for name in mine if not re.search(rf"\b{name}\b", listed)] == []
    everywhere = {"--config"} if page else set()
    options = {"-" + name for name in re.findall(r"\bFl ([\w-]+)", listed)} - everywhere
    assert options == set().union(*map(taken, mine.values()), set() if page else UNSEEN)


@pytest.mark.parametrize("page", sorted(MANUAL.iterdir()), ids=lambda page: page.name)
def test_formats(page: Path) -> None:
    """man(1) has nothing to complain of."""
    man = ["man", "--warnings", "-E", "UTF-8", "-l", str(page)]
    shown = subprocess.run(man, capture_output=True, text=True, check=True)
    assert (shown.stderr, shown.stdout != "") == ("", True)
