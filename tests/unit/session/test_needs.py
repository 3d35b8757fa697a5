# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""What a program needs to run, compared with what the loader and the kernel say."""

from __future__ import annotations

import os
import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from rsyncgate import cache
from rsyncgate.session import needs as module
from rsyncgate.session.needs import LOADER_CACHE, NAMES, needs

PROGRAMS = ["/usr/bin/rsync", "/usr/bin/ssh", "/usr/sbin/sshd", "/bin/bash",
            "/usr/bin/perl", os.path.realpath(sys.executable)]  # fmt: skip


@pytest.fixture(autouse=True)
def _nothing_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every program is read anew."""
    monkeypatch.setattr(cache, "DIRECTORY", str(tmp_path / "kept"))


def loaded(program: str) -> set[str]:
    """The libraries that the loader itself would load for `program`, as resolved paths."""
    done = subprocess.run(["ldd", program], check=True, capture_output=True, text=True)
    paths = re.findall(r"=> (/\S+) \(0x", done.stdout)
    return {os.path.realpath(path) for path in paths}


@pytest.mark.parametrize("program", PROGRAMS)
def test_libraries(program: str) -> None:
    """All that ldd says the loader loads is readable; the program and its loader are executable."""
    wanted = needs(program, names=False, charsets=False)
    assert loaded(program)
    assert loaded(program) <= {os.path.realpath(path) for path in wanted.readable}
    assert wanted.executable[0] == program
    (loader,) = wanted.executable[1:]
    assert subprocess.run([loader, "--verify", program], check=False).returncode in (0, 2)


def test_nothing_more() -> None:
    """A program that needs the C library alone gets that, the loader's cache and the locale."""
    wanted = needs("/usr/bin/true", names=False, charsets=False)
    libraries = {os.path.basename(os.path.realpath(path)) for path in wanted.readable}
    loader = os.path.basename(os.path.realpath(wanted.executable[1]))
    assert libraries == {"libc.so.6", loader, os.path.basename(LOADER_CACHE), "C.utf8"}
    assert not set(NAMES) & set(wanted.readable)
    assert len(wanted.executable) == 2


def test_names_and_charsets() -> None:
    """The databases of names and the tables of characters are there if asked for."""
    plain = needs("/usr/bin/rsync", names=False, charsets=False).readable
    named = needs("/usr/bin/rsync", names=True, charsets=False).readable
    assert {"/etc/passwd", "/etc/group"} <= set(named) - set(plain)
    tables = set(needs("/usr/bin/rsync", names=False, charsets=True).readable) - set(plain)
    assert [os.path.basename(path) for path in tables] == ["gconv"]


def test_only_what_exists() -> None:
    """Nothing is named that is not there: there would be nothing to open it by."""
    wanted = needs("/usr/bin/rsync", names=True, charsets=True)
    assert all(os.path.exists(path) for path in (*wanted.readable, *wanted.executable))
    assert len(set(wanted.readable)) == len(wanted.readable)


