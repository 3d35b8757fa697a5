# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""What standard output can show."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from rsyncgate.refusal import show

if TYPE_CHECKING:
    from typing import TextIO

    from rich.console import Console


def terminal() -> tuple[bool, int | None]:
    """Whether stdout takes colors, and how wide it is; None for what is no terminal."""
    if not sys.stdout.isatty():
        return False, None
    colors = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return colors, os.get_terminal_size().columns


def plain(text: str) -> str:
    """`text` without what a terminal acts on."""
    return "".join(c if c.isprintable() else show(c)[1:-1] for c in text)


def canvas(stream: TextIO, colors: bool, width: int) -> Console:
    """What draws rich's tables into `stream`, and takes no text for markup."""
    from rich.console import Console

    return Console(
        file=stream,
        force_terminal=colors,
        no_color=not colors,
        color_system="standard" if colors else None,
        width=width,
        highlight=False,
        emoji=False,
        markup=False,
    )
