# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The files that a journal is spread over, and their bytes, compressed or not."""

from __future__ import annotations

import bz2
import lzma
import os
import re
import sys
import zlib
from typing import TYPE_CHECKING, NamedTuple

from rsyncgate.journal.chain import HEAD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import BinaryIO, Protocol

    class Decompressor(Protocol):
        """What gives back the bytes of one compressed stream."""

        @property
        def eof(self) -> bool:
            """Whether the stream has ended."""

        @property
        def unused_data(self) -> bytes:
            """What follows its end."""

        def decompress(self, data: bytes, /) -> bytes:
            """The next bytes."""


STDIN = "-"
CHUNK = 1 << 16
"""Bytes read at once: what malloc keeps at hand. Compressed, a quarter of that, for they grow."""

_ROTATED = re.compile(
    r"(?P<stem>.+?)(?:\.(?P<turn>\d+)|-(?P<date>\d{8}(?:[-T.]?\d+)*))(?P<extension>\.[a-z]+)?"
)


class Piece(NamedTuple):
    """Whole lines of a plain `file`: its bytes from `begin` to before `end`."""

    file: str
    begin: int
    end: int


class Unreadable(Exception):
    """Why a file cannot be read on, as a sentence."""


def journal_files(path: str) -> list[str]:
    """The journal at `path` and what logrotate made of it before, oldest first.

    Rotated files are known by their names: journal.jsonl.2.gz, journal.jsonl-20261101,
    journal-20261101.jsonl.zst (logrotate's `extension`). A file that stands there compressed and
    not is taken once. The journal itself need not exist. Raises OSError if its directory cannot be
    read.
    """
    directory = os.path.dirname(path)
    files = [os.path.join(directory, name) for name in sorted(os.listdir(directory or "."))]
    rotated = [file for file in files if _rotation(file)[0] == path != _plain(file)]
    return journals([*rotated, *([path] if os.path.exists(path) else [])])


def journals(names: Sequence[str]) -> list[str]:
    """The files of the journals that `names` stand for, those of one journal oldest first.

    A directory stands for every journal below it, "-" for stdin. A journal's head is none.
    Raises OSError for a directory that cannot be read, ValueError for one without a journal.
    """
    found: dict[str, dict[_Age, str]] = {}
    for name in names:
        for file in _below(name) if os.path.isdir(name) else [name]:
            if not file.endswith(HEAD):
                journal, age = _rotation(file)
                found.setdefault(journal, {}).setdefault(age, file)  # "x" sorts before "x.gz"
    return [files[age] for files in found.values() for age in sorted(files)]


def journal_of(file: str) -> str:
    """The path of the journal that `file` is, or was before it was rotated."""
    return _rotation(file)[0]


_Age = tuple[int, int, str]


def _rotation(file: str) -> tuple[str, _Age]:
    """The journal that `file` is or was, and what sorts its files, the oldest first."""
    directory, name = os.path.split(file)
    plain = _plain(name)
    match = _ROTATED.fullmatch(plain)
    if match is None:
        return os.path.join(directory, plain), (2, 0, name)
    age = (0, 0, match["date"]) if match["date"] else (1, -int(match["turn"]), "")
    return os.path.join(directory, match["stem"] + (match["extension"] or "")), age


def _plain(file: str) -> str:
    return re.sub(r"\.(gz|zst|xz|bz2)$", "", file)


def _below(directory: str) -> list[str]:
    found = [
        os.path.join(place, name)
        for place, _, names in os.walk(directory, onerror=_raise)
        for name in names
        if _rotation(name)[0].endswith(".jsonl")
    ]
    if not found:
        raise ValueError(f"{directory}: there is no journal (*.jsonl) in it or below it")
    return sorted(found)


def _raise(error: OSError) -> None:
    raise error


def chunks(source: str | Piece) -> Iterator[bytes]:
    """The bytes of a file ("-" is stdin), decompressed, or of a piece of one.

    Raises Unreadable where they end early.
    """
    try:
        if isinstance(source, Piece):
            yield from _piece(source)
        elif source == STDIN:
            yield from _opened(sys.stdin.buffer, "")
        else:
            with open(source, "rb", buffering=0) as stream:
                yield from _opened(stream, _kind(source))
    except OSError as error:
        raise Unreadable(f"cannot be read: {error.strerror or error}") from None


def pieces(files: Sequence[str], size: int) -> list[str | Piece]:
    """`files` in their order, the plain ones cut into pieces of about `size` bytes."""
    found: list[str | Piece] = []
    for file in files:
        if file == STDIN or _kind(file) or not os.path.isfile(file):
            found.append(file)
            continue
        with open(file, "rb") as stream:
            end = os.fstat(stream.fileno()).st_size
            begin = 0
            while begin < end:
                stream.seek(min(begin + size, end))
                stream.readline()
                found.append(Piece(file, begin, stream.tell()))
                begin = stream.tell()
    return found


def _piece(piece: Piece) -> Iterator[bytes]:
    with open(piece.file, "rb", buffering=0) as stream:
        stream.seek(piece.begin)
        left = piece.end - piece.begin
        while left > 0 and (chunk := stream.read(min(CHUNK, left))):
            left -= len(chunk)
            yield chunk


def _kind(file: str) -> str:
    ending = os.path.splitext(file)[1]
    return ending if ending in _DECOMPRESSORS else ""


def _opened(stream: BinaryIO, kind: str) -> Iterator[bytes]:
    size = CHUNK // 4 if kind else CHUNK
    data = iter(lambda: stream.read(size), b"")
    return _decompressed(data, _DECOMPRESSORS[kind]) if kind else data


def _decompressed(data: Iterator[bytes], make: Callable[[], Decompressor]) -> Iterator[bytes]:
    """What `data` holds: one compressed stream, or several after each other."""
    stream = make()
    begun = False
    try:
        for chunk in data:
            rest = chunk
            while rest:
                begun = True
                yield stream.decompress(rest)
                rest = stream.unused_data if stream.eof else b""
                if stream.eof:
                    stream, begun = make(), False
    except Exception as error:  # each library has an error class of its own
        raise Unreadable(f"is damaged from here on: {error}") from None
    if begun:
        raise Unreadable("ends early: it was compressed and cut short")


def _gz() -> Decompressor:
    return zlib.decompressobj(16 + zlib.MAX_WBITS)


def _zst() -> Decompressor:
    try:
        from compression.zstd import ZstdDecompressor  # Python 3.14 and later
    except ImportError:
        pass
    else:
        stream: Decompressor = ZstdDecompressor()
        return stream
    try:
        from zstandard import ZstdDecompressor as Zstandard
    except ImportError:
        raise Unreadable("is compressed with zstd; install zstandard to read it") from None
    return Zstandard().decompressobj()


_DECOMPRESSORS: dict[str, Callable[[], Decompressor]] = {
    ".gz": _gz,
    ".zst": _zst,
    ".xz": lzma.LZMADecompressor,
    ".bz2": bz2.BZ2Decompressor,
}
