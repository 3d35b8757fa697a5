# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""From what a client asked for to the policy that allows exactly that. Pure.

`learn` sorts distinct requests into needs: what goes into one rule. Options are compared by what
they mean to a sender, so the policy outlives the client's next rsync.
"""

from __future__ import annotations

from rsyncgate.admin.history import Seen
from rsyncgate.policy.decide import decide, impossible
from rsyncgate.policy.model import Client, Located, Source, is_probe
from rsyncgate.policy.roots import escape
from rsyncgate.refusal import Refusal
from rsyncgate.rsync.options import CLIENT_SIDE, NEUTRAL, ROLE, meanings
from rsyncgate.rsync.request import OTHER, Token


class Need:
    """What one rule has to allow: paths, options with their values, and who asked for it when.

    `options` maps each option's table name to its spelling and the values it was seen with.
    """

    __slots__ = ("options", "paths", "seen", "stands_for")

    def __init__(self) -> None:
        self.paths: dict[str, None] = {}
        self.options: dict[str, tuple[str, set[str]]] = {}
        self.seen: list[Seen] = []
        self.stands_for: dict[str, int] = {}

    def covers(self, other: Need) -> bool:
        """Whether a rule for this need allows all that `other` needs."""
        return set(other.paths) <= set(self.paths) and all(
            name in self.options and values <= self.options[name][1]
            for name, (_, values) in other.options.items()
        )


class Learned:
    """All that was learned: `needs`, `programs`, `probes`, and the `impossible` requests."""

    def __init__(self) -> None:
        self.needs: list[Need] = []
        self.programs: list[tuple[str, ...]] = []
        self.probes: list[tuple[str, ...]] = []
        self.impossible: list[tuple[Seen, Refusal]] = []

    def __bool__(self) -> bool:
        return bool(self.needs or self.programs or self.probes)


def learn(seen: list[Seen], client: Client, roots: dict[str, str] | None = None) -> Learned:
    """What must be added to `client` so that every request in `seen` is allowed.

    Requests that it allows already, or that no policy may allow, add nothing. `roots` says where
    those of the client lead, as in policy/lexical.py.
    """
    learned = Learned()
    needs: dict[frozenset[str], Need] = {}
    client = Client(client.name, (), client.programs, client.probes, client.rules)
    for one in seen:
        try:
            located = one.located(roots)
            if not decide(located, client, "").allowed:
                _learn(learned, needs, located, one, client)
        except Refusal as refusal:
            learned.impossible.append((one, refusal))
    learned.needs = _outermost(list(needs.values()))
    return learned


def _learn(
    learned: Learned,
    needs: dict[frozenset[str], Need],
    located: Located,
    one: Seen,
    client: Client,
) -> None:
    """Adds what the request `one` needs. Raises Refusal where no policy may allow it.

    A program that it is about to allow is the client's at once.
    """
    request = located.request
    program = request.program
    probe = request.role == OTHER and is_probe(program)
    refusal = None if probe else impossible(request)
    if refusal:
        raise refusal
    if any("\udc80" <= c <= "\udcff" for word in program for c in word):
        raise Refusal("program", " ".join(program), "is no UTF-8, and a policy cannot name it")
    if probe:
        learned.probes.append(program)
        client.probes += (program,)
        program = program[:-1]
    if program and program not in client.programs:
        learned.programs.append(program)
        client.programs += (program,)
    if not probe and not decide(located, client, "").allowed:
        _add(needs, located, one)


def _add(needs: dict[frozenset[str], Need], located: Located, one: Seen) -> None:
    tokens = [token for token in located.request.tokens if _matters(token)]
    need = needs.setdefault(frozenset(map(_meaning, tokens)), Need())
    for source in (*located.sources, *located.lists):
        need.paths[root_of(source)] = None
    for token in tokens:
        _, values = need.options.setdefault(_meaning(token), (token.spelling, set()))
        if token.value is not None:
            values.add(token.value)
    need.seen.append(one)


def root_of(source: Source) -> str:
    """The root that is `source` and no more."""
    return source.real if source.pattern else escape(source.real)


def _matters(token: Token) -> bool:
    return token.option is not None and token.option.effect not in (NEUTRAL, CLIENT_SIDE, ROLE)


def _meaning(token: Token) -> str:
    """The table name a rule knows the option by; -D stays as short as it was sent."""
    assert token.option is not None  # _matters() let it pass
    name = token.option.name
    return meanings(name)[0] if len(meanings(name)) == 1 else name


def _outermost(needs: list[Need]) -> list[Need]:
    """`needs` without those that another one covers, whose requests are counted there."""
    kept: list[Need] = []
    for need in sorted(needs, key=lambda n: (-len(n.options), -len(n.paths))):
        cover = next((other for other in kept if other.covers(need)), None)
        if cover:
            cover.seen += need.seen
        else:
            kept.append(need)
    return [need for need in needs if need in kept]
