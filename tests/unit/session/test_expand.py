# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Wildcards on a real file system, as a real shell expands them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rsyncgate.refusal import Refusal
from rsyncgate.rsync.words import Word, split
from rsyncgate.session.expand import NAME_MAX
from rsyncgate.session.paths import expand
from rsyncgate.session.view import View
from unit.conftest import shell_words

# Names and patterns that are all but the same, with every character that a wildcard may be. None
# beyond ASCII: dash takes the bytes of é for two characters, which other shells do not.
NAMES = ["a", "b", "ab", "B", ".a", "a*", "?", "[ab]", "-", "]", "!a", "a b", "a\\b", "~", "'"]
NAMES += ["d/a", "d/.b", "d/e/f", "abc/x", ".c/a", "\udcff"]
PIECES = [*"ab*?[]!-./de'\"\\", "**", "[!", "[a-b]", "*/", "/*"]
SOURCES = st.lists(st.sampled_from(PIECES), min_size=1, max_size=7).map("".join)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a file or more for most patterns."""
    directory = tmp_path_factory.mktemp("tree")
    for name in NAMES:
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).touch()
    return directory


def pattern(source: str) -> Word | None:
    """The one word that `source` is to a shell, if it is a relative path without ".."."""
    try:
        words = split(source)
    except Refusal:
        return None
    if len(words) != 1 or words[0].text[:1] == "/" or ".." in words[0].text.split("/"):
        return None
    if "[" in source and "-/" in source + "/":  # dash takes [a- for a whole bracket expression
        return None
    return words[0]


def strays(name: str, text: str) -> bool:
    """Whether a wildcard of `text` stands for "." or ".." in `name`."""
    pairs = zip(name.split("/"), text.split("/"), strict=True)
    return any(found != asked and found in (".", "..") for found, asked in pairs)


def compare(tree: Path, sources: list[str]) -> None:
    """Fails where one of `sources` stands for other names than a real shell has for it."""
    view = View(str(tree), (str(tree),))
    view.expanded = -1_000_000  # there is no end of names here
    known = {source: word for source in sources if (word := pattern(source))}
    for source, found in zip(known, shell_words(list(known), str(tree)), strict=True):
        text = known[source].text
        # dash finds "." and ".." too, which would send all there is and more
        names = [name for name in found if not strays(name, text)]
        assert expand(view, known[source]) == (names or [text]), source


@given(st.lists(SOURCES, min_size=40, max_size=80))
@settings(max_examples=40)
def test_wildcards_agree_with_a_shell(tree: Path, sources: list[str]) -> None:
    """A word stands for the very names, in the very order, that a real shell has for it."""
    compare(tree, sources)


def test_words_with_something_of_their_own(tree: Path) -> None:
    """It does so with quotes here and there, dots, doubled slashes and brackets of all kinds."""
    compare(tree, ["*", "*/", "*/*", "*/*/*", ".*", ".*/*", "./*", "*/.", "d//*", "x*", "d/x*"])
    compare(tree, ["d/'a'*", "d/?'*'", "*/\\a", "a'*'*", "'a*'*", "d/e/'f'*", "?bc/'x'*", "*\\'"])
    compare(tree, ["[!a]*", "*[*]*", "[[]*", "*]", '"["*', "[a-b]", "['a'-b]", "[a'-'b]", "*[]]"])


def test_the_longest_name(tree: Path) -> None:
    """A wildcard may be as long as the longest name."""
    (tree / ("n" * NAME_MAX)).touch()
    compare(tree, ["?" * NAME_MAX, "n" * (NAME_MAX - 1) + "*", "?" * (NAME_MAX + 1)])
