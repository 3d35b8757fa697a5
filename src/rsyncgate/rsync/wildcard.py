# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Shell wildcards: `*`, `?` and `[...]` against a name, without regular expressions (POSIX 2.13).

One matcher serves the path components of a request and the value patterns of a rule.
"""

from __future__ import annotations

from rsyncgate.rsync.words import NOTHING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Step = str | tuple[bool, tuple[str, ...]]


def _no_class(_: str) -> bool:
    return False


CLASSES: dict[str, Callable[[str], bool]] = {
    "alpha": str.isalpha,
    "digit": lambda c: "0" <= c <= "9",
    "alnum": str.isalnum,
    "upper": str.isupper,
    "lower": str.islower,
    "space": str.isspace,
    "blank": lambda c: c in " \t",
    "punct": lambda c: c.isprintable() and not c.isalnum() and not c.isspace(),
    "xdigit": lambda c: c in "0123456789abcdefABCDEF",
}


def matches(pattern: str, name: str, quoted: frozenset[int] = NOTHING) -> bool:
    """Whether the whole of `name` fits `pattern`; characters at `quoted` positions are literal."""
    return fits(steps(pattern, quoted), name)


def fits(pattern: list[Step], name: str) -> bool:
    """Whether the whole of `name` fits the steps of a pattern."""
    at = i = 0
    star = resume = -1
    while i < len(name):
        if at < len(pattern) and pattern[at] == "*":
            star, resume = at, i
            at += 1
        elif at < len(pattern) and _fits(pattern[at], name[i]):
            at += 1
            i += 1
        elif star >= 0:
            resume += 1
            at, i = star + 1, resume
        else:
            return False
    return all(step == "*" for step in pattern[at:])


def is_wild(pattern: list[Step]) -> bool:
    """Whether a pattern can stand for any name but itself."""
    return any(not (isinstance(step, str) and step[:1] == "=") for step in pattern)


def steps(pattern: str, quoted: frozenset[int] = NOTHING) -> list[Step]:
    """`pattern` taken apart: "*", "?", "=c" for the character c, or (negated, members)."""
    found: list[Step] = []
    i = 0
    while i < len(pattern):
        c = pattern[i]
        if i not in quoted and c in "*?":
            found.append(c)
        elif i not in quoted and c == "[" and (end := _closing(pattern, i, quoted)) > 0:
            found.append(_bracket(pattern, i + 1, end, quoted))
            i = end
        else:
            found.append("=" + c)
        i += 1
    return found


def _closing(pattern: str, start: int, quoted: frozenset[int]) -> int:
    """Position of the `]` that closes the `[` at `start`, or -1: then `[` is a character."""
    i = start + 1
    if i < len(pattern) and pattern[i] in "!^" and i not in quoted:
        i += 1
    first = i
    while i < len(pattern):
        if pattern.startswith("[:", i) and (end := pattern.find(":]", i + 2)) > 0:
            i = end + 1
        elif pattern[i] == "]" and i not in quoted and i > first:
            return i
        i += 1
    return -1


def _bracket(pattern: str, start: int, end: int, quoted: frozenset[int]) -> Step:
    """The members of a bracket expression: "ab" is the range a to b, "[:x:]" a class."""
    negated = pattern[start] in "!^" and start not in quoted
    i = start + negated
    members: list[str] = []
    while i < end:
        if pattern.startswith("[:", i) and (close := pattern.find(":]", i + 2, end)) > 0:
            members.append(pattern[i : close + 2])
            i = close + 2
        elif i + 2 < end and pattern[i + 1] == "-" and i + 1 not in quoted:
            members.append(pattern[i] + pattern[i + 2])
            i += 3
        else:
            members.append(pattern[i] * 2)
            i += 1
    return negated, tuple(members)


def _fits(step: Step, c: str) -> bool:
    if isinstance(step, str):
        return step == "?" or step == "=" + c
    negated, members = step
    return negated != any(
        CLASSES.get(m[2:-2], _no_class)(c) if len(m) > 2 else m[0] <= c <= m[1] for m in members
    )
