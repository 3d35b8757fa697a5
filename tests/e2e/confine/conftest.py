# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The confinement needs root; these tests too, for only root can be confined in full."""

from __future__ import annotations

import os

import pytest

from e2e.confine.worlds import World
from e2e.sites import Site


@pytest.fixture(scope="session", autouse=True)
def _as_root() -> None:
    """Nothing here means anything under another uid."""
    if os.geteuid() != 0:
        raise RuntimeError("the tests of the confinement need root")


@pytest.fixture
def world(site: Site) -> World:
    """A root and canaries around it, with a rule that lets nas01 follow symlinks."""
    return World(site)