def test_it_is_enough(tmp_path: Path) -> None:
    """In a root that holds what rsync needs and nothing else, rsync runs and converts names."""
    wanted = needs("/usr/bin/rsync", names=True, charsets=True)
    for path in (*wanted.readable, *wanted.executable):
        target = tmp_path / path[1:]
        target.parent.mkdir(parents=True, exist_ok=True)
        if os.path.isdir(path):
            shutil.copytree(path, target)
        else:
            shutil.copy(path, target)
    (tmp_path / "file").touch()
    options = ["--iconv=utf-8,latin1", "--list-only"]
    command = ["chroot", str(tmp_path), "/usr/bin/rsync", *options, "/file"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("file\n")
    library = next(path for path in wanted.readable if "libpopt" in path)
    (tmp_path / library[1:]).unlink()
    assert subprocess.run(command, check=False, capture_output=True).returncode == 127


@pytest.mark.parametrize("shebang", ["#!/bin/sh", "#! /bin/bash -e", "#!/usr/bin/perl"])
def test_a_wrapper(tmp_path: Path, shebang: str) -> None:
    """For a script its shell is executable too, with what that needs to run."""
    script = tmp_path / "wrapper"
    script.write_text(f"{shebang}\nexec /usr/bin/true\n")
    wanted = needs(str(script), names=False, charsets=False)
    shell = shebang[2:].split(maxsplit=1)[0]
    assert wanted.executable[:2] == [str(script), shell]
    assert loaded(shell) <= {os.path.realpath(path) for path in wanted.readable}


def elf(
    interpreter: str = "", libraries: tuple[str, ...] = (), runpath: str = "", *,
    wide: bool = True, order: str = "<",
) -> bytes:  # fmt: skip
    """A program's headers as a linker writes them (elf(5)), with no code."""
    strings, entries = b"\0", []
    for tag, text in [*((1, library) for library in libraries), (29, runpath)]:
        entries.append((tag, len(strings)))
        strings += os.fsencode(text) + b"\0"
    address, begin = 0x4000, 1024
    entries += [(5, address + begin), (0, 0)]
    dynamic = b"".join(struct.pack(order + ("qQ" if wide else "iI"), *entry) for entry in entries)
    name = os.fsencode(interpreter) + b"\0"
    at = begin + len(strings)
    segments = [(1, 0, address, 4096), (2, at, address + at, len(dynamic))]
    if interpreter:
        segments.append((3, at + len(dynamic), address, len(name)))
    if wide:
        headers = [struct.pack(order + "IIQQQQQQ", kind, 4, offset, where, where, size, size, 1)
                   for kind, offset, where, size in segments]  # fmt: skip
    else:
        headers = [struct.pack(order + "8I", kind, offset, where, where, size, size, 4, 1)
                   for kind, offset, where, size in segments]  # fmt: skip
    ident = b"\x7fELF" + bytes((2 if wide else 1, 1 if order == "<" else 2, 1)) + bytes(9)
    word = "Q" if wide else "I"
    counts = (64 if wide else 52, len(headers[0]), len(headers), 0, 0, 0)
    head = struct.pack(f"{order}HHI3{word}I6H", 3, 62, 1, 0, 64 if wide else 52, 0, 0, *counts)
    return (ident + head + b"".join(headers)).ljust(begin, b"\0") + strings + dynamic + name


@pytest.mark.parametrize("wide", [True, False])
@pytest.mark.parametrize("order", ["<", ">"])
def test_libraries_of_its_own(tmp_path: Path, order: str, wide: bool) -> None:
    """A library is found where the program itself says it is, and so is what that needs."""
    for directory in ("bin", "lib"):
        (tmp_path / directory).mkdir()
    one, other, third = (f"{tmp_path}/lib/{name}" for name in ("one.so", "other.so", "third.so"))
    program = tmp_path / "bin" / "program"
    program.write_bytes(elf("/lib/loader.so", ("one.so", other), "/none:$ORIGIN/../lib",
                            wide=wide, order=order))  # fmt: skip
    Path(one).write_bytes(elf(libraries=("third.so", "one.so"), wide=wide, order=order))
    Path(other).write_bytes(elf(wide=wide, order=order))
    Path(third).write_bytes(elf(libraries=("none.so",), wide=wide, order=order))
    wanted = needs(str(program), names=False, charsets=False)
    assert wanted.executable == [str(program), "/lib/loader.so"]
    assert {one, other, third} <= set(map(os.path.realpath, wanted.readable))


def test_a_program_without_libraries(tmp_path: Path) -> None:
    """A program that is linked statically needs nothing but itself."""
    program = tmp_path / "static"
    program.write_bytes(elf())
    wanted = needs(str(program), names=False, charsets=False)
    assert (wanted.executable, wanted.readable) == ([str(program)], [])


@pytest.mark.parametrize("content", [b"", b"text", b"\x7fELF", b"\x7fELF" + bytes(12), b"#!", None])
def test_no_program(tmp_path: Path, content: bytes | None) -> None:
    """What is no program, or half of one, is an error of the system's, not of Python's."""
    (tmp_path / "file").write_bytes(elf("/lib/loader.so")[:100] if content is None else content)
    with pytest.raises(OSError, match="is no program"):
        needs(str(tmp_path / "file"), names=True, charsets=True)


def test_a_missing_program(tmp_path: Path) -> None:
    """A program that is not there is an error of the system's."""
    with pytest.raises(FileNotFoundError):
        needs(str(tmp_path / "none"), names=True, charsets=True)


@pytest.mark.parametrize("content", [None, b"", b"glibc-ld.so.cache1.1", b"something else"])
def test_a_loader_without_a_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    """Without a cache that makes sense, libraries are taken from where the loader lies."""
    if content is not None:
        (tmp_path / "cache").write_bytes(content)
    monkeypatch.setattr(module, "LOADER_CACHE", str(tmp_path / "cache"))
    wanted = needs("/usr/bin/true", names=False, charsets=False)
    assert loaded("/usr/bin/true") <= {os.path.realpath(path) for path in wanted.readable}
