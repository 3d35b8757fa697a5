# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Linux calls that Python does not have: what depends on their being made right."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rsyncgate.session import kernel


def test_open_real(tmp_path: Path) -> None:
    """A path without symlinks is opened, a directory or a file."""
    (tmp_path / "file").write_text("")
    for path in (tmp_path, tmp_path / "file"):
        fd = kernel.open_real(str(path.resolve()))
        assert os.path.samestat(os.fstat(fd), path.stat())
        assert not os.get_inheritable(fd)
        os.close(fd)


@pytest.mark.parametrize("path", ["link", "link/file", "below/up/file", "none"])
def test_open_real_refuses(tmp_path: Path, path: str) -> None:
    """A symlink anywhere on the way, put there since the path was found, leads nowhere."""
    (tmp_path / "directory").mkdir()
    (tmp_path / "directory" / "file").write_text("")
    (tmp_path / "below").mkdir()
    (tmp_path / "link").symlink_to("directory")
    (tmp_path / "below" / "up").symlink_to("../directory")
    with pytest.raises(OSError, match=r"symbolic links|No such file"):
        kernel.open_real(f"{tmp_path.resolve()}/{path}")
