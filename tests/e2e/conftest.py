# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Real parts: one sshd and one tree for all tests, a fresh installation of the gate for each."""

from __future__ import annotations

import os
import pwd
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.servers import Server
from e2e.sites import Site
from e2e.trees import build


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The directory of all that these tests make; nothing of it stays."""
    directory = tmp_path_factory.mktemp("e2e")
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(scope="session")
def server(place: Path) -> Iterator[Server]:
    """The sshd; when it has ended, no process of any test is left."""
    directory = place / "sshd"
    directory.mkdir()
    server = Server(directory)
    yield server
    settled = server.settled()
    server.stop()
    assert settled


@pytest.fixture(scope="session")
def tree(place: Path) -> Path:
    """The tree that the clients pull. No test changes it."""
    root = place / "tree"
    root.mkdir()
    build(root)
    return root


@pytest.fixture
def site(server: Server, tree: Path, place: Path) -> Iterator[Site]:
    """An installation where nas01 may read the tree, with every option that harms no sender."""
    directory = Path(tempfile.mkdtemp(prefix="site-", dir=place))
    site = Site(server, directory)
    site.allow(tree)
    yield site
    if site.journal_file.is_file() and site.journal_file.stat().st_size:
        site.journal()  # the records that no test looked at fulfil the schema too
    shutil.rmtree(directory)


@pytest.fixture(scope="module")
def line(server: Server, tree: Path, place: Path) -> Iterator[Site]:
    """A site whose connection the tests of a module share, for many commands in a row."""
    directory = Path(tempfile.mkdtemp(prefix="line-", dir=place))
    site = Site(server, directory)
    master = ["-o", "ControlMaster=auto", "-o", f"ControlPath={directory}/socket"]
    site.connection = [*master, "-o", "ControlPersist=yes"]
    site.allow(tree)
    yield site
    site.run("ssh", "-F", server.ssh_config, *master, "-O", "exit", "server")
    assert server.settled()
    shutil.rmtree(directory)


@pytest.fixture
def in_home() -> Iterator[Path]:
    """A directory in the account's real home, with a name that begins with a dash."""
    home = pwd.getpwuid(os.geteuid()).pw_dir
    directory = Path(tempfile.mkdtemp(prefix="-rsyncgate-", dir=home))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory)
