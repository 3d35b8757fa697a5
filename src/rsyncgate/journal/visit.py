# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""One session in the journal: the facts that all its records share, and its client's terminal."""

from __future__ import annotations

import posix

from rsyncgate import __version__
from rsyncgate.journal import record
from rsyncgate.journal.write import append
from rsyncgate.policy.model import Client, Located, Settings, Verdict
from rsyncgate.rsync.request import Request
from rsyncgate.session.arrival import Arrival

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from rsyncgate.session.run import Ending

STDERR = 2


class Visit:
    """A session of the client `name`, that `arrival` describes, in the journal of `host`."""

    def __init__(self, host: Settings, arrival: Arrival, name: str) -> None:
        self.journal = host.journal
        self.syslog = host.syslog
        self.arrival = arrival
        self.id = record.new_id()
        self.facts: dict[str, Any] = {
            "host": arrival.host,
            "client": name,
            "user": arrival.user,
            "home": arrival.home,
            "peer": arrival.peer,
            "key": arrival.key,
            "pid": posix.getpid(),
            "version": __version__,
            "command": arrival.command,
        }

    def note(self, event: str, **facts: Any) -> None:
        """Adds a record to the journal. Raises Refusal `journal` if that is impossible."""
        head = {"v": record.VERSION, "ts": record.now(), "event": event, "id": self.id}
        line = append(self.journal, {**head, **self.facts, **facts})
        if self.syslog:
            from rsyncgate.journal.syslog import send  # a socket is a fifth of the gate's imports

            send(event, line)

    def say(self, sentence: str, code: str) -> None:
        """One line on the client's terminal; if nobody reads it, so be it."""
        text = f"rsyncgate: {sentence} ({code}, record {self.id})\n"
        try:
            posix.write(STDERR, text.encode("utf-8", "surrogateescape"))
        except OSError:
            pass

    def asked(self, request: Request) -> None:
        """Takes down how the command was understood."""
        self.facts["request"] = {
            "role": request.role,
            "program": " ".join(request.program),
            "options": [token.text() for token in request.tokens],
            "paths": [word.text for word in request.paths],
        }

    def found(self, located: Located) -> None:
        """Takes down where symlinks and tilde-prefixes led: what the names alone do not say."""
        sources = (*located.sources, *located.lists)
        real = {s.name: s.real for s in sources if s.real != s.name.rstrip("/")}
        for source in located.sources:
            prefix = source.asked.partition("/")[0]
            if prefix[:1] == "~" and not source.name.startswith(prefix):
                real[prefix] = source.name.rsplit("/", source.asked.count("/"))[0]
        self.facts["sources"] = [{"name": name, "real": place} for name, place in real.items()]

    def ended(self, ending: Ending) -> None:
        """Writes down how rsync ended; that it cannot be written takes nothing back."""
        record_of = {
            "status": ending.status,
            "signal": ending.signal,
            "connection": "lost" if ending.lost else "open",
            "seconds": ending.seconds,
            "bytes": ending.sent,
        }
        self.note(record.FINISHED, **record_of)


def granting(verdict: Verdict, policy: Client) -> dict[str, Any]:
    """What allowed a request, and its rule as it stands now: the policy may be another tomorrow."""
    kind, _, number = verdict.rule.partition(" ")
    allowed = int(number) if kind == "allow" else 0
    for rule in policy.rules:
        if rule.number == allowed:
            options = [
                f"{name}={pattern}" if pattern else name
                for name, patterns in (rule.options or {}).items()
                for pattern in patterns or ("",)
            ]
            written = None if rule.options is None else options
            granted = {"paths": list(rule.paths), "options": written}
            return {"rule": verdict.rule, "granted": granted}
    return {"rule": verdict.rule}
