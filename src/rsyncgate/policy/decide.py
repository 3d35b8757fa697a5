# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The one place that says yes: a located request against a client's policy.

Pure: the gate, `explain` and whatever asks later get the same answer from the same request.
"""

from __future__ import annotations

from rsyncgate.policy.model import Client, Located, Rule, Source, Verdict
from rsyncgate.policy.roots import covers, instance, is_pattern
from rsyncgate.refusal import Refusal
from rsyncgate.rsync.options import (
    CLIENT_SIDE,
    DELETES,
    EXECUTES,
    FOLLOWS,
    NEUTRAL,
    PATH,
    READS,
    ROLE,
    WRITES,
    meanings,
)
from rsyncgate.rsync.request import DAEMON, OTHER, RECEIVER, Request, Token

CODES = {WRITES: "writes", DELETES: "deletes", EXECUTES: "daemon", ROLE: "changes-role"}
"""The reason code of each effect that no policy allows."""


def decide(
    located: Located, client: Client, peer: str, rules: tuple[Rule, ...] | None = None
) -> Verdict:
    """Whether `client`, connected from the address `peer`, may have this request run.

    By one of `rules`; by any of the client's if they are not given.
    """
    refusal = foreign(client, peer)
    if refusal:
        return Verdict(refusal=refusal)
    request = located.request
    if request.role == OTHER:
        return _probe(request, client)
    refusal = impossible(request, client)
    if refusal:
        return Verdict(refusal=refusal)
    return _by_rules(located, client.rules if rules is None else rules)


def foreign(client: Client, peer: str) -> Refusal | None:
    """The refusal of a connection from an address that is not the client's, or None."""
    if not client.networks or _address_in(peer, client.networks):
        return None
    return Refusal("peer", "", "this key is not used from the address the connection comes from")


def impossible(request: Request, client: Client | None = None) -> Refusal | None:
    """Why no rule could ever allow `request`, or None. Without a client any program will do."""
    if request.role == OTHER:
        return _other(request)
    if request.role == DAEMON:
        token = next((t.text() for t in request.tokens if _effect(t) == EXECUTES), "--daemon")
        return Refusal("daemon", token, "starts an rsync daemon, and this key is for pulls only")
    if request.role == RECEIVER:
        sends = "without --sender after it sends files here, and this key is for pulls only"
        return Refusal("push", "--server", sends)
    if not request.program:
        return Refusal("program", "--server", "stands where the name of a program must be")
    if client and request.program not in client.programs:
        return Refusal("program", " ".join(request.program), "is not the program this key is for")
    if request.faults:
        return request.faults[0]
    return next((r for r in map(_dangerous, request.tokens) if r), None)


def _other(request: Request) -> Refusal:
    """The refusal of a command that starts no rsync server."""
    if not request.program:
        return Refusal("no-command", "", "this key starts no shell; it is for rsync pulls only")
    first = request.program[0].rpartition("/")[2]
    if first in ("sftp-server", "internal-sftp"):
        return Refusal("sftp", first, "is not what this key is for; it is for rsync pulls only")
    command = " ".join(request.program)
    return Refusal("program", command, "is not an rsync pull, and this key is for those only")


def _probe(request: Request, client: Client) -> Verdict:
    if request.program in client.probes:
        return Verdict(rule=f"probe {client.probes.index(request.program) + 1}")
    return Verdict(refusal=_other(request))


def _effect(token: Token) -> str:
    return token.option.effect if token.option else ""


def _dangerous(token: Token) -> Refusal | None:
    """The refusal of an option that no policy allows a sender."""
    option = token.option
    if option is None or option.name in ("--server", "--sender"):
        return None
    if option.effect in CODES:
        return Refusal(CODES[option.effect], token.text(), option.does)
    if option.effect != READS or is_stdin_list(token):
        return None
    if option.takes != PATH or token.value == "-":
        return Refusal("reads-path", token.text(), f"{option.does}, and none can be vouched for")
    return None


def is_stdin_list(token: Token) -> bool:
    """Whether this is `--files-from=-`: the list comes from the client, over the connection."""
    option = token.option
    return option is not None and option.name == "--files-from" and token.value == "-"


