"""The files that a journal is spread over, and their bytes, compressed or not."""

from __future__ import annotations

import bz2
import lzma
import os
import re
import sys
import zlib
from typing import TYPE_CHECKING, NamedTuple

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

_COMPRESSED = r"(?:\.(?:gz|zst|xz|bz2))?"
_ROTATED = r"(?:\.(?P<turn>\d+)|-(?P<date>\d{8}(?:[-T.]?\d+)*))"


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
    directory, name = os.path.split(path)
    stem, extension = os.path.splitext(name)
    rotated = re.compile(
        f"{re.escape(name)}{_ROTATED}{_COMPRESSED}"
        f"|{re.escape(stem)}{_ROTATED.replace('turn', 'turn2').replace('date', 'date2')}"
        f"{re.escape(extension)}{_COMPRESSED}"
    )
    found: dict[tuple[int, int, str], str] = {}
    for file in sorted(os.listdir(directory or ".")):
        match = rotated.fullmatch(file)
        if match:
            turn = match["turn"] or match["turn2"]
            date = match["date"] or match["date2"] or ""
            age = (0, 0, date) if date else (1, -int(turn), "")
            found.setdefault(age, os.path.join(directory, file))  # "x" sorts before "x.gz"
    return [*(found[age] for age in sorted(found)), *([path] if os.path.exists(path) else [])]


def journal_of(file: str) -> str:
    """The path of the journal that `file` is, or was before it was rotated."""
    directory, name = os.path.split(file)
    plain = re.sub(r"\.(gz|zst|xz|bz2)$", "", name)
    plain = re.sub(f"{_ROTATED}$", "", plain)
    plain = re.sub(rf"{_ROTATED}(?=\.[a-z]+$)", "", plain)
    return os.path.join(directory, plain)


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
