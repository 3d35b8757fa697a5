# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Splitting a command line as the remote shell would have done it."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rsyncgate.refusal import Refusal
from rsyncgate.rsync.words import SYNTAX, Word, quote, secluded, split
from unit.conftest import expanded, shell_words

# Quotes, backslashes, blanks, wildcards and tildes far more often than a user would type them.
PLAIN = st.text("ab'\"\\ *?[]~-=!#é\udcff", max_size=24)
ANYTHING = st.text("ab'\"\\ \t*?[]~-=!#é\udcff;&|<>$`(){}\n\r\x01\x7f", max_size=24)


def texts(command: str) -> list[str] | None:
    """The words of `command` without their quotes, None if it is refused."""
    try:
        return [word.text for word in split(command)]
    except Refusal:
        return None


def refusal_of(command: str) -> tuple[str, str]:
    """The reason code and the token that `command` is refused for."""
    with pytest.raises(Refusal) as caught:
        split(command)
    return caught.value.code, caught.value.token


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("", []),
        (" \t ", []),
        ("  rsync\t--server ", ["rsync", "--server"]),
        (r"/a\ b", ["/a b"]),
        ("'/a b'", ["/a b"]),
        ('"/a b"', ["/a b"]),
        ("a'b'\"c\"d", ["abcd"]),
        ("'' \"\"", ["", ""]),
        (r"'a\b'", [r"a\b"]),
        (r'"a\b\"\\\$\`"', r"a\b" + '"' + r"\$" + "`"),
        ('"it\'s"', ["it's"]),
        (r"a\'b", ["a'b"]),
        ("a#b", ["a#b"]),
        (r"\#a '#b'", ["#a", "#b"]),
        ("--opt=~/x", ["--opt=~/x"]),
        ("/caf\udce9", ["/caf\udce9"]),
    ],
)
def test_split(command: str, words: list[str] | str) -> None:
    """Quotes and backslashes keep blanks, and vanish, as POSIX has it."""
    assert texts(command) == ([words] if isinstance(words, str) else words)


@given(st.lists(ANYTHING, min_size=20, max_size=40))
@settings(max_examples=60)
def test_split_agrees_with_a_shell(empty: str, commands: list[str]) -> None:
    """What is not refused has the words that a real shell gives it."""
    taken = [command for command in commands if texts(command) is not None]
    words = [[expanded(word) for word in split(command)] for command in taken]
    assert words == shell_words(taken, empty, noglob=True)


@given(PLAIN)
@settings(max_examples=1000)
def test_split_refuses_no_more_than_it_must(command: str) -> None:
    """A command without shell syntax is refused for open quotes and comments only."""
    try:
        words = shlex.split(command)
    except ValueError:
        assert refusal_of(command)[0] in ("unbalanced-quote", "shell-syntax")
        return
    if texts(command) is None:
        assert refusal_of(command) == ("shell-syntax", "#")
    else:
        assert texts(command) == words


@pytest.mark.parametrize("character", SYNTAX)
@pytest.mark.parametrize("around", ["{}", "a{}", "a {} b", "'a'{}", '"a"{}', "{}a"])
def test_live_syntax_is_refused(character: str, around: str) -> None:
    """Every character that a shell acts on is refused and named, wherever it stands unquoted."""
    assert refusal_of(around.format(character)) == ("shell-syntax", character)


def test_a_comment_is_refused() -> None:
    """A # at the start of a word begins a comment, and would hide what follows."""
    assert refusal_of("rsync #a") == ("shell-syntax", "#")
    assert refusal_of("#") == ("shell-syntax", "#")


@pytest.mark.parametrize("character", [c for c in SYNTAX if c != "\n"] + ["#"])
def test_quoted_syntax_is_text(character: str) -> None:
    """Behind a backslash and in single quotes, shell syntax is text."""
    assert texts(f"'{character}' \\{character}") == [character, character]


