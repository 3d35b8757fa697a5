"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import tempfile


def replace(path: str, text: str, mode: int = 0o600) -> None:
    """Puts a file with `text` in the place of `path`; who reads it sees the old or the new one.

    Raises OSError; then what stood there still does.
    """
    directory, name = os.path.split(path)
    fd, draft = tempfile.mkstemp(prefix=f".{name}.", dir=directory or ".")
    try:
        with open(fd, "w", encoding="utf-8", errors="backslashreplace") as stream:
            stream.write(text)
            stream.flush()
            os.fchmod(fd, mode)
            os.fsync(fd)
        os.replace(draft, path)
    except BaseException:
        os.unlink(draft)
        raise
