# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""What the gate has in place of os.path and stat says what they say."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rsyncgate import pathname

PATHS = st.text(st.sampled_from("/a.~\udc80é"), max_size=12)


@given(PATHS, PATHS)
def test_names(path: str, name: str) -> None:
    """Paths are joined and taken apart as os.path does it, whatever is in them."""
    assert pathname.join(path, name) == os.path.join(path, name)
    assert pathname.split(path) == os.path.split(path)
    assert pathname.dirname(path) == os.path.dirname(path)


def test_modes(tmp_path: Path) -> None:
    """The mode of a file is the one that the kernel has, with or without following a symlink."""
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to("file")
    for name in ("", "file", "link"):
        path = str(tmp_path / name)
        assert pathname.mode_at(path) == os.stat(path).st_mode
        assert pathname.mode_at(path, follow=False) == os.lstat(path).st_mode


@pytest.mark.parametrize("path", ["none", "file/below", "dangling", "loop", "n" * 300, "n\0l"])
def test_no_mode(tmp_path: Path, path: str) -> None:
    """Where there is nothing, or can be nothing, there is no mode."""
    (tmp_path / "file").write_text("")
    for name in ("dangling", "loop"):
        (tmp_path / name).symlink_to("none" if name == "dangling" else name)
    assert pathname.mode_at(f"{tmp_path}/{path}") == 0


@given(st.integers(0, 0o177777))
def test_kinds(mode: int) -> None:
    """Directories, symlinks and regular files are told apart as stat does it."""
    assert pathname.is_directory(mode) == stat.S_ISDIR(mode)
    assert pathname.is_link(mode) == stat.S_ISLNK(mode)
    assert pathname.is_file(mode) == stat.S_ISREG(mode)
