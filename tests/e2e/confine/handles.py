# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""A program in rsync's place that opens files by their handles (open_by_handle_at(2)).

It prints what it can read of the files whose handles lie in `inside`, a directory beside it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys

AT_FDCWD = -100
SPACE = 128

libc = ctypes.CDLL(None, use_errno=True)


def handle(path: str | os.PathLike[str]) -> bytes:
    """The handle of the file at `path`."""
    buffer = ctypes.create_string_buffer(struct.pack("Ii", SPACE, 0) + bytes(SPACE))
    mount = ctypes.c_int()
    if libc.name_to_handle_at(AT_FDCWD, os.fsencode(path), buffer, ctypes.byref(mount), 0):
        raise OSError(ctypes.get_errno(), "name_to_handle_at")
    return buffer.raw


def attempt(inside: str, name: str) -> str:
    """The first word of the file whose handle lies in the file `name`, or why there is none."""
    with open(os.path.join(inside, name), "rb") as stream:
        buffer = ctypes.create_string_buffer(stream.read())
    place = os.open(inside, os.O_RDONLY)
    fd = libc.open_by_handle_at(place, buffer, os.O_RDONLY)
    if fd < 0:
        return errno.errorcode[ctypes.get_errno()]
    return os.read(fd, SPACE).decode().split()[0]


if __name__ == "__main__":
    beside = os.path.join(os.path.dirname(sys.argv[0]), "inside")
    for file in ("hidden", "outside"):
        print(file, attempt(beside, file))
