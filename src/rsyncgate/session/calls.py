# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""System calls that rsync never makes, and that nothing else here holds: refused by seccomp(2).

Who has CAP_DAC_READ_SEARCH may open any file of a file system by its number, whatever is mounted
over it or left out; Landlock does not hold that where the file system is mounted anew. Nor does it
hold sockets but those of TCP. And io_uring(7) makes calls that no filter sees.
"""

from __future__ import annotations

import posix
from _struct import pack

from rsyncgate.session import kernel

DENIED = ("io_uring_setup", "open_by_handle_at", "socket")

TYPE_CHECKING = False
if TYPE_CHECKING:
    Numbers = dict[int, tuple[int, ...]]

_X32 = 0x40000000
_X86: Numbers = {
    0xC000003E: (425, 304, 41, 425 | _X32, 304 | _X32, 41 | _X32),  # x86_64, and x32 with it
    0x40000003: (425, 342, 359, 102),  # i386, where socketcall() was the way to sockets once
}
_ARM: Numbers = {0xC00000B7: (425, 265, 198), 0x40000028: (425, 371, 281)}  # aarch64, arm
_RISCV: Numbers = {0xC00000F3: (425, 265, 198)}
_NUMBERS = {
    "x86_64": _X86,
    "i686": _X86,
    "aarch64": _ARM,
    "armv7l": _ARM,
    "armv8l": _ARM,
    "riscv64": _RISCV,
}
"""Their numbers by machine and AUDIT_ARCH (linux/audit.h): a kernel may run two architectures."""

_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06  # BPF_LD|W|ABS, BPF_JMP|JEQ|K, BPF_RET|K
_NUMBER, _ARCH = 0, 4  # offsets in struct seccomp_data
_ALLOW, _EPERM = 0x7FFF0000, 0x00050001


def program() -> bytes:
    """The BPF filter for this machine; empty where its numbers are not known here."""
    steps: list[int] = []
    architectures = _NUMBERS.get(posix.uname().machine, {})
    for arch, numbers in architectures.items():
        steps += (_LOAD, 0, 0, _ARCH)
        steps += (_EQUAL, 0, 2 * len(numbers) + 1, arch)
        steps += (_LOAD, 0, 0, _NUMBER)
        for number in numbers:
            steps += (_EQUAL, 0, 1, number)
            steps += (_RETURN, 0, 0, _EPERM)
    if architectures:
        steps += (_RETURN, 0, 0, _ALLOW)
    return pack("=" + "HBBI" * (len(steps) // 4), *steps)


def deny(program: bytes) -> list[str]:
    """Makes those calls fail with EPERM from now on; returns their names. `program` is program()'s.

    The process must have no_new_privs. Raises OSError where the kernel has no seccomp, or the
    machine's numbers are not known here.
    """
    if not program:
        raise OSError(38, f"system calls are not known on {posix.uname().machine}")
    kernel.filter_calls(program)
    return list(DENIED)
