# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The filter of system calls, on the kernel of this machine."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

ATTEMPT = """
import ctypes, mmap, sys
from rsyncgate.session import calls, kernel
way, number, held = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "held"
libc = ctypes.CDLL(None, use_errno=True)
code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
code.write(b"\\xb8" + number.to_bytes(4, "little") + b"\\xcd\\x80\\xc3")  # mov eax; int 0x80; ret
old_way = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))
if held:
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    calls.deny(calls.program())
if way == "int 0x80":
    print(-old_way())
else:
    libc.syscall(ctypes.c_long(number), -1, -1, -1, -1, -1, -1)
    print(ctypes.get_errno())
"""
EPERM = 1
X32 = 0x40000000


def attempt(way: str, number: int, held: str) -> int:
    """The errno of a system call that is made by one of the ways there are on x86_64."""
    command = [sys.executable, "-I", "-c", ATTEMPT, way, str(number), held]
    return int(subprocess.run(command, check=True, capture_output=True).stdout)


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="other machines have one way alone")
@pytest.mark.parametrize(
    ("way", "numbers"),
    [
        ("syscall", (425, 304, 41)),
        ("syscall", (425 | X32, 304 | X32, 41 | X32)),
        ("int 0x80", (425, 342, 359, 102)),
    ],
)
def test_every_way_into_the_kernel(way: str, numbers: tuple[int, ...]) -> None:
    """io_uring_setup, open_by_handle_at and socket are refused by whichever numbers they have."""
    for number in numbers:
        assert attempt(way, number, "free") != EPERM
        assert attempt(way, number, "held") == EPERM
    assert attempt(way, 20, "held") != EPERM
