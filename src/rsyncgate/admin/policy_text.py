# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""What was learned as the text of a policy: new, or added to one that a person wrote.

tomlkit keeps the comments and the order of what is there already.
"""

from __future__ import annotations

import difflib
import re

import tomlkit
from tomlkit.items import Array

from rsyncgate.admin.history import Seen
from rsyncgate.admin.learn import Learned, Need
from rsyncgate.admin.policy_parts import divide
from rsyncgate.policy.roots import escape
from rsyncgate.refusal import show
from rsyncgate.rsync.options import FOLLOWS, READS, all_options
from rsyncgate.rsync.words import quote

_OPTIONS = {option.name: option for option in all_options()}


def add(text: str, learned: Learned, name: str) -> str:
    """The policy `text` of the client `name`, "" for none yet, with what was `learned` added.

    Raises ValueError where the text cannot be taken apart.
    """
    head, rules = divide(text or f"# Policy of {name}, learned from what it asked for.\n")
    for key, found in (("programs", learned.programs), ("probes", learned.probes)):
        head = _extended(head, key, [" ".join(map(quote, words)) for words in found])
    if head and (rules or learned.needs) and not head.endswith("\n"):
        head += "\n"
    return head + "".join(rules) + "".join(map(_rule, learned.needs))


def _extended(head: str, key: str, values: list[str]) -> str:
    """`head` with `values` added to the list `key`, which is made if it is missing."""
    if not values:
        return head
    body = head.rstrip("\n") + "\n" if head.strip() else ""
    document = tomlkit.parse(body)
    there = document.get(key)
    if isinstance(there, Array):
        for value in values:
            there.append(value)
    else:
        array = tomlkit.array()
        array.extend(values)
        document.add(key, array)
    return tomlkit.dumps(document) + (head[len(body) :] or "\n" * (not body))


def _rule(need: Need) -> str:
    """One [[allow]] table; where it stands in the file does not matter, so it goes to the end."""
    above = "".join(f"# {_printable(line)}\n" for line in comments(need))
    paths, options = _array(list(need.paths)), _array(option_words(need))
    return f"\n{above}[[allow]]\npaths = {paths}\noptions = {options}\n"


def _printable(comment: str) -> str:
    """`comment` on one line whatever is in it: some of it came from a client."""
    return "".join(c if c.isprintable() else "?" for c in comment)


def _array(values: list[str]) -> str:
    array = tomlkit.array()
    array.extend(values)
    return array.multiline(sum(map(len, values)) > 80).as_string()


def option_words(need: Need) -> list[str]:
    """The options of a rule for `need`: letters in one word, then the rest with their values."""
    letters = ""
    words = []
    for name, (spelling, values) in need.options.items():
        option = _OPTIONS[name]
        if option.takes:
            words.append(f"{option.name}={_pattern(values)}")
        elif len(spelling) == 2 or len(option.name) == 2:
            letters += spelling[1:] if len(spelling) == 2 else option.name[1:]
        else:
            words.append(option.name)
    return (["-" + letters] if letters else []) + words


def _pattern(values: set[str]) -> str:
    """The pattern for all `values`: where they differ in numbers alone, * for each number."""
    if len(values) == 1:
        return escape(next(iter(values)))
    shapes = {re.sub(r"[0-9]+", "0", value) for value in values}
    if len(shapes) > 1:
        return "*"
    return re.sub(r"[0-9]+", "*", escape(next(iter(values))))


def comments(need: Need) -> list[str]:
    """What a person should know of a rule: how often, from where, when, and what is unusual."""
    lines = [_history(need.seen)]
    for path, times in need.stands_for.items():
        lines.append(f"{path} stands for the paths of {_times(times, 'request')}")
    for name in need.options:
        option = _OPTIONS[name]
        if option.effect in (FOLLOWS, READS):
            lines.append(f"{' '.join(option.names)} {option.does}")
    return lines


def _history(seen: list[Seen]) -> str:
    count = sum(one.count for one in seen)
    peers = sorted({peer for one in seen for peer in one.peers if peer})
    first, last = min(one.first for one in seen), max(one.last for one in seen)
    since = f"{_day(first)} to {_day(last)}" if _day(first) != _day(last) else _day(first)
    return f"{_times(count, 'request')} from {', '.join(peers) or 'nowhere known'}, {since}"


def _times(count: int, what: str) -> str:
    return f"{count} {what}{'s' if count != 1 else ''}"


def _day(ts: str) -> str:
    return ts[:16].replace("T", " ")


def refused_comments(learned: Learned) -> str:
    """The requests that no policy may allow, as comments with the reason."""
    if not learned.impossible:
        return ""
    lines = ["# No policy may allow these:"]
    for one, refusal in learned.impossible:
        times = _times(one.count, "time")
        lines.append(f"#   {show(one.command)} ({times}, last {_day(one.last)})")
        lines.append(f"#     {refusal.sentence()} ({refusal.code})")
    return "\n".join(lines) + "\n"


def diff(old: str, new: str, file: str) -> str:
    """The unified diff from `old` to `new`, "" where they are the same."""
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    lines = difflib.unified_diff(before, after, file, file)
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )
