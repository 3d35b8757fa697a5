# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The gate's table of options against the list of all that rsync servers take.

`options.jsonl` was put together from the sources and from trials of rsync 2.6.8 to 3.5.0 and
openrsync; its notes say what an option can do on a sender.
"""

from __future__ import annotations

import json
from pathlib import Path

from rsyncgate.rsync.options import (
    CLIENT_SIDE,
    DELETES,
    EXECUTES,
    FOLLOWS,
    HARMLESS,
    NEUTRAL,
    READS,
    ROLE,
    WRITES,
)
from unit.options import BY_NAME

# How a note begins, or what it says, with the effect the table must give such an option.
BEGINNINGS = {
    "WIDENS READS": FOLLOWS,
    "READS PATH": READS,
    "WRITES PATH": WRITES,
    "writes path.": WRITES,
    "content of what --log-file writes": WRITES,
    "DELETES": DELETES,
    "executes": EXECUTES,
    "reads path / executes": EXECUTES,
    "mode switch": ROLE,
    "CHANGES IDENTITY": ROLE,
    "restricts": ROLE,
    "prints text on stdout and exits": ROLE,
}

# Notes that name a danger which is none: a server stores the argument of -e and executes nothing;
# a daemon never runs (and --dparam's short form, -M, is --remote-option outside of one).
NO_DANGER = (
    "changes protocol: on a server the argument is NOT executed",
    "accepted after",
    "writes path / executes: overrides config globals",
)

# What the notes call harmless to a server, and the table refuses or vouches for all the same: no
# client has a use for them in a pull, and what they do could change. No server takes the last one.
CAUTION = {
    "--write-devices",
    "--read-batch",
    "--write-batch",
    "--only-write-batch",
    "--password-file",
    "--early-input",
    "--use-qsort",
}


def rows() -> list[dict[str, str]]:
    """Every option of the list."""
    with Path(__file__).with_name("options.jsonl").open() as stream:
        return [json.loads(line) for line in stream]


def spellings(row: dict[str, str]) -> list[str]:
    """An option as it stands on a command line."""
    return [dash + row[kind] for kind, dash in (("long", "--"), ("short", "-")) if kind in row]


def test_every_option_is_in_the_table() -> None:
    """The table holds all options there are, under every name, and no others."""
    listed = rows()
    assert len(listed) == 279
    assert {name for row in listed for name in spellings(row)} == set(BY_NAME)


def test_arguments() -> None:
    """An option takes an argument exactly where rsync says so: else words would change places."""
    for row in rows():
        for name in spellings(row):
            assert bool(BY_NAME[name].takes) == (row["arg"] != "none"), name


def test_dangers() -> None:
    """An option that a note calls dangerous to a sender has the effect that the note says."""
    seen = set()
    for row in rows():
        for beginning, effect in BEGINNINGS.items():
            if row["note"].startswith(beginning):
                seen.add(beginning)
                assert BY_NAME[spellings(row)[0]].effect == effect, row
    assert seen == set(BEGINNINGS)


def test_no_danger_is_overlooked() -> None:
    """An option that writes, deletes or executes anywhere but on a receiver is called dangerous."""
    for row in rows():
        note = row["note"]
        if any(word in note for word in ("WRITES", "DELETES", "execut")):
            assert note.startswith(("harmless", *BEGINNINGS, *NO_DANGER)), row


def test_caution() -> None:
    """What the table holds back beyond the notes is on purpose."""
    plain = [row for row in rows() if not row["note"].startswith(tuple(BEGINNINGS))]
    held = {
        name
        for row in plain
        if row.get("mode") != "daemon"
        for name in spellings(row)
        if BY_NAME[name].effect not in (HARMLESS, NEUTRAL, CLIENT_SIDE)
    }
    assert held == CAUTION
