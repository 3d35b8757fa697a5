# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The Linux calls that Python's os module lacks, through libc; numbers and flags from the UAPI."""

from __future__ import annotations

import posix
import sys
from _ctypes import (  # what ctypes is made of; its Python half is a third of a bare interpreter
    FUNCFLAG_CDECL,
    FUNCFLAG_USE_ERRNO,
    CFuncPtr,
    _SimpleCData,
    dlopen,
    dlsym,
    get_errno,
)
from _struct import pack

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class _Long(_SimpleCData):  # type: ignore[type-arg]
    _type_ = "l"


class _Int(_SimpleCData):  # type: ignore[type-arg]
    _type_ = "i"


class _Pointer(_SimpleCData):  # type: ignore[type-arg]
    _type_ = "z"


class _Function(CFuncPtr):
    """A function of libc; None, numbers and bytes are passed as NULL, long and a pointer."""

    _flags_ = FUNCFLAG_CDECL | FUNCFLAG_USE_ERRNO
    _restype_ = _Int  # as all functions used here say; syscall() says long, for numbers as small


_THIS_PROGRAM = dlopen(None, 2)  # type: ignore[arg-type]  # RTLD_NOW; None as in dlopen(3)


_found: dict[str, _Function] = {}


def _libc(name: str, *arguments: Any) -> int:
    """What the function `name` of libc answers. Raises OSError where that is negative."""
    function = _found.get(name)
    if function is None:
        function = _found[name] = _Function(dlsym(_THIS_PROGRAM, name))
    result = int(function(*[_Long(a) if isinstance(a, int) else a for a in arguments]))
    if result < 0:
        raise _error()
    return result


def _error() -> OSError:
    number = get_errno()
    return OSError(number, posix.strerror(number))


