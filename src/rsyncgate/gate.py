"""The walk of one request, from what sshd hands over to how rsync ended. The first file to read.

`serve` writes every step down and turns refusals into one sentence and an exit status; `_walk` is
the walk itself.
"""

from __future__ import annotations

import os

from rsyncgate import __version__
from rsyncgate.journal import record
from rsyncgate.journal.write import append
from rsyncgate.policy.decide import decide, foreign
from rsyncgate.policy.limits import added_options
from rsyncgate.policy.load import Settings, client, name_mistakes, settings, sound
from rsyncgate.policy.model import Client, Located, Verdict
from rsyncgate.refusal import REFUSED, TRY_AGAIN, Refusal
from rsyncgate.rsync.request import OTHER, Request, parse, server_argv, with_block
from rsyncgate.rsync.secluded import words as block_words
from rsyncgate.rsync.words import split
from rsyncgate.session.arrival import Arrival, arrive
from rsyncgate.session.block import read_block
from rsyncgate.session.paths import locate
from rsyncgate.session.plan import OFF, REQUIRE, must_not_follow, plan_for
from rsyncgate.session.run import Child, Ending, NoLandlock, version_of
from rsyncgate.session.slots import take

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

STDIN = 0
STDERR = 2


def serve(config: str, name: str, learning: bool, environ: Mapping[str, str]) -> int:
    """Serves the one request that sshd started the gate for; returns the exit status.

    `config` is the configuration directory and `name` the client's, both from the key's line;
    `learning` writes the request down and runs nothing.
    """
    arrival = arrive(environ)
    host, mistakes = settings(config)
    visit = Visit(host.journal, arrival, name)
    try:
        if learning:
            sound(name_mistakes(name))
            return _capture(visit)
        sound(mistakes)
        policy, mistakes = client(config, name, host.rsync)
        sound(mistakes)
        return _walk(visit, policy, host)
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
    located = locate(request, policy.roots(), arrival.home, policy.hide)
    verdict = decide(located, policy, arrival.peer)
    if verdict.refusal:
        raise verdict.refusal
    slot = _slot(visit, policy, host)
    child = _confined(located, verdict, policy, host, arrival.home)
    facts = {"rule": verdict.rule, "sources": _moved(located)}
    if child is None:
        visit.note(record.ALLOWED, **facts, argv=[])
        return 0
    try:
        visit.note(record.ALLOWED, **facts, argv=child.argv, confinement=child.enforced)
    except Refusal:
        child.abandon()
        raise
    ending = child.run()
    try:
        visit.note(record.FINISHED, **_outcome(ending))
    except Refusal as unwritten:
        visit.say("rsync ended, and the server could not write that down", unwritten.code)
    if slot is not None:
        os.close(slot)
    return ending.exit_status


def _slot(visit: Visit, policy: Client, host: Settings) -> int | None:
    """One of the client's slots, if its sessions are counted."""
    if not policy.sessions:
        return None
    return take(os.path.dirname(host.journal), visit.facts["client"], policy.sessions)


def _confined(
    located: Located, verdict: Verdict, policy: Client, host: Settings, home: str
) -> Child | None:
    """The process that becomes rsync, confined and waiting; None for a probe without one."""
    limits = added_options(located.request, policy)
    argv = _argv(located, host, limits)
    if not argv:
        return None
    landlock = host.confine != OFF
    if landlock:
        plan = plan_for(located, verdict, policy, host, home, landlock=True)
        try:
            return Child(host.rsync, argv, home, plan)
        except NoLandlock:
            if host.confine == REQUIRE:
                raise
    refusal = must_not_follow(located.request)
    if refusal:
        raise refusal
    plan = plan_for(located, verdict, policy, host, home, landlock=False)
    if len(verdict.paths) == 1 and version_of(host.rsync) >= (3, 5):
        root = located.roots.get(verdict.paths[0], verdict.paths[0])
        argv = _argv(located, host, [*limits, f"--confine-root={root}"])
    return Child(host.rsync, argv, home, plan)


def _read(visit: Visit) -> Request:
    """What the client asked for, with the arguments it sends on stdin if it sends any."""
    request = parse(split(visit.arrival.command or ""))
    visit.facts["request"] = describe(request)
    if request.secluded and not request.faults:
        block = read_block(STDIN)
        visit.facts["secluded"] = block.decode("utf-8", "surrogateescape")[:-2].split("\0")
        charset = request.values("--iconv")
        request = with_block(request, block_words(block, charset[-1] if charset else None))
        visit.facts["request"] = describe(request)
    return request


def _argv(located: Located, host: Settings, added: list[str]) -> list[str]:
    """What rsync is started with, options `added`; empty for a probe that needs no rsync."""
    request = located.request
    if request.role != OTHER:
        names = [source.name for source in located.sources] if request.paths else []
        return server_argv(request, names, added)
    return [host.rsync, "--version"] if len(request.program) > 1 else []


def _capture(visit: Visit) -> int:
    """Writes the request down and runs nothing, whatever is wrong with it."""
    try:
        _read(visit)
    except Refusal as refusal:
        visit.facts.update(reason=refusal.code, detail=refusal.sentence())
    visit.note(record.CAPTURED)
    visit.say(
        "captured: the request was written down for the administrator; nothing was sent", "captured"
    )
    return REFUSED


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


class Visit:
    """One session in the journal: the facts every record of it shares, and its client's stderr."""

    def __init__(self, journal: str, arrival: Arrival, name: str) -> None:
        self.journal = journal
        self.arrival = arrival
        self.id = record.new_id()
        self.facts: dict[str, Any] = {
            "host": arrival.host,
            "client": name,
            "user": arrival.user,
            "home": arrival.home,
            "peer": arrival.peer,
            "key": arrival.key,
            "pid": os.getpid(),
            "version": __version__,
            "command": arrival.command,
        }

    def note(self, event: str, **facts: Any) -> None:
        """Adds a record to the journal. Raises Refusal `journal` if that is impossible."""
        head = {"v": record.VERSION, "ts": record.now(), "event": event, "id": self.id}
        append(self.journal, {**head, **self.facts, **facts})

    def say(self, sentence: str, code: str) -> None:
        """One line on the client's terminal; if nobody reads it, so be it."""
        text = f"rsyncgate: {sentence} ({code}, record {self.id})\n"
        try:
            os.write(STDERR, text.encode("utf-8", "surrogateescape"))
        except OSError:
            pass


def describe(request: Request) -> dict[str, Any]:
    """`request` as it stands in a record."""
    return {
        "role": request.role,
        "program": " ".join(request.program),
        "options": [token.text() for token in request.tokens],
        "paths": [word.text for word in request.paths],
    }


def _moved(located: Located) -> list[dict[str, str]]:
    """The paths that a symlink leads elsewhere, with where they lead."""
    return [
        {"name": source.name, "real": source.real}
        for source in (*located.sources, *located.lists)
        if source.real != source.name.rstrip("/")
    ]


def _outcome(ending: Ending) -> dict[str, Any]:
    return {
        "status": ending.status,
        "signal": ending.signal,
        "connection": "lost" if ending.lost else "open",
        "seconds": ending.seconds,
        "bytes": ending.sent,
    }
