# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The widest policy allows whatever any policy could, and nothing that none could."""

from __future__ import annotations

import pytest

from rsyncgate.policy import lexical
from rsyncgate.policy.decide import decide, impossible
from rsyncgate.policy.model import is_probe
from rsyncgate.policy.read import client_from
from rsyncgate.policy.widest import widen
from rsyncgate.rsync.options import Option
from unit.conftest import PULL, policy, requested
from unit.options import OPTIONS

VALUES = {"": "", "NUM": "=5", "SIZE": "=5k", "STRING": "=.x", "PATH": "=/srv/x"}


def allowed(command: str) -> bool:
    """Whether `command` runs while its client is being learned."""
    request = requested(command)
    return decide(lexical.locate(request, "/root", {}), widen(policy(), request), "").allowed


@pytest.mark.parametrize("option", OPTIONS, ids=repr)
def test_every_option(option: Option) -> None:
    """A pull runs if a rule can name its option, or need not; no other does."""
    word = option.name + VALUES[option.takes]
    command = f"{PULL} -r {word} . /srv"
    _, mistakes = client_from(f'[[allow]]\npaths = ["/srv"]\noptions = ["{word}"]', "x", "/rsync")
    needless = decide(
        lexical.locate(requested(command), "/root", {}),
        client_from('[[allow]]\npaths = ["/srv"]', "x", "/rsync")[0],
        "",
    ).allowed
    assert allowed(command) == (not mistakes or needless)
    assert allowed(command) == (impossible(requested(command)) is None)


@pytest.mark.parametrize(
    ("command", "runs"),
    [
        ("true", True),
        ("sudo rsync --version", True),
        ("rsync -V", True),
        ("rsync", False),
        ("--version", False),
        ("true x", False),
        ("", False),
        ("sudo -u bob rsync --server --sender -r . /", True),
        ("rsync --server -r . /srv", False),
        ("rsync --server --daemon .", False),
        ("rsync --server --sender -r . /srv/../etc", False),
        ("rsync --server --sender --files-from=../x -r . /", False),
        ("--server --sender -r . /", False),
    ],
)
def test_other_commands(command: str, runs: bool) -> None:
    """Probes and pulls by any program run; shells, pushes and daemons do not."""
    assert allowed(command) == runs
    if requested(command).role == "other":
        assert is_probe(requested(command).program) == runs
