r"""One record of the journal: its fields, and the line they make.

A record is one JSON object on one line. Text is what arrived, byte for byte: bytes that are no
UTF-8 stand as the lone surrogates \udc80 to \udcff (Python's "surrogateescape"), all beyond ASCII
is escaped, so nothing a client sends can end a line or begin another.
"""

from __future__ import annotations

import os
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

FIELDS = {
    "v": ("integer", "the shape of the record"),
    "ts": ("string", "when, RFC 3339 in UTC with microseconds"),
    "event": ("string", "captured, allowed, refused, finished or error"),
    "id": ("string", "joins the records of one session"),
    "host": ("string", "the server's name"),
    "client": ("string", "the name its key's line passes"),
    "user": ("string", "the account that the gate runs as"),
    "peer": ("string", "the address of the client"),
    "key": ("string", "the fingerprint of its key, where sshd exposes it"),
    "pid": ("integer", "the gate's process"),
    "version": ("string", "the gate's version"),
    "command": ("string or null", "exactly what arrived; null for a login shell"),
    "secluded": ("array of strings", "the arguments a -s client sent on stdin"),
    "request": ("object", "the command as understood: role, program, options, paths"),
    "reason": ("string", "why it was refused: a stable code"),
    "message": ("string", "the sentence the client was shown"),
    "detail": ("string", "what only the administrator is told"),
    "rule": ("string", "what allowed it: allow N or probe N, by their order in the file"),
    "sources": ("array of objects", "paths whose real place differs: name and real"),
    "argv": ("array of strings", "what rsync was started with; empty where nothing is"),
    "confinement": ("object", "what the kernel enforces on rsync"),
    "status": ("integer or null", "rsync's exit status; null if a signal ended it"),
    "signal": ("integer or null", "the signal that ended rsync"),
    "connection": ("string", "open or lost, as rsync ended"),
    "seconds": ("number", "how long rsync ran"),
    "bytes": ("integer or null", "what rsync wrote, all but a little of it to the client"),
}
"""Every field: JSON type and meaning."""


def new_id() -> str:
    """An identifier for one session: 16 hexadecimal digits."""
    return os.urandom(8).hex()


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
