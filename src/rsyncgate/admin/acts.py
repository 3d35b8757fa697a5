# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The administrator's own acts, as records in the same journal."""

from __future__ import annotations

import os
import pwd
from typing import TYPE_CHECKING, Any

from rsyncgate import __version__
from rsyncgate.journal import record
from rsyncgate.journal.syslog import send
from rsyncgate.journal.write import append

if TYPE_CHECKING:
    from structlog.typing import EventDict, WrappedLogger


def note_act(journal: str, event: str, *, syslog: bool = False, **facts: Any) -> str:
    """Writes down in `journal` that an administrator did `event`; returns the record's id.

    `event` is one of those in journal/record.py (POLICY_WRITTEN ...) and each of `facts` one of its
    FIELDS; EVENTS names the fields that must be there. What has no field of its own goes into
    `facts`, an object. With `syslog` the system's log gets it too. Raises ValueError for any other
    event or field, and Refusal `journal` where the journal cannot be written.
    """
    import structlog

    unknown = [name for name in facts if name not in record.FIELDS]
    if unknown or event not in record.EVENTS:
        raise ValueError(f"no event or field of the journal: {event}, {unknown}")
    act = {"id": record.new_id(), **facts}
    structlog.wrap_logger(
        _Journal(journal, syslog),
        processors=[_completed, _to_journal],
        wrapper_class=structlog.BoundLogger,
    ).append(event, **act)
    return str(act["id"])


class _Journal:
    """What structlog takes for a logger: its one method adds a record to the journal."""

    def __init__(self, path: str, syslog: bool) -> None:
        self.path = path
        self.syslog = syslog

    def append(self, entry: dict[str, Any]) -> None:
        """Adds `entry`."""
        line = append(self.path, entry)
        if self.syslog:
            send(entry["event"], line)


def _completed(_logger: WrappedLogger, _method: str, entry: EventDict) -> EventDict:
    """`entry` with what every record has, in the order that records have it."""
    head = {"v": record.VERSION, "ts": record.now(), "event": entry.pop("event")}
    uid = os.geteuid()
    whole = {
        "id": entry.pop("id"),
        "host": os.uname().nodename,
        "client": entry.pop("client", ""),
        "user": _name(uid),
        "by": _author(),
        "pid": os.getpid(),
        "version": __version__,
    }
    return {**head, **whole, **entry}


def _to_journal(
    _logger: WrappedLogger, _method: str, entry: EventDict
) -> tuple[tuple[EventDict], dict[str, Any]]:
    return (entry,), {}


def _author() -> str:
    """Who logged in to give the command: what the kernel noted, or sudo, or the account itself."""
    try:
        with open("/proc/self/loginuid", encoding="ascii") as stream:
            uid = int(stream.read())
    except (OSError, ValueError):
        uid = _UNSET
    if uid != _UNSET:
        return _name(uid)
    return os.environ.get("SUDO_USER") or _name(os.getuid())


_UNSET = 2**32 - 1


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
