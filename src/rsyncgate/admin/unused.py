# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""What no request needed: rules, paths and options of a policy that can go. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tomlkit
from tomlkit.items import AoT, Array

from rsyncgate.admin.policy_parts import divide, remainder
from rsyncgate.policy.decide import below, decide
from rsyncgate.policy.schema import absolute_path
from rsyncgate.refusal import Refusal
from rsyncgate.rsync.options import CLIENT_SIDE, NEUTRAL, meanings
from rsyncgate.rsync.request import Token, arguments, option_words
from rsyncgate.rsync.wildcard import matches
from rsyncgate.rsync.words import Word

if TYPE_CHECKING:
    from rsyncgate.admin.history import Seen
    from rsyncgate.policy.model import Client, Located, Rule


class Use:
    """What of one rule the requests needed: `paths`, and `options` with the values they had."""

    def __init__(self) -> None:
        self.paths: set[str] = set()
        self.options: dict[str, set[str]] = {}


def used(seen: list[Seen], client: Client, roots: dict[str, str] | None = None) -> dict[int, Use]:
    """What each rule of `client` was needed for, by its number; a rule not needed is not there."""
    uses: dict[int, Use] = {}
    for one in seen:
        try:
            located = one.located(roots)
        except Refusal:
            continue
        kind, _, number = decide(located, client, "").rule.partition(" ")
        if kind == "allow":
            _note(uses.setdefault(int(number), Use()), located, client.rules[int(number) - 1])
    return uses


def _note(use: Use, located: Located, rule: Rule) -> None:
    for source in (*located.sources, *located.lists):
        fitting = [path for path in rule.paths if below(source, path, located)]
        use.paths.add(max(fitting, key=lambda path: path.count("/") if path != "/" else 0))
    for token in located.request.tokens:
        for name in meanings(token.option.name) if token.option else ():
            values = use.options.setdefault(name, set())
            if token.value is not None:
                values.add(token.value)


def without_unused(text: str, uses: dict[int, Use]) -> str:
    """The policy `text` without the rules, paths and options that are not in `uses`.

    Raises ValueError where the text cannot be taken apart.
    """
    head, rules = divide(text)
    return head + "".join(
        _pruned(rule, uses[number]) if number in uses else remainder(rule)
        for number, rule in enumerate(rules, 1)
    )


def _pruned(rule: str, use: Use) -> str:
    document = tomlkit.parse(rule)
    tables = document["allow"]
    assert isinstance(tables, AoT)  # divide() has looked
    paths, allowed = tables[0]["paths"], tables[0].get("options")
    if isinstance(paths, Array):
        _keep(paths, [str(p) if absolute_path(p) in use.paths else "" for p in paths])
    if isinstance(allowed, Array):
        _keep(allowed, [_needed(str(word), use) for word in allowed])
    return tomlkit.dumps(document)


def _keep(array: Array, items: list[str]) -> None:
    """Leaves `items` in `array`, which are its own but for those that are shorter, or empty."""
    for n in range(len(items) - 1, -1, -1):
        if not items[n]:
            del array[n]
        elif items[n] != array[n]:
            array[n] = items[n]


def _needed(word: str, use: Use) -> str:
    """What of an option word was needed: of a bundle its letters, else all or nothing."""
    words = [Word(part) for part in (word.split(" ", 1) if "=" not in word else [word])]
    tokens = [token for token in arguments(words)[0] if _is_needed(token, use)]
    return " ".join(option_words(tuple(tokens)))


def _is_needed(token: Token, use: Use) -> bool:
    """Whether a request had the option, with a value that fits; what changes nothing stays."""
    assert token.option is not None  # the policy was read before
    if token.option.effect in (NEUTRAL, CLIENT_SIDE):
        return True
    for name in meanings(token.option.name):
        values = use.options.get(name)
        if values is not None and (
            token.value is None or any(matches(token.value, value) for value in values)
        ):
            return True
    return False
