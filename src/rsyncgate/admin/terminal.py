"""What standard output can show."""

from __future__ import annotations

import os
import sys


def terminal() -> tuple[bool, int | None]:
    """Whether stdout takes colors, and how wide it is; None for what is no terminal."""
    if not sys.stdout.isatty():
        return False, None
    colors = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return colors, os.get_terminal_size().columns