def _bytes(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")


AT_FDCWD = -100
AT_EMPTY_PATH = 0x1000
AT_RECURSIVE = 0x8000
RESOLVE_NO_SYMLINKS = 0x04

MS_REC_PRIVATE = 0x4000 | 0x40000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MNT_DETACH = 2
CLONE_NEWNS = 0x20000
OPEN_TREE_CLONE, OPEN_TREE_CLOEXEC = 1, posix.O_CLOEXEC
MOVE_MOUNT_EMPTY_PATHS = 0x04 | 0x40  # of the tree, and of the target

PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_CAPBSET_READ, PR_CAPBSET_DROP = 23, 24
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 47, 2
PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2
RLIMIT_CORE = 4

# These have one number on every architecture; the two in _BY_MACHINE have not.
_OPEN_TREE, _MOVE_MOUNT, _OPENAT2, _MOUNT_SETATTR = 428, 429, 437, 442
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
_BY_MACHINE = {
    "x86_64": {"pivot_root": 155, "ioprio_set": 251},
    "aarch64": {"pivot_root": 41, "ioprio_set": 30},
    "riscv64": {"pivot_root": 41, "ioprio_set": 30},
}


def _syscall(number: int, *arguments: Any) -> int:
    return _libc("syscall", number, *arguments)


def _numbered(name: str, *arguments: Any) -> int:
    machine = posix.uname().machine
    if machine not in _BY_MACHINE:
        raise OSError(38, f"{name} is not known on {machine}")
    return _syscall(_BY_MACHINE[machine][name], *arguments)


def landlock_abi() -> int:
    """The version of Landlock that the kernel has; 0 for none."""
    try:
        return _syscall(_LANDLOCK_CREATE, None, 0, 1)
    except OSError:
        return 0


def landlock_ruleset(fs: int, net: int, scoped: int, abi: int) -> int:
    """A descriptor of a new ruleset that governs these rights."""
    size = 8 if abi < 4 else 16 if abi < 6 else 24
    return _syscall(_LANDLOCK_CREATE, pack("=QQQ", fs, net, scoped)[:size], size, 0)


def landlock_allow(ruleset: int, fd: int, rights: int) -> None:
    """Allows `rights` on what `fd` is, and on all below it."""
    _syscall(_LANDLOCK_ADD, ruleset, 1, pack("=Qi", rights, fd), 0)


def landlock_restrict(ruleset: int) -> None:
    """Puts this process, and all it becomes, under `ruleset`."""
    _syscall(_LANDLOCK_RESTRICT, ruleset, 0)


def unshare_mounts() -> None:
    """Gives this process mounts of its own: nothing done to them shows elsewhere."""
    _libc("unshare", CLONE_NEWNS)
    _libc("mount", None, b"/", None, MS_REC_PRIVATE, None)


def mount_tmpfs(target: str, flags: int, options: str) -> None:
    """Mounts an empty tmpfs on `target`."""
    _libc("mount", b"none", _bytes(target), b"tmpfs", flags, options.encode())


def open_real(path: str) -> int:
    """An O_PATH descriptor of `path`, on which no symlink may be: openat2(2)."""
    how = pack("=QQQ", posix.O_PATH | posix.O_CLOEXEC, 0, RESOLVE_NO_SYMLINKS)
    return _syscall(_OPENAT2, AT_FDCWD, _bytes(path), how, len(how))


def clone_tree(fd: int) -> int:
    """A descriptor of a copy of the mounts at and below what `fd` is, attached nowhere yet."""
    flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE
    return _syscall(_OPEN_TREE, fd, b"", flags)


def attach_tree(tree: int, fd: int) -> None:
    """Puts a tree from clone_tree() on what `fd` is."""
    _syscall(_MOVE_MOUNT, tree, b"", fd, b"", MOVE_MOUNT_EMPTY_PATHS)


def restrict_tree(fd: int, attributes: int) -> None:
    """Sets mount attributes (the MS_ flags above) on the mount `fd` is in, and all below it."""
    attr = pack("=QQQQ", attributes, 0, 0, 0)
    _syscall(_MOUNT_SETATTR, fd, b"", AT_EMPTY_PATH | AT_RECURSIVE, attr, len(attr))


def pivot_here() -> None:
    """Makes the current directory, a mount, the root; the old root is gone for this process."""
    _numbered("pivot_root", b".", b".")
    _libc("umount2", b".", MNT_DETACH)
    posix.chdir("/")


def detach(target: str) -> None:
    """Takes the mount off `target`; what else refers to it keeps it."""
    _libc("umount2", _bytes(target), MNT_DETACH)


def prctl(option: int, *arguments: int) -> int:
    """What the kernel answers to an operation on this process; see the PR_ numbers."""
    four = (*arguments, 0, 0, 0, 0)[:4]
    return _libc("prctl", option, *four)


def drop_capabilities(keep: list[int]) -> None:
    """Takes all capabilities but `keep` out of the bounding set."""
    call, drop, zero = _Function(dlsym(_THIS_PROGRAM, "prctl")), _Long(PR_CAPBSET_DROP), _Long(0)
    for number in range(64):  # by way of prctl() they would take 0.01 of a bare interpreter
        if number not in keep and call(drop, _Long(number), zero, zero, zero) < 0:
            error = _error()
            if error.errno == 22:  # EINVAL: the kernel knows no capability so high
                return
            raise error


def filter_calls(program: bytes) -> None:
    """Puts this process, and all it becomes, under the BPF `program` of seccomp(2)."""
    code = _Pointer(program)
    where = int.from_bytes(bytes(code), sys.byteorder)
    filter_ = pack("@HP", len(program) // 8, where)
    _libc("prctl", PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filter_, 0, 0)


def no_core_dumps() -> None:
    """Keeps this process, and all it becomes, from dumping core."""
    _libc("setrlimit", RLIMIT_CORE, bytes(16))  # struct rlimit: 0 and 0, however wide


def capset(capabilities: int) -> None:
    """Makes `capabilities`, a bit mask, the permitted, effective and inheritable ones."""
    header = pack("=Ii", 0x20080522, 0)
    low, high = capabilities & 0xFFFFFFFF, capabilities >> 32
    _libc("capset", header, pack("=6I", low, low, low, high, high, high))


def ioprio_set(kind: int, level: int) -> None:
    """Sets this process's I/O scheduling class and level, as ionice(1) does."""
    _numbered("ioprio_set", 1, 0, kind << 13 | level)
