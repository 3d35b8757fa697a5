# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The walk of one request, from what sshd hands over to how rsync ended. The first file to read.

`serve` turns refusals into one sentence and an exit status; `_walk` is the walk itself, and
`_learn` the same walk for a key whose line says `--learn`.
"""

from __future__ import annotations

import posix

from rsyncgate.journal import record
from rsyncgate.journal.visit import Visit, granting
from rsyncgate.pathname import dirname, mode_at
from rsyncgate.policy.decide import decide, foreign
from rsyncgate.policy.load import client, client_file, name_mistakes, settings, sound
from rsyncgate.policy.model import Client, Located, Settings, Verdict
from rsyncgate.refusal import REFUSED, TRY_AGAIN, Refusal
from rsyncgate.rsync.request import Request, parse
from rsyncgate.rsync.words import split
from rsyncgate.session.arrival import arrive
from rsyncgate.session.paths import locate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

STDIN = 0

CAPTURE, RUN = "capture", "run"
"""What `--learn` does with a request: write it down alone, or also run it if any policy could."""


def serve(config: str, name: str, learning: str, environ: Mapping[str, str]) -> int:
    """Serves the one request that sshd started the gate for; returns the exit status.

    `config` is the configuration directory and `name` the client's, both from the key's line, and
    so is `learning`: "", CAPTURE or RUN.
    """
    arrival = arrive(environ)
    host, mistakes = settings(config)
    visit = Visit(host, arrival, name)
    try:
        if learning == CAPTURE:
            sound(name_mistakes(name))
            return _learn(visit, Client(name), host, learning)
        sound(mistakes)
        policy, mistakes = client(config, name, host.rsync)
        if learning and not mode_at(client_file(config, name)):
            mistakes = name_mistakes(name)  # what is being learned need not be there
        sound(mistakes)
        return _learn(visit, policy, host, learning) if learning else _walk(visit, policy, host)
    except Refusal as refusal:
        return _refuse(visit, refusal)
    except Exception as bug:  # nothing unforeseen may run anything, or go unrecorded
        return _break_down(visit, bug)


def _walk(visit: Visit, policy: Client, host: Settings) -> int:
    arrival = visit.arrival
    refusal = foreign(policy, arrival.peer)
    if refusal:
        raise refusal
    request = _read(visit)
    located, verdict = answer(request, policy, arrival.home, arrival.peer)
    visit.found(located)
    if verdict.refusal:
        raise verdict.refusal
    return _run(visit, record.ALLOWED, located, verdict, policy, host)


def answer(request: Request, policy: Client, home: str, peer: str) -> tuple[Located, Verdict]:
    """What `request` means on this server, and the verdict. Raises Refusal as locate() does.

    A wildcard stands for what a rule alone lets it fit: what another allows takes nothing away.
    """
    words = (*request.args, *(t.source for t in request.tokens if t.source))
    if len(policy.rules) > 1 and any(word.live("*?[") for word in words):
        for rule in policy.rules:
            try:
                located = locate(request, rule.paths, home, policy.hide)
            except Refusal:
                continue
            verdict = decide(located, policy, peer, (rule,))
            if verdict.allowed:
                return located, verdict
    located = locate(request, policy.roots(), home, policy.hide)
    return located, decide(located, policy, peer)


def _learn(visit: Visit, policy: Client, host: Settings, learning: str) -> int:
    """Writes the request down, whatever is wrong with it; runs it if that is what was meant."""
    from rsyncgate.policy.widest import widen

    arrival = visit.arrival
    try:
        request = _read(visit)
        widest = widen(policy, request)
        located = locate(request, widest.roots(), arrival.home, policy.hide)
        visit.found(located)
        verdict = decide(located, widest, arrival.peer)
    except Refusal as fault:
        verdict = Verdict(refusal=fault)
    if verdict.refusal:
        visit.facts.update(reason=verdict.refusal.code, detail=verdict.refusal.sentence())
    elif learning == RUN:
        return _run(visit, record.CAPTURED, located, verdict, policy, host)
    visit.note(record.CAPTURED)
    visit.say("captured: the request was written down for the administrator; nothing was sent",
              "captured")  # fmt: skip
    return REFUSED


def _read(visit: Visit) -> Request:
    """What the client asked for, with the arguments it sends on stdin if it sends any."""
    request = parse(split(visit.arrival.command or ""))
    visit.asked(request)
    if request.secluded and not request.faults:
        from rsyncgate.rsync.secluded import arguments_of, with_stdin
        from rsyncgate.session.block import read_block

        block = read_block(STDIN)
        visit.facts["secluded"] = arguments_of(block)
        request = with_stdin(request, block)
        visit.asked(request)
    return request


def _run(
    visit: Visit, event: str, located: Located, verdict: Verdict, policy: Client, host: Settings
) -> int:
    """Confines rsync, writes down what is about to run, lets it go, writes down how it ended."""
    from rsyncgate.session.launch import launch  # a third of all imports, and no refusal needs it

    slot = _slot(policy, host)
    child = launch(located, verdict, policy, host, visit.arrival.home)
    granted = granting(verdict, policy)
    if child is None:
        visit.note(event, **granted, argv=[])
        return 0
    try:
        visit.note(event, **granted, argv=child.argv, confinement=child.enforced)
    except Refusal:
        child.abandon()
        raise
    ending = child.run()
    try:
        visit.ended(ending)
    except Refusal as unwritten:
        visit.say("rsync ended, and the server could not write that down", unwritten.code)
    if slot is not None:
        posix.close(slot)
    return ending.exit_status


def _slot(policy: Client, host: Settings) -> int | None:
    """What holds this session's place among those that the client may have at once."""
    if not policy.sessions:
        return None
    from rsyncgate.session.slots import take

    return take(dirname(host.journal), policy.name, policy.sessions)


def _refuse(visit: Visit, refusal: Refusal) -> int:
    """Writes down and tells the client why its request does not run."""
    sentence = refusal.sentence()
    detail = {"detail": refusal.detail} if refusal.detail else {}
    try:
        visit.note(record.REFUSED, reason=refusal.code, message=sentence, **detail)
    except Refusal as unwritten:
        refusal, sentence = unwritten, unwritten.sentence()
    visit.say(f"refused: {sentence}", refusal.code)
    return refusal.status


def _break_down(visit: Visit, bug: Exception) -> int:
    """The end of a session that met a fault of the gate's own."""
    try:
        visit.note(record.ERROR, detail=f"{type(bug).__name__}: {bug}")
    except Refusal as unwritten:
        visit.say(unwritten.sentence(), unwritten.code)
    else:
        visit.say("the gate met a fault of its own and ran nothing more; try again later", "error")
    return TRY_AGAIN
