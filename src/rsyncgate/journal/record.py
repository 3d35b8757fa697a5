# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
r"""One record of the journal: its fields, and the line they make.

A record is one JSON object on one line. Text is what arrived, byte for byte: bytes that are no
UTF-8 stand as the lone surrogates \udc80 to \udcff (Python's "surrogateescape"), all beyond ASCII
is escaped, so nothing a client sends can end a line or begin another.
"""

from __future__ import annotations

import posix
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

VERSION = 1
"""The shape of a record. A field that changes its meaning changes this number."""

CAPTURED = "captured"
ALLOWED = "allowed"
REFUSED = "refused"
FINISHED = "finished"
ERROR = "error"

POLICY_WRITTEN = "policy-written"
KEY_AUTHORIZED = "key-authorized"
LEARN_SWITCHED = "learn-switched"
KEY_REMOVED = "key-removed"

FIELDS = {
    "prev": ("hash", "SHA-256 of the line before this, without its newline; empty if it is first"),
    "seq": ("count", "this line's number in the journal, through every rotation"),
    "v": ("version", "the shape of the record"),
    "ts": ("time", "when, RFC 3339 in UTC with microseconds"),
    "event": ("event", "what happened"),
    "id": ("id", "joins the records of one session"),
    "host": ("string", "the server's name"),
    "client": ("string", "the name its key's line passes"),
    "user": ("string", "the account that the gate, or the administrator's command, runs as"),
    "home": ("string", "that account's home, where relative paths begin"),
    "peer": ("string", "the address of the client"),
    "key": ("string", "the fingerprint of its key, where sshd exposes it"),
    "pid": ("count", "the process that writes the record"),
    "version": ("string", "its version"),
    "command": ("string or null", "exactly what arrived; null for a login shell"),
    "secluded": ("strings", "the arguments a -s client sent on stdin"),
    "request": ("request", "the command as understood"),
    "reason": ("string", "why it was refused: a stable code"),
    "message": ("string", "the sentence the client was shown"),
    "detail": ("string", "what only the administrator is told"),
    "rule": ("string", "what allowed it: allow N or probe N, by their order in the file"),
    "granted": ("grant", "the rule as it stood"),
    "sources": ("sources", "paths whose real place differs"),
    "argv": ("strings", "what rsync was started with; empty where nothing is"),
    "confinement": ("object", "what the kernel enforces on rsync"),
    "status": ("count or null", "rsync's exit status; null if a signal ended it"),
    "signal": ("count or null", "the signal that ended rsync"),
    "connection": ("connection", "whether it was there as rsync ended"),
    "seconds": ("number", "how long rsync ran"),
    "bytes": ("count or null", "what rsync wrote, all but a little of it to the client"),
    "by": ("string", "who gave the administrator's command, as far as the system knows"),
    "file": ("string", "the file that an administrator's command changed"),
    "facts": ("object", "what else there is to say about an administrator's command"),
}
"""Every field: its type (a key of TYPES in journal/schema.py) and its meaning."""

_EVERY = ("v", "ts", "event", "id", "host", "user", "pid", "version")
_SESSION = (*_EVERY, "client", "home", "peer", "key", "command")

EVENTS = {
    CAPTURED: _SESSION,
    ALLOWED: (*_SESSION, "request", "rule", "sources", "argv"),
    REFUSED: (*_SESSION, "reason", "message"),
    FINISHED: (*_SESSION, "request", "status", "signal", "connection", "seconds", "bytes"),
    ERROR: (*_SESSION, "detail"),
    POLICY_WRITTEN: (*_EVERY, "by", "client", "file"),
    KEY_AUTHORIZED: (*_EVERY, "by", "client", "file", "key"),
    LEARN_SWITCHED: (*_EVERY, "by", "client", "file"),
    KEY_REMOVED: (*_EVERY, "by", "client", "file", "key"),
}
"""Every event, and the fields that its records have at least."""


def new_id() -> str:
    """An identifier for one session: 16 hexadecimal digits."""
    return posix.urandom(8).hex()


def now() -> str:
    """The present moment as a record's `ts`."""
    seconds, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{whole}.{nanoseconds // 1000:06d}Z"


def line(record: dict[str, Any]) -> bytes:
    """`record` as its line, the newline included; the same text as structlog's JSONRenderer."""
    return _json(record).encode("ascii") + b"\n"


def _json(value: Any) -> str:
    """JSON without the json module, which costs as much as the interpreter itself."""
    if isinstance(value, str):
        return _string(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_string(k)}: {_json(v)}" for k, v in value.items()) + "}"
    return "[" + ", ".join(map(_json, value)) + "]"


_SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\f": "\\f", "\b": "\\b"}


def _string(text: str) -> str:
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return '"' + "".join(_SHORT.get(c) or _escaped(c) for c in text) + '"'


def _escaped(c: str) -> str:
    code = ord(c)
    if 0x20 <= code < 0x7F:
        return c
    if code < 0x10000:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
