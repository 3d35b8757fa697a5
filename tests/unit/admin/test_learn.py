# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""What is learned from requests allows them and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rsyncgate.admin.history import Seen
from rsyncgate.rsync.options import DELETES, EXECUTES, WRITES, Option
from rsyncgate.rsync.words import quote
from unit.admin.captures import client, lesson, pull, refused, seen
from unit.options import OPTIONS

# Each letter and long option that shapes a pull, without those that stand for others.
LETTERS = "rlptgoDHAXSxWLkcRmuUN"
LONG = [
    *("--numeric-ids", "--delete-missing-args", "--ignore-errors", "--inplace", "--partial"),
    *("--bwlimit=100", "--bwlimit=200", "--timeout=60", "--backup-dir=/old/2026-11-21"),
    *("--files-from=-", "--copy-unsafe-links"),
]
NEUTRAL = ["-v", "-n", "-q", "--stats", "--delete-before", "-e.iLsfxC", "-e.LsfxCIvu"]

components = st.text(
    st.characters(codec="utf-8", exclude_characters="/\0", exclude_categories=("Cc", "Cs")),
    min_size=1,
    max_size=6,
).filter(lambda name: name not in (".", ".."))
paths = st.lists(components, min_size=1, max_size=3).map(lambda parts: "/" + "/".join(parts))
options = st.tuples(st.sets(st.sampled_from(LETTERS)), st.sets(st.sampled_from(LONG))).map(
    lambda drawn: [*(f"-{letter}" for letter in sorted(drawn[0])), *sorted(drawn[1])]
)


@st.composite
def pulls(draw: st.DrawFn) -> tuple[list[str], list[str]]:
    """Options and paths of a pull."""
    return draw(options), draw(st.lists(paths, min_size=1, max_size=3))


def command(words: list[str], where: list[str]) -> Seen:
    """The pull as a client sends it that quotes what must be quoted."""
    return seen(" ".join(map(quote, ["rsync", "--server", "--sender", *words, ".", *where])))


@settings(max_examples=40)
@given(st.lists(pulls(), min_size=1, max_size=5), st.sampled_from(NEUTRAL))
def test_what_was_asked_is_allowed(asked: list[tuple[list[str], list[str]]], more: str) -> None:
    """Each request that was learned is allowed, with or without an option that changes nothing."""
    text, learned = lesson(command(*one) for one in asked)
    assert learned.impossible == []
    for words, where in asked:
        assert refused(command(words, where), client(text)) == ""
        assert refused(command([*words, more], where), client(text)) == ""


@settings(max_examples=40)
@given(st.lists(pulls(), min_size=1, max_size=5), st.data())
def test_what_was_not_asked_is_refused(
    asked: list[tuple[list[str], list[str]]], data: st.DataObject
) -> None:
    """A learned request with an option no request had, or a path beside them, is refused."""
    text, _ = lesson(command(*one) for one in asked)
    words, where = data.draw(st.sampled_from(asked))
    had = {word.partition("=")[0] for some, _ in asked for word in some}
    other = [f"-{letter}" for letter in LETTERS if f"-{letter}" not in had]
    other += [word for word in LONG if word.partition("=")[0] not in had]
    if other:
        one_more = data.draw(st.sampled_from(other))
        assert refused(command([*words, one_more], where), client(text)) == "option"
    roots = {path for _, some in asked for path in some}
    outside = data.draw(paths)
    if not any(outside == root or outside.startswith(root + "/") for root in roots):
        assert refused(command(words, [*where, outside]), client(text)) == "path"


@settings(max_examples=40)
@given(st.lists(pulls(), min_size=2, max_size=4))
def test_learning_again_adds_nothing(asked: list[tuple[list[str], list[str]]]) -> None:
    """What was learned is not learned again, and what comes later leaves the old text as it is."""
    requests = [command(*one) for one in asked]
    first, _ = lesson(requests[:1])
    both, _ = lesson(requests, first)
    assert both.startswith(first)
    again, learned = lesson(requests, both)
    assert (again, bool(learned)) == (both, False)


@given(st.text(max_size=60))
def test_no_text_makes_a_policy_with_mistakes(text: str) -> None:
    """Whatever a client sends, what is learned from it has no mistakes, or is nothing."""
    lesson([seen(text), seen(f"rsync --server --sender -r {text} . /srv")])
    lesson([seen("rsync --server --sender -sr", block=("rsync", *text.split("\0"), ".", "/srv"))])
    lesson([seen("rsync --server --sender -sr", block=("rsync", ".", *text.split("\0")))])


@pytest.mark.parametrize(
    "harm", [o for o in OPTIONS if o.effect in (WRITES, DELETES, EXECUTES)], ids=repr
)
def test_what_no_policy_allows_is_not_learned(harm: Option) -> None:
    """An option that writes, deletes or executes makes a request impossible."""
    text, learned = lesson([pull(f"-r {harm.name}{'=x' if harm.takes else ''}", "/srv")])
    assert [len(learned.needs), len(learned.impossible)] == [0, 1]
    assert "[[allow]]" not in text


