"""From what a client asked for to the policy that allows exactly that. Pure.

`learn` sorts distinct requests into needs: what goes into one rule. Options are compared by what
they mean to a sender, so the policy outlives the client's next rsync.
"""

from __future__ import annotations

from rsyncgate.policy.decide import decide, impossible
from rsyncgate.policy.lexical import locate
from rsyncgate.policy.model import Client, Located
from rsyncgate.policy.roots import escape, is_pattern
from rsyncgate.policy.widest import is_probe
from rsyncgate.refusal import Refusal
from rsyncgate.rsync.options import CLIENT_SIDE, NEUTRAL, ROLE, meanings
from rsyncgate.rsync.request import OTHER, Token, parse, with_block
from rsyncgate.rsync.secluded import words as block_words
from rsyncgate.rsync.words import split


class Seen:
    """A distinct request of the journal, and how often, from where and when it was seen."""

    __slots__ = ("command", "count", "first", "home", "last", "peers", "real", "secluded")

    def __init__(self, command: str, secluded: tuple[str, ...], home: str) -> None:
        self.command = command
        self.secluded = secluded
        self.home = home
        self.real: dict[str, str] = {}
        self.count = 0
        self.first = ""
        self.last = ""
        self.peers: set[str] = set()

    def again(self, ts: str, peer: str, times: int = 1) -> None:
        """Counts the request, seen at `ts` from `peer`."""
        self.count += times
        self.first = min(self.first or ts, ts)
        self.last = max(self.last, ts)
        self.peers.add(peer)

    def located(self) -> Located:
        """What was asked for. Raises Refusal where it cannot be understood."""
        request = parse(split(self.command))
        if request.secluded and self.secluded:
            block = "\0".join([*self.secluded, "", ""]).encode("utf-8", "surrogateescape")
            charset = request.values("--iconv")
            request = with_block(request, block_words(block, charset[-1] if charset else None))
        return locate(request, self.home, self.real)


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
        self.programs: dict[tuple[str, ...], int] = {}
        self.probes: dict[tuple[str, ...], int] = {}
        self.impossible: list[tuple[Seen, Refusal]] = []

    def __bool__(self) -> bool:
        return bool(self.needs or self.programs or self.probes)


def learn(seen: list[Seen], client: Client) -> Learned:
    """What must be added to `client` so that every request in `seen` is allowed.

    Requests that it allows already, or that no policy may allow, add nothing.
    """
    learned = Learned()
    needs: dict[frozenset[str], Need] = {}
    for one in seen:
        try:
            located = one.located()
        except Refusal as fault:
            learned.impossible.append((one, fault))
            continue
        if decide(located, client, "").allowed:
            continue
        request = located.request
        refusal = impossible(request)
        if request.role == OTHER and is_probe(request.program):
            _count(learned.probes, request.program, one)
            program = request.program[:-1]
            if program and program not in client.programs:
                _count(learned.programs, program, one)
        elif refusal or request.secluded:
            learned.impossible.append((one, refusal or WITHOUT_BLOCK))
        else:
            if request.program not in client.programs:
                _count(learned.programs, request.program, one)
            _add(needs, located, one)
    learned.needs = _outermost(list(needs.values()))
    return learned


WITHOUT_BLOCK = Refusal("secluded", "-s", "was sent, and the arguments on stdin are not known")


def _count(table: dict[tuple[str, ...], int], key: tuple[str, ...], one: Seen) -> None:
    table[key] = table.get(key, 0) + one.count


def _add(needs: dict[frozenset[str], Need], located: Located, one: Seen) -> None:
    tokens = [token for token in located.request.tokens if _matters(token)]
    need = needs.setdefault(frozenset(map(_meaning, tokens)), Need())
    for source in (*located.sources, *located.lists):
        root = source.real if is_pattern(source.asked) else escape(source.real)
        need.paths[root] = None
    for token in tokens:
        _, values = need.options.setdefault(_meaning(token), (token.spelling, set()))
        if token.value is not None:
            values.add(token.value)
    need.seen.append(one)


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
    return kept
