# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The Debian package, and a copy of this machine to install it in."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from install.machines import REPOSITORY, Machine, make


@pytest.fixture(scope="session", autouse=True)
def _as_root() -> None:
    """Packages are installed by root."""
    if os.geteuid() != 0:
        raise RuntimeError("the tests of the installation need root")


@pytest.fixture(scope="session")
def deb() -> Path:
    """The package, made anew; lintian has nothing to say about it."""
    return REPOSITORY / make("deb").split()[-1]


@pytest.fixture(scope="module")
def bare() -> Iterator[Machine]:
    """A copy of this machine without a gate."""
    machine = Machine()
    machine.run("rm -rf /etc/rsyncgate /var/log/rsyncgate /usr/local/bin/rsyncgate")
    machine.run("dpkg --purge --force-all rsyncgate")
    machine.run("rm -f /var/lib/man-db/auto-update")  # seconds for an index that nobody reads
    yield machine
    machine.stop()


@pytest.fixture(scope="module")
def machine(bare: Machine, deb: Path) -> Machine:
    """A copy of this machine with the package installed."""
    bare.run(f"dpkg -i {deb}")
    return bare


@pytest.fixture
def keypair(tmp_path: Path) -> Path:
    """A client's private key, its public one beside it."""
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    return key
