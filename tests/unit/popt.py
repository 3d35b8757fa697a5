# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""What rsync's popt makes of words: the library that the installed rsync calls, called from here.

The options come from tests/corpus/options.jsonl, which real servers have confirmed, and not from
the gate's own table.
"""

from __future__ import annotations

import ctypes
import json
from collections.abc import Sequence
from pathlib import Path

from unit.conftest import encoded

OPTIONS = Path(__file__).parent.parent / "corpus" / "options.jsonl"
END = -1

Read = tuple[list[tuple[str, str | None]], list[str]]
"""Options with their values, in their order, and the other arguments."""


class _Option(ctypes.Structure):
    """A `struct poptOption`."""

    _fields_ = [
        ("long", ctypes.c_char_p),
        ("short", ctypes.c_char),
        ("arg_info", ctypes.c_uint),  # POPT_ARG_NONE is 0, POPT_ARG_STRING 1
        ("arg", ctypes.c_void_p),
        ("val", ctypes.c_int),
        ("description", ctypes.c_char_p),
        ("arg_description", ctypes.c_char_p),
    ]


def _library() -> ctypes.CDLL:
    popt = ctypes.CDLL("libpopt.so.0")
    popt.poptGetContext.restype = popt.poptGetOptArg.restype = ctypes.c_void_p
    popt.poptGetArgs.restype = ctypes.POINTER(ctypes.c_char_p)
    popt.poptGetContext.argtypes = [
        ctypes.c_char_p,
        ctypes.c_int,
        ctypes.POINTER(ctypes.c_char_p),
        ctypes.POINTER(_Option),
        ctypes.c_uint,
    ]
    for function in (popt.poptGetNextOpt, popt.poptGetOptArg, popt.poptGetArgs):
        function.argtypes = [ctypes.c_void_p]
    popt.poptFreeContext.argtypes = [ctypes.c_void_p]
    return popt


def _table() -> tuple[ctypes.Array[_Option], list[str]]:
    """The options as popt wants them, and the name that each answers to."""
    rows = [json.loads(line) for line in OPTIONS.read_text().splitlines()]
    rows = [row for row in rows if row.get("mode") != "daemon"]
    table = (_Option * (len(rows) + 1))()
    names = []
    for n, row in enumerate(rows):
        long, short = row.get("long"), row.get("short", "")
        names.append(f"--{long}" if long else f"-{short}")
        table[n].long = long.encode() if long else None
        table[n].short = short.encode() or b"\0"
        table[n].arg_info = row["arg"] != "none"
        table[n].val = n + 1
    return table, names


_POPT = _library()
_OPTIONS, _NAMES = _table()
_LIBC = ctypes.CDLL(None)
_LIBC.free.argtypes = [ctypes.c_void_p]


def read(words: Sequence[str]) -> Read | None:
    """What popt makes of `words`; None where it balks."""
    argv = [b"rsync", *map(encoded, words)]
    array = (ctypes.c_char_p * (len(argv) + 1))(*argv, None)
    context = _POPT.poptGetContext(b"rsync", len(argv), array, _OPTIONS, 0)
    try:
        options = []
        while (found := _POPT.poptGetNextOpt(context)) > 0:
            options.append((_NAMES[found - 1], _value(context)))
        if found != END:
            return None
        rest = _POPT.poptGetArgs(context)
        args: list[str] = []
        while rest and (arg := rest[len(args)]) is not None:
            args.append(arg.decode("utf-8", "surrogateescape"))
        return options, args
    finally:
        _POPT.poptFreeContext(context)


def _value(context: int) -> str | None:
    """The value of the option that popt has just read; the caller of popt frees it."""
    pointer = _POPT.poptGetOptArg(context)
    if not pointer:
        return None
    value = ctypes.string_at(pointer).decode("utf-8", "surrogateescape")
    _LIBC.free(pointer)
    return value
