"""System calls that reach past every mount, and that rsync never makes: refused by seccomp(2).

Who has CAP_DAC_READ_SEARCH may open any file of a file system by its number, whatever is mounted
over it or left out; Landlock does not hold that where the file system is mounted anew. io_uring(7)
makes calls that no filter sees.
"""

from __future__ import annotations

import struct

from rsyncgate.session import kernel

_X32 = 0x40000000
_NUMBERS = {
    0xC000003E: {304: "open_by_handle_at", 425: "io_uring_setup"},  # x86_64
    0x40000003: {342: "open_by_handle_at", 425: "io_uring_setup"},  # i386
    0xC00000B7: {265: "open_by_handle_at", 425: "io_uring_setup"},  # aarch64
    0x40000028: {371: "open_by_handle_at", 425: "io_uring_setup"},  # arm
    0xC00000F3: {265: "open_by_handle_at", 425: "io_uring_setup"},  # riscv64
}
"""By AUDIT_ARCH number (linux/audit.h): one kernel may run programs of two architectures."""

DENIED = ("io_uring_setup", "open_by_handle_at")

_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06  # BPF_LD|W|ABS, BPF_JMP|JEQ|K, BPF_RET|K
_NUMBER, _ARCH = 0, 4  # offsets in struct seccomp_data
_ALLOW, _EPERM = 0x7FFF0000, 0x00050001


def deny() -> list[str]:
    """Makes those calls fail with EPERM from now on; returns their names.

    The process must have no_new_privs. Raises OSError where the kernel has no seccomp.
    """
    kernel.filter_calls(_program())
    return list(DENIED)


def _program() -> bytes:
    """The filter: for each architecture its numbers; everything else is allowed."""
    steps = []
    for arch, calls in _NUMBERS.items():
        numbers = [*calls, *(number | _X32 for number in calls if arch == 0xC000003E)]
        steps.append((_LOAD, 0, 0, _ARCH))
        steps.append((_EQUAL, 0, 2 * len(numbers) + 1, arch))
        steps.append((_LOAD, 0, 0, _NUMBER))
        for number in numbers:
            steps.append((_EQUAL, 0, 1, number))
            steps.append((_RETURN, 0, 0, _EPERM))
    steps.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("=HBBI", *step) for step in steps)
