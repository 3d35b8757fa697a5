# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""`rsyncgate options`: the table, for people."""

from __future__ import annotations

import pytest

from rsyncgate.__main__ import main
from rsyncgate.rsync.options import EFFECTS
from unit.options import OPTIONS


def test_table(capsys: pytest.CaptureFixture[str]) -> None:
    """Every option stands under what it can do, with all its spellings and its argument."""
    assert main(["options"]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    for effect, group in zip(EFFECTS, printed.out.split("\n\n"), strict=True):
        head, *rows = group.strip("\n").split("\n")
        assert head == f"{effect}: {EFFECTS[effect]}"
        options = [option for option in OPTIONS if option.effect == effect]
        for option, row in zip(options, rows, strict=True):
            spelt, _, does = row.strip().partition("  ")
            assert does.strip() == option.does
            assert spelt.startswith(", ".join(option.names))
            assert spelt.removeprefix(", ".join(option.names)).strip("=") == option.takes
