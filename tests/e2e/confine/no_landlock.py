# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""A program: runs the program its arguments name on a kernel that seems to have no Landlock."""

from __future__ import annotations

import ctypes
import os
import struct
import sys

PR_SET_SECCOMP, MODE_FILTER = 22, 2
ENOSYS = 38


def instruction(code: int, yes: int, no: int, value: int) -> bytes:
    """One instruction of a seccomp filter (seccomp(2))."""
    return struct.pack("=HBBI", code, yes, no, value)


program = b"".join(
    (
        instruction(0x20, 0, 0, 0),  # load the number of the system call
        instruction(0x35, 0, 2, 444),  # below landlock_create_ruleset: allow
        instruction(0x25, 1, 0, 446),  # above landlock_restrict_self: allow
        instruction(0x06, 0, 0, 0x50000 | ENOSYS),
        instruction(0x06, 0, 0, 0x7FFF0000),
    )
)
code = ctypes.create_string_buffer(program)
filter_ = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code))
if ctypes.CDLL(None).prctl(PR_SET_SECCOMP, MODE_FILTER, ctypes.c_char_p(filter_), 0, 0):
    sys.exit("no seccomp here")
os.execv(sys.argv[1], sys.argv[1:])
