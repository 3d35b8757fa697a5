# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import tempfile


def replace(path: str, text: str, mode: int = 0o600, owner: tuple[int, int] | None = None) -> None:
    """Puts a file with `text` in the place of `path`; who reads it sees the old or the new one.

    A symlink stays one. `owner` is (uid, gid), by default the running account's. Bytes that are no
    UTF-8 come back as they were. Raises OSError; then what stood there still does.
    """
    directory, name = os.path.split(os.path.realpath(path))
    fd, draft = tempfile.mkstemp(prefix=f".{name}.", dir=directory or ".")
    try:
        with open(fd, "w", encoding="utf-8", errors="surrogateescape") as stream:
            stream.write(text)
            stream.flush()
            if owner:
                os.fchown(fd, *owner)
            os.fchmod(fd, mode)
            os.fsync(fd)
        os.replace(draft, os.path.join(directory, name))
    except BaseException:
        os.unlink(draft)
        raise
