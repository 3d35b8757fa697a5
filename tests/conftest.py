# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""What all tests leave behind: nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from rsyncgate import cache


@pytest.fixture(scope="session", autouse=True)
def _cache() -> Iterator[None]:
    """What the tests' gates kept in the machine's own cache goes with them."""
    kept = set(entries())
    yield
    for name in entries():
        if name not in kept:
            os.unlink(os.path.join(cache.DIRECTORY, name))


def entries() -> list[str]:
    """The names in the machine's cache."""
    try:
        return os.listdir(cache.DIRECTORY)
    except FileNotFoundError:
        return []
