# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The text of a learned policy, and what it leaves alone in one that is there."""

from __future__ import annotations

import tomllib

import pytest

from rsyncgate.admin.policy_text import diff, refused_comments
from unit.admin.captures import client, lesson, pull, refused, seen

HAND = """\
# nas01 stands in the cellar.
from = ["192.0.2.10"]   # its own address

# The web site, every night.
[[allow]]
paths = ["/srv/www"]  # not /srv
options = [
  "-logDtpr",  # as -a sends it
]

# Bob's mail. Ask him first.
[[allow]]
options = ["-r"]
paths = ["/home/bob"]

# The end.
"""


def test_a_new_policy() -> None:
    """A rule has its history above it, and what its unusual options do."""
    text, _ = lesson([seen("rsync --server --sender -rL --bwlimit=5 . /srv", count=3)])
    assert text == (
        "# Policy of nas01, learned from what it asked for.\n"
        "\n"
        "# 3 requests from 192.0.2.10, 2026-11-22 06:00 to 2026-11-22 18:00\n"
        "# -L --copy-links sends what symlinks point to, wherever that is\n"
        "[[allow]]\n"
        'paths = ["/srv"]\n'
        'options = ["-rL", "--bwlimit=5"]\n'
    )


def test_what_a_person_wrote_stays() -> None:
    """What is added stands between and below what was there, which is the same byte for byte."""
    requests = [pull("-rz", "/etc"), seen("sudo rsync --server --sender -r . /home/bob/x")]
    text, _ = lesson([*requests, seen("true")], HAND)
    added = 'programs = ["sudo rsync"]\nprobes = ["true"]\n'
    head, above, rules = HAND.partition("\n# The web")
    assert text.startswith(head + added + above + rules)
    assert text.count("[[allow]]") == 3
    assert all(
        line[:1] in "+ " for line in diff(HAND, text, "x").splitlines()[3:] if line[:2] != "@@"
    )


def test_lists_that_are_there_grow() -> None:
    """A program and a probe are added to the lists that a person began, with their comments."""
    hand = 'programs = [\n  "doas rsync",  # for bob\n]\nprobes = ["true"]\n'
    text, _ = lesson([seen("sudo rsync --version")], hand)
    found = tomllib.loads(text)
    assert found == {
        "programs": ["doas rsync", "sudo rsync"],
        "probes": ["true", "sudo rsync --version"],
    }
    assert '"doas rsync",  # for bob\n' in text


@pytest.mark.parametrize(
    "hand", ["# alone", 'nice = 5\n[[allow]]\npaths=["/a"]', "\n\n", "nice = 5"]
)
def test_any_file_can_be_added_to(hand: str) -> None:
    """A file with no last newline, or nothing but comments, is added to as well."""
    requests = [pull("-r", "/srv"), seen("true")]
    text, _ = lesson(requests, hand)
    assert set(hand.splitlines()) <= set(text.splitlines())
    assert [refused(one, client(text)) for one in requests] == ["", ""]


def test_rules_in_one_list() -> None:
    """Rules that are no [[allow]] tables are not guessed at."""
    with pytest.raises(ValueError, match="write them so first"):
        lesson([pull("-r", "/srv")], 'allow = [{paths = ["/a"]}]\n')


@pytest.mark.parametrize(
    ("values", "pattern"),
    [
        (["100"], "100"),
        (["100", "200"], "*"),
        (["/old/2026-11-21", "/old/2026-11-22"], "/old/*-*-*"),
        (["/old/a", "/old/b"], "*"),
        (["/old/a\\*"], "/old/a[*]"),
        (["/old/[1]", "/old/[2]"], "/old/[[]*]"),
    ],
)
def test_values(values: list[str], pattern: str) -> None:
    """A value that varied becomes a pattern for all that were seen; one that did not is text."""
    requests = [pull(f"-r --backup-dir={value}", "/srv") for value in values]
    text, _ = lesson(requests)
    assert tomllib.loads(text)["allow"][0]["options"] == ["-r", f"--backup-dir={pattern}"]
    assert [refused(one, client(text)) for one in requests] == [""] * len(values)


def test_what_no_policy_may_allow() -> None:
    """Impossible requests are comments, with how often and why, whatever their text holds."""
    bad = "rsync --server --sender --remove-source-files -r . /srv"
    forged = 'x\n[[allow]]\npaths = ["/"]'
    text, learned = lesson([seen(bad, count=2), seen(forged)])
    shown = refused_comments(learned)
    assert all(line.startswith("#") for line in shown.splitlines())
    assert f'#   "{bad}" (2 times, last 2026-11-22 18:00)' in shown
    assert "(deletes)" in shown
    assert client(text + shown).rules == ()


def test_a_path_cannot_leave_its_comment() -> None:
    """A line break in a path that a -s client sends does not begin a line of the policy."""
    evil = "/srv/\n[[allow]]\npaths = ['/']\n#"
    one = seen("rsync --server --sender -sr", block=("rsync", ".", evil + "1", evil + "2"))
    text, learned = lesson([one])
    learned.needs[0].stands_for[evil] = 2
    again, _ = lesson([one])
    assert [rule.paths for rule in client(text).rules] == [(evil + "1", evil + "2")]
    assert again == text


def test_a_diff_says_where_a_newline_is_missing() -> None:
    """The diff of a file without its last newline can be applied with patch."""
    assert diff("a", "b\n", "x").splitlines()[3:] == ["-a", "\\ No newline at end of file", "+b"]
