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

_NUMBERS = {
    0xC000003E: (425, 304, 41),  # x86_64
    0x40000003: (425, 342, 359, 102),  # i386, where socketcall() was the way to sockets once
    0xC00000B7: (425, 265, 198),  # aarch64
    0x40000028: (425, 371, 281),  # arm
    0xC00000F3: (425, 265, 198),  # riscv64
}
"""Their numbers by AUDIT_ARCH (linux/audit.h): one kernel may run programs of two architectures."""

_MACHINES = ("x86_64", "i686", "aarch64", "armv7l", "armv8l", "riscv64")

_X86_64, _X32 = 0xC000003E, 0x40000000

_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06  # BPF_LD|W|ABS, BPF_JMP|JEQ|K, BPF_RET|K
_NUMBER, _ARCH = 0, 4  # offsets in struct seccomp_data
_ALLOW, _EPERM = 0x7FFF0000, 0x00050001


def deny() -> list[str]:
    """Makes those calls fail with EPERM from now on; returns their names.

    The process must have no_new_privs. Raises OSError where the kernel has no seccomp, or the
    machine's numbers are not known here.
    """
    machine = posix.uname().machine
    if machine not in _MACHINES:
        raise OSError(38, f"system calls are not known on {machine}")
    kernel.filter_calls(_program())
    return list(DENIED)


def _program() -> bytes:
    """The filter: for each architecture its numbers; everything else is allowed."""
    steps = []
    for arch, calls in _NUMBERS.items():
        numbers = [*calls, *(number | _X32 for number in calls if arch == _X86_64)]
        steps.append((_LOAD, 0, 0, _ARCH))
        steps.append((_EQUAL, 0, 2 * len(numbers) + 1, arch))
        steps.append((_LOAD, 0, 0, _NUMBER))
        for number in numbers:
            steps.append((_EQUAL, 0, 1, number))
            steps.append((_RETURN, 0, 0, _EPERM))
    steps.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(pack("=HBBI", *step) for step in steps)
