# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""A policy's text in parts: what stands before its rules, and each rule with its comments.

What is changed in one part leaves the others as they are, byte for byte.
"""

from __future__ import annotations

import re
from itertools import pairwise

import tomlkit
from tomlkit.items import AoT

_HEADER = re.compile(r"""^[ \t]*\[\[[ \t]*(allow|"allow"|'allow')[ \t]*\]\]""", re.MULTILINE)


def divide(text: str) -> tuple[str, list[str]]:
    """What stands before the first rule, and the rules: each with the comment lines right above.

    Raises ValueError where the rules are written in a way that cannot be taken apart.
    """
    starts = [_with_comments(text, match.start()) for match in _HEADER.finditer(text)]
    rules = [text[begin:end] for begin, end in pairwise([*starts, len(text)])]
    tables = tomlkit.parse(text).get("allow", [])
    if len(tables) != len(rules) or not (isinstance(tables, AoT) or not tables):
        raise ValueError("its rules are not written as [[allow]] tables; write them so first")
    return text[: starts[0]] if starts else text, rules


def _with_comments(text: str, start: int) -> int:
    """Where the comment lines begin that stand right above the line at `start`."""
    while start:
        above = text.rfind("\n", 0, start - 1) + 1
        if not text[above:start].lstrip().startswith("#"):
            break
        start = above
    return start


def remainder(rule: str) -> str:
    """What is left of the text when `rule` goes: comments that a blank line parts from it."""
    lines = rule.split("\n")
    end = len(lines)
    while end and not lines[end - 1].partition("#")[0].strip():
        end -= 1
    apart = "\n".join(lines[end:])
    return apart.lstrip("\n") if apart.strip() else ""
