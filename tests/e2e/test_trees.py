# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The comparison that the other tests stand on."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from e2e.trees import AWKWARD, snapshot


def _relink(root: Path) -> None:
    (root / "links/second").unlink()
    shutil.copy2(root / "links/first", root / "links/second")


def _retarget(root: Path) -> None:
    (root / "links/inside").unlink()
    (root / "links/inside").symlink_to("elsewhere")


def _rewrite(root: Path) -> None:
    file = root / "sizes/700.bin"
    before = file.stat()
    file.write_bytes(bytes(700))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize(
    "change",
    [
        _rewrite,
        _relink,
        _retarget,
        lambda root: (root / "sizes/0.bin").unlink(),
        lambda root: (root / "empty").rmdir(),
        lambda root: (root / "modes/644").chmod(0o645),
        lambda root: os.utime(root / "nested", (0, 0)),
        lambda root: os.removexattr(root / "modes/755", "user.origin"),
        lambda root: os.removexattr(root / "modes/acl", "system.posix_acl_access"),
        lambda root: (root / "awkward" / AWKWARD["newline"]).rename(root / "awkward" / "one two"),
    ],
)
def test_a_snapshot_tells_trees_apart(
    tree: Path, tmp_path: Path, change: Callable[[Path], object]
) -> None:
    """Two trees that differ in any one thing have different snapshots, equal ones the same."""
    copy = tmp_path / "copy"
    subprocess.run(["cp", "-a", tree, copy], check=True)
    assert snapshot(copy) == snapshot(tree)
    change(copy)
    assert snapshot(copy) != snapshot(tree)
