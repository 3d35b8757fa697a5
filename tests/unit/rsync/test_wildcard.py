# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Wildcards against names, as shells and Python's fnmatch have them."""

from __future__ import annotations

import fnmatch
import time

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rsyncgate.refusal import Refusal
from rsyncgate.rsync.wildcard import CLASSES, is_wild, matches, steps
from rsyncgate.rsync.words import Word, quote, split
from unit.conftest import encoded, shell

NAMES = st.text("ab]-!.*", max_size=6)
BRACKETS = (
    "[]] []a] [!]] [!]a] ['!'a] [a!] [!!] ['!'] [a-c] [a'-'c] [-a] [a-] [!-] [a-a] [+--] []-a] "
    "[a']'b] [']'] '['a] [a' [[] [[a] [a[] [[:alpha:]] [[:alpha:]-] [![:alpha:]] [a[:digit:]b] "
    "[[:alpha:] [:alpha:] [[:alpha] [[:] [[:a] [] [!] [ [! [a-"
)
SOURCES = st.text("ab*?[]!-.'\\\"", min_size=1, max_size=8)


def cases(pairs: list[tuple[str, str]], directory: str) -> list[bool]:
    """Whether a real shell's `case` says that each name fits the pattern beside it."""
    script = "".join(
        f"case {quote(name)} in {pattern}) echo y;; *) echo n;; esac\n" for pattern, name in pairs
    )
    return [line == b"y" for line in shell(encoded(script), directory).split()]


def pattern_of(source: str) -> Word | None:
    """The one word that `source` is to a shell, None if it is none or several."""
    try:
        words = split(source)
    except Refusal:
        return None
    return words[0] if len(words) == 1 else None


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("*", "", True),
        ("?", "", False),
        ("?", "é", True),
        ("?", "\udcff", True),
        ("a*b*c", "aXbYbZc", True),
        ("a*b*c", "aXcYb", False),
        ("[abc]", "b", True),
        ("[!abc]", "b", False),
        ("[^abc]", "d", True),
        ("[a-c]", "b", True),
        ("[c-a]", "b", False),
        ("[a-]", "-", True),
        ("[]a]", "]", True),
        ("[!]a]", "]", False),
        ("[a", "[a", True),
        ("[a", "a", False),
        ("[[:digit:]x]", "7", True),
        ("[[:digit:]x]", "x", True),
        ("[![:digit:]]", "7", False),
        ("[[:nonsense:]]", "n", False),
        ("[*]", "*", True),
        ("[*]", "a", False),
        (".*", ".a", True),
        ("*", ".a", True),
    ],
)
def test_matches(pattern: str, name: str, fits: bool) -> None:
    """Wildcards mean what POSIX says they mean; leading dots are for the caller to mind."""
    assert matches(pattern, name) == fits


@given(st.text("ab*?[]!-.", max_size=8), NAMES)
@settings(max_examples=1000)
def test_matches_agrees_with_fnmatch(pattern: str, name: str) -> None:
    """Patterns without quotes and classes fit what Python's fnmatch says they fit."""
    assume("!" not in pattern or "-" not in pattern)  # fnmatch takes [b-a!] for a negation
    assert matches(pattern, name) == fnmatch.fnmatchcase(name, pattern)


def compare(pairs: list[tuple[str, str]], directory: str) -> None:
    """Fails where one of the patterns and the name beside it are no match as in a real shell."""
    known = [(word, source, name) for source, name in pairs if (word := pattern_of(source))]
    ours = [matches(word.text, name, word.quoted) for word, _, name in known]
    shells = cases([(source, name) for _, source, name in known], directory)
    wrong = [known[n] for n in range(len(known)) if ours[n] != shells[n]]
    assert wrong == []


@given(st.lists(st.tuples(SOURCES, NAMES), min_size=50, max_size=100))
@settings(max_examples=40)
def test_matches_agrees_with_a_shell(empty: str, pairs: list[tuple[str, str]]) -> None:
    """A pattern fits what a real shell says it fits, with any quotes in it."""
    compare(pairs, empty)


def test_brackets_agree_with_a_shell(empty: str) -> None:
    """So do brackets with a bracket, a dash, a negation or quotes at any place in them."""
    names = [*"abc]![-:+5lp", "[]", "[a]", "[", "[!]", "[!", "[a", "[a-", "a]", ""]
    compare([(source, name) for source in BRACKETS.split() for name in names], empty)


@pytest.mark.parametrize("name", CLASSES)
def test_classes_agree_with_a_shell(empty: str, name: str) -> None:
    """A character class holds the ASCII characters that it holds in a real shell."""
    pattern = f"[[:{name}:]]"
    characters = [chr(n) for n in range(0x20, 0x7F)]
    ours = [matches(pattern, c) for c in characters]
    assert ours == cases([(pattern, c) for c in characters], empty)
    assert any(ours)


@given(NAMES)
def test_a_quoted_pattern_fits_itself_only(text: str) -> None:
    """With every character quoted a pattern stands for nothing but itself."""
    everywhere = frozenset(range(len(text)))
    assert matches(text, text, everywhere)
    assert not matches(text, text + "a", everywhere)
    assert not is_wild(steps(text, everywhere))


@given(st.text("ab*?[]!-.", max_size=8), NAMES)
def test_is_wild(pattern: str, name: str) -> None:
    """A pattern without a wildcard fits one name: its own text."""
    assume(not is_wild(steps(pattern)))
    assert matches(pattern, name) == (pattern == name)


def test_matching_takes_no_exponential_time() -> None:
    """Many stars cost a client's gate no more than a moment."""
    begun = time.monotonic()
    assert not matches("a*" * 30 + "b", "a" * 250)
    assert time.monotonic() - begun < 1