def test_needs_of_the_same_options_are_one_rule() -> None:
    """Pulls that differ in paths alone, or in what changes nothing, become one rule."""
    requests = [pull("-logDtpre.iLsf", "/etc/"), pull("-vnlogDtprxe.iLsfxC", "/srv")]
    requests += [pull("-logDtprve.LsfxCIvu --stats", "/home")]
    text, learned = lesson(requests)
    assert [list(need.paths) for need in learned.needs] == [["/etc", "/home"], ["/srv"]]
    assert text.count("[[allow]]") == 2


def test_a_need_within_another_is_no_rule() -> None:
    """A request that the rule for another one allows gets none of its own, and is counted there."""
    _, learned = lesson([pull("-r", "/srv"), pull("-rlt --bwlimit=5", "/srv", "/etc")])
    assert [len(need.seen) for need in learned.needs] == [2]


@pytest.mark.parametrize(
    ("sent", "root"),
    [
        ("/srv/./data/../x", None),
        ("/srv/./data//", "/srv/data"),
        ("backup", "/root/backup"),
        ("~/backup", "/root/backup"),
        ("\\~/backup", "/root/~/backup"),
        ("", "/root"),
        (".", "/root"),
        ("./-x", "/root/-x"),
        ("/srv/db/2026-*", "/srv/db/2026-*"),
        ("/srv/db/\\*", "/srv/db/[*]"),
        ("/srv/'[ab]'/*", "/srv/[[]ab]/*"),
        ("/srv/caf\udce9", "/srv/caf?"),
        ("/srv/caf\udce9*", "/srv/caf?*"),
        ("/", "/"),
    ],
)
def test_paths(sent: str, root: str | None) -> None:
    """A path becomes the root that is the same place: quoted wildcards are text, live ones stay."""
    one = pull("-r", sent)
    text, learned = lesson([one])
    if root is None:
        assert [refusal.code for _, refusal in learned.impossible] == ["dot-dot"]
        return
    (need,) = learned.needs
    assert list(need.paths) == [root]
    assert refused(one, client(text)) == ""


def test_places_that_the_gate_found_out() -> None:
    """Where symlinks and another user's ~ led is learned from the record, not from the name."""
    one = pull("-r", "/srv/link/", "~bob/mail")
    one.real = {"/srv/link/": "/data/tree", "~bob": "/home/bob"}
    _, learned = lesson([one])
    assert [list(need.paths) for need in learned.needs] == [["/data/tree", "/home/bob/mail"]]


def test_secluded_arguments() -> None:
    """A -s client's request is learned from its arguments on stdin, and never without them."""
    line = "rsync --server --sender -svlogDtpre.iLsfxCIvu"
    block = ("rsync", "--numeric-ids", ".", "/srv/a b", "~/x*")
    text, learned = lesson([seen(line, block=block), seen(line)])
    assert 'paths = ["/srv/a b", "/root/~/x*"]' in text
    assert [refusal.code for _, refusal in learned.impossible] == ["secluded"]
    assert "--numeric-ids" in text


def test_lists_of_files() -> None:
    """A list on the server is a path to read; one that the client sends is none."""
    for sent, roots in (("--files-from ~/list", ["/srv", "/root/list"]),
                        ("--files-from=~/list", ["/srv", "/root/~/list"]),
                        ("--files-from=- --from0", ["/srv"])):  # fmt: skip
        one = pull(f"-r {sent}", "/srv")
        text, learned = lesson([one])
        assert [list(need.paths) for need in learned.needs] == [roots]
        assert refused(one, client(text)) == ""


def test_programs_and_probes() -> None:
    """Other names for rsync and probes are learned; a command that is neither is impossible."""
    text, learned = lesson(
        [
            seen("sudo -n rsync --server --sender -r . /srv"),
            seen("true"),
            seen("/opt/rsync --version"),
            seen("cat /etc/shadow"),
            seen("r\udcffsync --server --sender -r . /srv"),
        ]
    )
    assert 'programs = ["sudo -n rsync", "/opt/rsync"]' in text
    assert 'probes = ["true", "/opt/rsync --version"]' in text
    assert [refusal.code for _, refusal in learned.impossible] == ["program", "program"]


def test_a_rule_without_options_is_kept_to() -> None:
    """A person's rule without options covers what harms no sender; what it does not is added."""
    hand = '[[allow]]\npaths = ["/srv"]\n'
    text, learned = lesson([pull("-aHAX", "/srv/www"), pull("-aL", "/srv/www")], hand)
    assert [set(need.options) for need in learned.needs] == [{"--archive", "--copy-links"}]
    assert text.startswith(hand)
