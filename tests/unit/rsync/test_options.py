# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The table of options: what must be true of every row, and of the dangerous ones."""

from __future__ import annotations

from collections import Counter

import pytest

from rsyncgate.rsync.options import (
    DELETES,
    EFFECTS,
    EXECUTES,
    FOLLOWS,
    NEUTRAL,
    NUMBER,
    PATH,
    READS,
    ROLE,
    SHORT_FOR,
    SIZE,
    STRING,
    WRITES,
)
from unit.options import BY_NAME, OPTIONS


def named(effect: str) -> set[str]:
    """The options with this effect."""
    return {option.name for option in OPTIONS if option.effect == effect}


def test_spellings() -> None:
    """Each spelling stands once in the table, as a letter with a dash or a word with two."""
    spellings = Counter(name for option in OPTIONS for name in option.names)
    assert set(spellings.values()) == {1}
    for name in spellings:
        plain = name.lstrip("-")
        assert name == ("-" if len(plain) == 1 else "--") + plain
        assert name in BY_NAME[name].names


def test_rows() -> None:
    """Every row has a known effect, a known argument and a phrase for a sentence."""
    assert {option.effect for option in OPTIONS} == set(EFFECTS)
    assert {option.takes for option in OPTIONS} == {"", NUMBER, SIZE, STRING, PATH}
    for option in OPTIONS:
        assert option.does
        assert not option.does.endswith(".")
        assert option.does[0].islower()


def test_names() -> None:
    """An option goes by its first long name, which is what a person understands."""
    assert BY_NAME["-v"].name == "--verbose"
    assert BY_NAME["--protect-args"].name == "--secluded-args"
    assert BY_NAME["-D"].name == "-D"


@pytest.mark.parametrize(
    ("effect", "options"),
    [
        (DELETES, {"--remove-source-files", "--remove-sent-files"}),
        (EXECUTES, {"--daemon", "--config", "--dparam", "--detach", "--no-detach"}),
        (
            WRITES,
            {
                "--log-file",
                "--log-file-format",
                "--write-devices",
                "--write-batch",
                "--only-write-batch",
            },
        ),
        (
            ROLE,
            {
                "--server",
                "--sender",
                "--copy-as",
                "--confine-root",
                "--help",
                "--version",
                "--use-qsort",
            },
        ),
        (
            FOLLOWS,
            {
                "--copy-links",
                "--copy-unsafe-links",
                "--copy-dirlinks",
                "--insecure-links",
                "--copy-devices",
            },
        ),
        (
            READS,
            {
                "--files-from",
                "--filter",
                "--exclude-from",
                "--include-from",
                "--password-file",
                "--early-input",
                "--read-batch",
            },
        ),
    ],
)
def test_dangerous_options(effect: str, options: set[str]) -> None:
    """What can do more than shape a transfer is known by name; a change here is a decision."""
    assert named(effect) == options


def test_what_needs_no_rule() -> None:
    """What is allowed under every rule names no file and changes nothing that is sent."""
    assert {"--verbose", "--quiet", "--dry-run", "--rsh"} <= named(NEUTRAL)
    assert all(BY_NAME[name].takes != PATH for name in named(NEUTRAL))
    assert "--debug" not in named(NEUTRAL)  # its messages may show paths of the server


def test_abbreviations() -> None:
    """An option that stands for others stands for ones in the table, none of them dangerous."""
    assert set(SHORT_FOR) == {"--archive", "-D", "-P", "--old-compress", "--new-compress"}
    for short, others in SHORT_FOR.items():
        assert short in BY_NAME
        assert not {BY_NAME[name].effect for name in others} & {WRITES, DELETES, EXECUTES, ROLE}
