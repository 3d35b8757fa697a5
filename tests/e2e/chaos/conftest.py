# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Confined in full, on file systems and with signals that only root may use."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from e2e.chaos.sessions import Place
from e2e.sites import Site


@pytest.fixture(scope="session", autouse=True)
def _as_root() -> None:
    """The gate is root's, and so is what goes wrong around it."""
    if os.geteuid() != 0:
        raise RuntimeError("the tests of chaos need root")


@pytest.fixture
def ground(site: Site) -> Iterator[Place]:
    """A directory that nas01 may read, one session at a time."""
    ground = Place(site)
    yield ground
    for session in ground.sessions:  # those that a test left as it failed
        session.process.kill()
        session.process.wait()