def _by_rules(located: Located, rules: tuple[Rule, ...]) -> Verdict:
    """The first rule that covers every path and every option; or the nearest miss, named."""
    nearest: Refusal | None = None
    for rule in rules:
        stray = _outside(located, rule)
        if stray is None:
            refused = _unlisted(located.request, rule)
            if refused is None:
                return Verdict(rule=f"allow {rule.number}", paths=_opened(located, rule))
            nearest = nearest or refused
    return Verdict(refusal=nearest or _stray(located, rules))


def _outside(located: Located, rule: Rule) -> Source | None:
    """The first path of the request that lies below no root of `rule`."""
    for source in (*located.sources, *located.lists):
        if not any(below(source, path, located) for path in rule.paths):
            return source
    return None


def below(source: Source, path: str, located: Located) -> bool:
    """Whether `source` is the root `path`, a symlink or not, or lies below it."""
    root = located.roots.get(path, path)
    if source.pattern:
        return covers(root, source.real)
    return source.real == path or instance(source.real, root) is not None


def _opened(located: Located, rule: Rule) -> tuple[str, ...]:
    """The roots of `rule`, those with wildcards as what they stand for in this request."""
    paths: list[str] = []
    for path in rule.paths:
        if not is_pattern(path):
            paths.append(path)
            continue
        root = located.roots.get(path, path)
        reals = [source.real for source in (*located.sources, *located.lists)]
        paths += [found for real in reals if (found := instance(real, root))]
    return tuple(dict.fromkeys(paths))


def _stray(located: Located, rules: tuple[Rule, ...]) -> Refusal:
    """The refusal of a path; the same words whether it exists or not."""
    if not rules:
        return Refusal("path", "", "this key may read nothing on this server")
    paths = tuple(path for rule in rules for path in rule.paths)
    stray = _outside(located, Rule(0, paths, None))
    if stray:
        return Refusal("path", stray.asked, "is not a path this key may read")
    stray = _outside(located, rules[0])
    assert stray is not None  # else that rule had covered all paths
    return Refusal("path", stray.asked, "is not a path this key may read along with the others")


def _unlisted(request: Request, rule: Rule) -> Refusal | None:
    """The refusal of the first option that `rule` does not allow."""
    for token in request.tokens:
        option = token.option
        if option is None or option.effect in (NEUTRAL, CLIENT_SIDE, ROLE):
            continue
        if rule.options is None:
            if option.effect == FOLLOWS:
                return Refusal("option", token.text(), f"{option.does}, and this key may not")
        elif not all(_grants(rule.options, one, token.value) for one in meanings(option.name)):
            return Refusal("option", token.text(), "is not an option this key may send")
    return None


def _grants(options: dict[str, tuple[str, ...]], name: str, value: str | None) -> bool:
    patterns = options.get(name)
    if patterns is None:
        return False
    if value is None:
        return True
    from rsyncgate.rsync.wildcard import matches

    return any(matches(pattern, value) for pattern in patterns)


def _address_in(peer: str, networks: tuple[str, ...]) -> bool:
    """Whether the address `peer` lies in one of `networks`, each an ADDRESS/BITS."""
    bits, length = _bits(peer)
    if bits[:12] == bytes(10) + b"\xff\xff":  # sshd may say ::ffff:192.0.2.10
        bits, length = bits[12:], 32
    for network in networks:
        address, _, prefix = network.partition("/")
        base, size = _bits(address)
        rest = size - int(prefix)
        if length == size and int.from_bytes(bits) >> rest == int.from_bytes(base) >> rest:
            return True
    return False


def _bits(address: str) -> tuple[bytes, int]:
    """The bytes of an IPv4 or IPv6 address and how many bits they are; none where it is none."""
    from _socket import AF_INET, AF_INET6, inet_pton  # ipaddress is half a bare interpreter

    try:
        found = inet_pton(AF_INET6 if ":" in address else AF_INET, address.partition("%")[0])
    except (OSError, ValueError):
        return b"", 0
    return found, len(found) * 8
