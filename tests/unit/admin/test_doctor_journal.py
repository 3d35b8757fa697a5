# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The doctor on the journal: room for it, and what logrotate does to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from rsyncgate.admin import doctor_journal
from rsyncgate.admin.doctor_finding import FAILURE, OK, WARNING, Finding
from rsyncgate.admin.doctor_journal import LARGE, Room

DEPLOY = Path(__file__).parents[3] / "deploy"
JOURNAL = "/var/log/rsyncgate/journal.jsonl"
RULE = JOURNAL + " {{\n    weekly\n    rotate 52\n    {}\n}}\n"


def rotation(text: str, length: int = 5) -> list[Finding]:
    """What is said of a journal so long under this logrotate configuration."""
    known, _ = doctor_journal.parse(text)
    return list(doctor_journal.judge_rotation(JOURNAL, length, known))


@pytest.mark.parametrize(
    ("directive", "level"),
    [
        ("compress", OK),
        ("nocreate", OK),
        ("create", OK),
        ("create 0600 root root", OK),
        ("create 640 root adm", OK),
        ("create root adm", OK),
        ("create 0660 root adm", FAILURE),
        ("create 0640 syslog adm", FAILURE),
        ("create syslog adm", FAILURE),
        ("copytruncate", FAILURE),
    ],
)
def test_a_rule(directive: str, level: int) -> None:
    """A rule may rotate the journal, but not cut it, nor leave a file the gate does not take."""
    (found,) = rotation(RULE.format(directive))
    assert (found.level, found.check) == (level, "journal.rotation")


def test_the_rule_that_is_shipped() -> None:
    """The rule in deploy/ is for the default journal, and the doctor has nothing to say of it."""
    (found,) = rotation((DEPLOY / "logrotate.d" / "rsyncgate").read_text())
    assert found.level == OK


@pytest.mark.parametrize(
    ("head", "level"),
    [
        (JOURNAL, OK),
        (f'"{JOURNAL}"', OK),
        (f"/var/log/other\n{JOURNAL}\n", OK),
        (f"/var/log/a /var/log/b {JOURNAL}", OK),
        ("/var/log/rsyncgate/*.jsonl", OK),
        ("weekly\ncreate\n/var/log/*/journal.jsonl", OK),
        ("/var/log/*.jsonl", WARNING),
        (f"# {JOURNAL}\n/var/log/other", WARNING),
        ("/var/log/rsyncgate/*", WARNING),  # the head goes with it
    ],
)
def test_which_files(head: str, level: int) -> None:
    """A rule is for the journal where its paths and wildcards fit it, and it alone."""
    (found,) = rotation(f"{head} {{\n  weekly\n}}\n")
    assert found.level == level


def test_no_rule() -> None:
    """Without a rule the journal grows: a warning, and a failure once it has."""
    assert [one.level for one in rotation("weekly\n")] == [WARNING]
    assert [one.level for one in rotation("weekly\n", LARGE + 1)] == [FAILURE]


def test_scripts_are_no_rules() -> None:
    """What a rule's script says is neither a path nor a directive."""
    script = f"postrotate\n  for f in a; do {{ cat {JOURNAL}; }}; done\n copytruncate\n endscript"
    text = f"/var/log/other {{\n {script}\n}}\n"
    assert [one.level for one in rotation(text)] == [WARNING]
    assert [one.level for one in rotation(text + RULE.format(script))] == [OK]


def test_includes(tmp_path: Path) -> None:
    """Included files count, from a directory all that logrotate would take from it."""
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "rsyncgate").write_text(RULE.format("compress"))
    for name in ("rsyncgate.dpkg-old", "rsyncgate~", ".hidden"):
        (tmp_path / "d" / name).write_text(RULE.format("copytruncate"))
    (tmp_path / "conf").write_text(f"weekly\ninclude {tmp_path}/d\n/var/log/x {{\n}}\n")
    known = doctor_journal.rules(str(tmp_path / "conf"))
    assert [rule.patterns for rule in known] == [("/var/log/x",), (JOURNAL,)]
    assert [one.level for one in doctor_journal.judge_rotation(JOURNAL, 1, known)] == [OK]


@pytest.mark.parametrize(
    ("free", "inodes", "level"),
    [
        (500, 0.5, OK),
        (50, 0.5, WARNING),
        (5, 0.5, FAILURE),
        (500, 0.05, WARNING),
        (500, 0, FAILURE),
    ],
)
def test_room(free: int, inodes: float, level: int) -> None:
    """Too little room, of bytes or of inodes, is said before nothing can run any more."""
    assert doctor_journal.judge_room(Room(free, 1000, inodes)).level == level


def test_room_where_it_will_be(tmp_path: Path) -> None:
    """The room is that of the nearest directory there is."""
    assert doctor_journal.room(str(tmp_path / "a" / "b" / "journal")).all > 0
