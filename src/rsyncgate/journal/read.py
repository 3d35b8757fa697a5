"""Reads the journal back, line by line, whatever is in it."""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


def records(path: str) -> Iterator[dict[str, Any]]:
    """Every record of the journal at `path`, oldest first; other lines are passed over.

    Raises OSError where the file cannot be read.
    """
    with open(path, encoding="ascii", errors="replace") as stream:
        for text in stream:
            try:
                record = json.loads(text)
            except (ValueError, RecursionError):
                continue
            if isinstance(record, dict):
                yield record
