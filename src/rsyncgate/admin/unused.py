"""What no request needed: rules, paths and options of a policy that can go. Pure."""

from __future__ import annotations

import tomlkit
from tomlkit.items import AoT, Array, Table

from rsyncgate.admin.learn import Seen
from rsyncgate.policy.decide import decide
from rsyncgate.policy.model import Client, Located, Rule
from rsyncgate.policy.roots import instance
from rsyncgate.policy.schema import options
from rsyncgate.refusal import Refusal
from rsyncgate.rsync.options import meanings


class Use:
    """What of one rule the requests needed: `paths` as written, and `options` by table name."""

    def __init__(self) -> None:
        self.paths: set[str] = set()
        self.options: set[str] = set()


def used(seen: list[Seen], client: Client) -> dict[int, Use]:
    """What each rule of `client` was needed for, by its number; a rule not needed is not there."""
    uses: dict[int, Use] = {}
    for one in seen:
        try:
            located = one.located()
        except Refusal:
            continue
        verdict = decide(located, client, next(iter(sorted(one.peers)), ""))
        kind, _, number = verdict.rule.partition(" ")
        if kind == "allow":
            _note(uses.setdefault(int(number), Use()), located, client.rules[int(number) - 1])
    return uses


def _note(use: Use, located: Located, rule: Rule) -> None:
    for source in (*located.sources, *located.lists):
        use.paths |= {path for path in rule.paths if instance(source.real, path)}
    for token in located.request.tokens:
        if token.option is not None:
            use.options |= set(meanings(token.option.name))


def without_unused(text: str, uses: dict[int, Use]) -> str:
    """The policy `text` without the rules, paths and options that are not in `uses`."""
    document = tomlkit.parse(text)
    rules = document.get("allow")
    if not isinstance(rules, AoT):
        return text
    for number in range(len(rules), 0, -1):
        if number not in uses:
            del rules[number - 1]
        else:
            _prune(rules[number - 1], uses[number])
    return tomlkit.dumps(document)


def _prune(rule: Table, use: Use) -> None:
    paths = rule["paths"]
    if isinstance(paths, Array):
        _keep(paths, [path for path in paths if str(path).rstrip("/") in use.paths or path == "/"])
    allowed = rule.get("options")
    if isinstance(allowed, Array):
        _keep(allowed, [kept for word in allowed if (kept := _needed(str(word), use.options))])


def _keep(array: Array, items: list[str]) -> None:
    """Leaves `items` alone in `array`, if that changes anything."""
    if list(array) != items:
        array.clear()
        array.extend(items)


def _needed(word: str, names: set[str]) -> str:
    """What of an option word was needed: of a bundle its letters, else all or nothing."""
    if word.startswith("--") or "=" in word:
        return word if set(options([word])) & names else ""
    letters = "".join(c for c in word[1:] if set(options(["-" + c])) & names)
    return "-" + letters if letters else ""
