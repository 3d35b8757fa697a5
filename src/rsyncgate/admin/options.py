# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The table of options, printed for people."""

from __future__ import annotations

from rsyncgate.rsync.options import EFFECTS, Option, all_options


def table() -> str:
    """Every option, grouped by what it can do to a sender, the most harmless first."""
    return "\n\n".join(_group(effect, means) for effect, means in EFFECTS.items())


def _group(effect: str, means: str) -> str:
    rows = [option for option in all_options() if option.effect == effect]
    width = max(len(spelt(option)) for option in rows)
    return "\n".join(
        [f"{effect}: {means}", *(f"  {spelt(row):{width}}  {row.does}" for row in rows)]
    )


def spelt(option: Option) -> str:
    """All spellings of `option`, with its argument as a manual shows it."""
    value = option.takes and ("=" if option.name.startswith("--") else "") + option.takes
    return ", ".join(option.names) + value
