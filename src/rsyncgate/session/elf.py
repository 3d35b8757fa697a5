# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""What it takes to start a program: read from it (elf(5)) and from the loader's cache."""

from __future__ import annotations

import mmap
import os
import struct
import sys

_PT_DYNAMIC, _PT_INTERP = 2, 3
_DT_NEEDED, _DT_STRTAB, _DT_RPATH, _DT_RUNPATH = 1, 5, 15, 29


def wanted(program: str, loader_cache: str) -> tuple[list[str], list[str], str]:
    """What is run to start `program`, the libraries that are loaded, and the loader's directory.

    `loader_cache` is the file in which the loader looks libraries up. The directory is "" where
    there is no loader. Raises OSError where the program cannot be read.
    """
    executable = [program]
    shell = _shell(program)
    if shell:  # and what that needs; a script can start no other program
        executable.append(shell)
    interpreter, libraries, folders = _elf(shell or program)
    if not interpreter:
        return executable, [], ""
    loader = os.fsdecode(interpreter)
    home = os.path.dirname(os.path.realpath(loader))
    return [*executable, loader], _closure(libraries, folders, home, loader_cache), home


def _closure(wanted: list[str], folders: list[str], home: str, loader_cache: str) -> list[str]:
    """The paths of the libraries `wanted` and of all that those want."""
    cache = _cached(loader_cache)
    found: list[str] = []
    seen: set[str] = set()
    while wanted:
        name = wanted.pop()
        if name in seen:
            continue
        seen.add(name)
        places = [f"{folder}/{name}" for folder in folders] + cache.get(name, [])
        places = [p for p in places if os.path.exists(p)] or [f"{home}/{name}"]
        if "/" in name:
            places = [name]
        for place in places:
            found.append(place)
            if os.path.exists(place):
                wanted += _elf(place)[1]
    return found


def _shell(path: str) -> str:
    """What runs the program at `path`, if it is a script; else ""."""
    with open(path, "rb") as stream:
        words = stream.readline(256).split()
    if words and words[0][:2] == b"#!":
        return os.fsdecode(words[0][2:] or b"".join(words[1:2]))
    return ""


def _elf(path: str) -> tuple[bytes, list[str], list[str]]:
    """Of a program or library: its interpreter, the libraries it needs, where they may be."""
    try:
        with open(path, "rb") as stream:
            return _dynamic(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ), path)
    except (ValueError, IndexError, struct.error):  # too short for what it says it holds
        raise OSError(8, "is no program", path) from None


def _dynamic(data: mmap.mmap, path: str) -> tuple[bytes, list[str], list[str]]:
    if data[:4] != b"\x7fELF":
        raise ValueError
    order = "<" if data[5] == 1 else ">"
    wide = data[4] == 2
    segments = list(_segments(data, order, wide))
    interpreter = b""
    entries: list[tuple[int, int]] = []
    for kind, offset, _, size in segments:
        if kind == _PT_INTERP:
            interpreter = data[offset : offset + size].rstrip(b"\0")
        elif kind == _PT_DYNAMIC:
            shape = order + ("qQ" if wide else "iI")
            whole = size - size % struct.calcsize(shape)
            entries = list(struct.iter_unpack(shape, data[offset : offset + whole]))
    table = next((value for tag, value in entries if tag == _DT_STRTAB), 0)
    for kind, offset, address, size in segments:
        if kind == 1 and address <= table < address + size:
            table += offset - address
            break

    def text(at: int) -> str:
        return _string(data, table + at)

    libraries = [text(value) for tag, value in entries if tag == _DT_NEEDED]
    paths = [text(value) for tag, value in entries if tag in (_DT_RPATH, _DT_RUNPATH)]
    origin = os.path.dirname(os.path.realpath(path))
    folders = [f.replace("$ORIGIN", origin) for p in paths for f in p.split(":")]
    return interpreter, libraries, folders


def _segments(data: mmap.mmap, order: str, wide: bool) -> list[tuple[int, int, int, int]]:
    """The program headers: (kind, offset in the file, address, size in the file)."""
    (start,) = struct.unpack_from(order + ("Q" if wide else "I"), data, 32 if wide else 28)
    size, count = struct.unpack_from(order + "HH", data, 54 if wide else 42)
    shape = order + ("I4xQQ8xQ" if wide else "III4xI")
    return [struct.unpack_from(shape, data, start + n * size) for n in range(count)]


def _cached(file: str) -> dict[str, list[str]]:
    """Each library's name to the paths that the loader's cache has for it (glibc's dl-cache.h)."""
    try:
        with open(file, "rb") as stream:
            data = stream.read()
    except OSError:
        return {}
    begin = data.find(b"glibc-ld.so.cache1.1")
    if begin < 0:
        return {}
    count = int.from_bytes(data[begin + 20 : begin + 24], sys.byteorder)
    table = data[begin + 48 : begin + 48 + 24 * count]
    rows = struct.iter_unpack("=iIIIQ", table[: len(table) // 24 * 24])
    found: dict[str, list[str]] = {}
    for _, key, value, _, _ in rows:
        name, path = _string(data, begin + key), _string(data, begin + value)
        found.setdefault(name, []).append(path)
    return found


def _string(data: bytes | mmap.mmap, at: int) -> str:
    return os.fsdecode(data[at : data.find(b"\0", at)])
