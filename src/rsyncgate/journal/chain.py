# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
r"""The chain: every record begins with the hash of the line before it.

A journal's head is where the chain ends. It stands in a file of its own beside the journal, which
rotation leaves alone, so that the last line of a rotated file opens the next. Its two lines have a
fixed length and are written in place, which a full disk allows:

    SHA-256 of the last line, without its newline; the journal's size after it; its number
    how often the journal could not be written

The first line is written under the journal's lock, after the journal itself. A gate that dies
between the two leaves a head that lags: then the journal's last line is hashed again.
"""

from __future__ import annotations

import posix

from rsyncgate.digest import digest

HEAD = ".head"
"""What the name of a journal's head ends with."""

LENGTH = 107
_OPENING = b'{"prev": "'
_NUMBER = b'", "seq": '
_WINDOW = 65536


class Head:
    """Where a journal ends: `hash` and `seq` of its last line, and its `size` in bytes after it."""

    __slots__ = ("hash", "seq", "size")

    def __init__(self, digest: str, size: int, seq: int) -> None:
        self.hash = digest
        self.size = size
        self.seq = seq


START = Head("", 0, 0)
"""The head of a journal that was never written to."""


def linked(line: bytes, head: Head) -> bytes:
    """`line`, a record's JSON object, as it stands in the journal after `head`."""
    return b"%s%s%s%d, %s" % (_OPENING, head.hash.encode(), _NUMBER, head.seq + 1, line[1:])


def links(line: bytes) -> tuple[str, int] | None:
    """The hash that `line` names and its number, even if it is cut short; None without them."""
    begin = len(_OPENING)
    end = line.find(b'"', begin)
    if not line.startswith(_OPENING) or not line.startswith(_NUMBER, end):
        return None
    before = line[begin:end]
    number = line[end + len(_NUMBER) : end + len(_NUMBER) + 20].partition(b",")[0]
    if not number.isdigit() or (before and not (len(before) == 64 and before.isalnum())):
        return None
    return before.decode("ascii"), int(number)


def read_head(fd: int) -> Head | None:
    """The head that the file `fd` holds, or None where it holds none."""
    return parse_head(posix.pread(fd, LENGTH, 0))


def parse_head(text: bytes) -> Head | None:
    """The head that stands in the first line of `text`, or None."""
    words = text[:LENGTH].split()
    if len(text) < LENGTH or len(words) != 3 or not all(word.isalnum() for word in words):
        return None
    if len(words[0]) != 64 or not (words[1].isdigit() and words[2].isdigit()):
        return None
    return Head(words[0].decode("ascii"), int(words[1]), int(words[2]))


def write_head(fd: int, head: Head) -> None:
    """Notes `head` in the file `fd`, in place."""
    text = b"%s %020d %020d\n" % (head.hash.encode(), head.size, head.seq)
    if posix.pwrite(fd, text, 0) != len(text):
        raise OSError(0, "the disk is full")


def failures(text: bytes) -> int:
    """How often the journal could not be written, by the whole `text` of its head."""
    count = text[LENGTH:].strip()
    return int(count) if count.isdigit() else 0


def count_failure(path: str) -> None:
    """Counts that the journal at `path` could not be written, as far as its head can be."""
    try:
        fd = posix.open(path + HEAD, posix.O_RDWR | posix.O_NOFOLLOW | posix.O_NONBLOCK)
    except OSError:
        return
    try:
        count = failures(posix.pread(fd, 2 * LENGTH, 0)) + 1
        posix.pwrite(fd, b"%020d\n" % count, LENGTH)
    except OSError:
        pass
    finally:
        posix.close(fd)


def end_of(fd: int, size: int, noted: Head | None) -> Head:
    """The head of the journal open as `fd`, `size` bytes long, whose head was last `noted`.

    Where the note fits, or the journal is shorter than it says (rotated, or cut by someone), the
    note is believed: what was taken away stays missed. Where the journal is longer, its last line
    counts, be it whole or cut short by a crash.
    """
    if noted is not None and noted.size >= size:
        return noted
    if size == 0:
        return noted or START
    line = _last_line(fd, size)
    link = links(line)
    return Head(digest(line), size, link[1] if link else (noted.seq if noted else 0) + 1)


def _last_line(fd: int, size: int) -> bytes:
    """The last line of the file, without its newline if it has one."""
    end = size - 1 if posix.pread(fd, 1, size - 1) == b"\n" else size
    window = _WINDOW
    while True:
        begin = max(0, end - window)
        text = posix.pread(fd, end - begin, begin)
        cut = text.rfind(b"\n")
        if cut >= 0 or begin == 0:
            return text[cut + 1 :]
        window *= 4