@pytest.mark.parametrize("character", "$`")
def test_double_quotes_do_not_stop_expansion(character: str) -> None:
    """A dollar and a backquote are live in double quotes too."""
    assert refusal_of(f'"a{character}b"') == ("shell-syntax", character)
    assert texts(f'"\\{character}"') == [character]


@pytest.mark.parametrize("character", [chr(n) for n in range(1, 32)] + ["\x7f"])
@pytest.mark.parametrize("around", ["'{}'", '"{}"', "\\{}", '"\\{}"', "a{}b"])
def test_control_characters_are_refused(character: str, around: str) -> None:
    """No quoting brings a control character into a word, not even a blank or a line end."""
    if around == "a{}b" and character in "\t\n":
        return  # a blank, and shell syntax
    assert refusal_of(around.format(character)) == ("control-character", character)


@pytest.mark.parametrize(
    ("command", "mark"),
    [("'a", "'"), ('a"', '"'), ('"a\\"', '"'), ("a\\", "\\"), ("\\", "\\"), ("'\\", "'")],
)
def test_open_quotes_are_refused(command: str, mark: str) -> None:
    """A quote or a backslash that a shell would go on reading after is refused and named."""
    assert refusal_of(command) == ("unbalanced-quote", mark)


@given(ANYTHING)
def test_quote_and_back(text: str) -> None:
    """A quoted text is one word, that text, and nothing in it is live."""
    if any(c < " " or c == "\x7f" for c in text):
        assert refusal_of(quote(text))[0] == "control-character"
    else:
        (word,) = split(quote(text))
        assert word.text == text
        assert not word.live("*?[]")
        assert word.tilde() is None


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("", "''"),
        ("/srv/a-b_c.d,e:f=g@h%i+1", "/srv/a-b_c.d,e:f=g@h%i+1"),
        ("/a b", "'/a b'"),
        ("*", "'*'"),
        ("~", "'~'"),
        ("it's", "'it'\\''s'"),
    ],
)
def test_quote(text: str, quoted: str) -> None:
    """Only what needs quotes gets them, so that a person can read a command."""
    assert quote(text) == quoted


@pytest.mark.parametrize(
    ("command", "prefix"),
    [
        ("~", "~"),
        ("~/x", "~"),
        ("~bob/x", "~bob"),
        ("~/'x y'", "~"),
        (r"\~", None),
        ("'~'/x", None),
        (r"~\bob/x", None),
        ('~"bob"', None),
        ("a~", None),
        ("./~", None),
    ],
)
def test_tilde(command: str, prefix: str | None) -> None:
    """A tilde is live at the start of a word whose prefix has no quote in it."""
    assert split(command)[0].tilde() == prefix


@pytest.mark.parametrize("command", ["a*b", "a?", "[ab]", "'a'*", '*"*"', r"\**"])
def test_live_wildcards(command: str) -> None:
    """An unquoted wildcard is live, whatever is quoted beside it."""
    assert split(command)[0].live("*?[")


@pytest.mark.parametrize("command", ["'a*b'", r"a\?", '"[ab]"', "a", r"\*\?"])
def test_quoted_wildcards(command: str) -> None:
    """A quoted wildcard is not."""
    assert not split(command)[0].live("*?[")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("/a b", Word("/a b", dots=True)),
        ("/a\\b", Word("/a\\b", dots=True)),
        ("/a\\b/*", Word("/a\\b/*", dots=True)),
        ("/a\\*b", Word("/a*b", frozenset({2}), dots=True)),
        ("/a\\b*", Word("/ab*", frozenset({2}), dots=True)),
        ("\\*", Word("*", frozenset({0}), dots=True)),
        ("/*\\", Word("/*\\", dots=True)),
        ("~/x", Word("~/x", frozenset({0}), dots=True)),
        ("~", Word("~", frozenset({0}), dots=True)),
        ("$HOME;`id`", Word("$HOME;`id`", dots=True)),
    ],
)
def test_secluded(text: str, word: Word) -> None:
    """In a -s client's words only wildcards are live, and a backslash only beside them."""
    assert secluded(text) == word
    assert secluded(text).tilde() is None
