# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Where a path leads, component by component."""

from __future__ import annotations

import os
import resource
import stat
import string
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rsyncgate.session.places import MAX_LINKS, find, listing, mode_of, realpath


@pytest.fixture(scope="module")
def forest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Directories with symlinks of every kind between them."""
    root = tmp_path_factory.mktemp("forest").resolve()
    for path in ("a/b/c", "d/e"):
        (root / path).mkdir(parents=True)
    (root / "a/file").write_text("content")
    for where, target in {
        "a/up": "..",
        "a/here": ".",
        "a/b/way": "../../d",
        "d/absolute": str(root / "a/b"),
        "d/slashes": "..//a/./b//",
        "d/e/twice": "../slashes/c",
        "d/root": "/",
        "a/dangling": "nowhere/x",
        "a/loop": "loop",
        "d/one": "other",
        "d/other": "one",
        "a/b/through-file": "../file/x",
    }.items():
        (root / where).symlink_to(target)
    return root


NAMES = ["a", "b", "c", "d", "e", "up", "here", "way", "absolute", "slashes", "twice", "dangling",
         "file", "loop", "one", "through-file", "none", ".", "..", ""]  # fmt: skip


@settings(max_examples=1000)
@given(st.lists(st.sampled_from(NAMES), max_size=7))
def test_as_the_kernel_has_it(forest: Path, names: list[str]) -> None:
    """A path leads where the kernel says, and to nothing where the kernel finds nothing."""
    path = "/".join([str(forest), *names])
    place = find(path)
    if os.path.exists(path):
        assert place.fd is not None
        assert os.path.samestat(os.fstat(place.fd), os.stat(path))
        assert place.real == os.path.realpath(path)
    elif place.fd is not None:  # the kernel goes no further from a file, not even by "." or ".."
        ways = ["/".join([str(forest), *names[:n]]) for n in range(1, len(names))]
        assert any(os.path.isfile(way) for way in ways)
    for where, target, uid in place.links:
        assert (os.readlink(where), os.lstat(where).st_uid) == (target, uid)
        assert os.path.realpath(os.path.dirname(where)) == os.path.dirname(where)
    place.close()
    assert place.fd is None


@settings(max_examples=1000)
@given(st.lists(st.sampled_from(NAMES), max_size=7))
def test_realpath(forest: Path, names: list[str]) -> None:
    """Where a path leads is what os.path says, also where nothing is; but for loops."""
    path = "/".join([str(forest), *names])
    if not {"loop", "one", "dangling", "through-file"} & {*names}:
        assert realpath(path) == os.path.realpath(path)


def test_links_in_their_order(forest: Path) -> None:
    """The symlinks on the way are told with where they are and what they say, each in its turn."""
    place = find(f"{forest}/a/b/way/e/twice")
    place.close()
    assert [(where.removeprefix(str(forest)), target) for where, target, _ in place.links] == [
        ("/a/b/way", "../../d"),
        ("/d/e/twice", "../slashes/c"),
        ("/d/slashes", "..//a/./b//"),
    ]
    assert place.real == f"{forest}/a/b/c"


@pytest.mark.parametrize("path", ["a/loop", "d/one", "d/one/x", "x" * 300, "a/file/x", "none/x"])
def test_nothing(forest: Path, path: str) -> None:
    """Loops, names too long and files on the way lead to nothing, and are no error."""
    assert find(f"{forest}/{path}").fd is None


def test_what_may_not_be_looked_at(tmp_path: Path) -> None:
    """A directory that the running user may not enter is an error; realpath() goes no further."""
    tmp_path.chmod(0o700)
    os.seteuid(65534)
    try:
        with pytest.raises(PermissionError):
            find(f"{tmp_path}/file")
        assert realpath(f"{tmp_path}/file") == f"{tmp_path}/file"
    finally:
        os.seteuid(0)


def test_as_many_links_as_the_kernel(tmp_path: Path) -> None:
    """A path may pass as many symlinks as the kernel follows, and not one more."""
    (tmp_path / "0").mkdir()
    for n in range(1, MAX_LINKS + 2):
        (tmp_path / str(n)).symlink_to(str(n - 1))
    place = find(f"{tmp_path}/{MAX_LINKS}")
    assert place.fd is not None
    place.close()
    assert os.path.isdir(tmp_path / str(MAX_LINKS))
    assert find(f"{tmp_path}/{MAX_LINKS + 1}").fd is None
    assert not os.path.isdir(tmp_path / str(MAX_LINKS + 1))


def test_above_the_root() -> None:
    """`..` above / is /."""
    place = find("/../../etc/..")
    assert place.real == "/"
    place.close()


def test_nothing_stays_open(forest: Path) -> None:
    """However a search ends, it leaves no descriptor but the place's own."""
    before = len(os.listdir("/proc/self/fd"))
    for path in ("a/b/way/e/twice", "a/loop", "none", "d/absolute/../x", "d/root/etc", "a/file/x"):
        place = find(f"{forest}/{path}")
        assert len(os.listdir("/proc/self/fd")) == before + (place.fd is not None)
        place.close()
        mode_of(f"{forest}/{path}")
        listing(f"{forest}/{path}")
        assert len(os.listdir("/proc/self/fd")) == before


def test_a_place_stays_what_it_was(tmp_path: Path) -> None:
    """A place is the thing that was found, whatever bears its name later."""
    (tmp_path / "old").write_text("old")
    place = find(f"{tmp_path}/old")
    (tmp_path / "old").rename(tmp_path / "moved")
    (tmp_path / "old").write_text("a new one")
    assert place.fd is not None
    assert os.fstat(place.fd).st_size == 3
    place.close()


def test_listing_and_mode(forest: Path) -> None:
    """A directory that was resolved is listed; what a name in it is can be asked."""
    assert sorted(listing(f"{forest}/a/b")) == ["c", "through-file", "way"]
    assert listing(f"{forest}/a/file") == []
    assert listing(f"{forest}/none") == []
    assert stat.S_ISDIR(mode_of(f"{forest}/a/b"))
    assert stat.S_ISREG(mode_of(f"{forest}/a/file"))
    assert stat.S_ISLNK(mode_of(f"{forest}/a/loop"))
    assert mode_of(f"{forest}/none") == mode_of(f"{forest}/a/file/x") == 0
    assert stat.S_ISDIR(mode_of("/"))


@pytest.mark.parametrize("swapped", ["one", "one/two"])
def test_a_symlink_that_came_between(tmp_path: Path, swapped: str) -> None:
    """Where a component has become a symlink since, nothing behind it is listed or looked at."""
    (tmp_path / "one/two").mkdir(parents=True)
    (tmp_path / "secret/two").mkdir(parents=True)
    (tmp_path / "secret/two/name").touch()
    real = f"{tmp_path}/one/two"
    (tmp_path / "one/two/name").touch()
    assert (listing(real), bool(mode_of(f"{real}/name"))) == (["name"], True)
    (tmp_path / swapped).rename(tmp_path / "away")
    (tmp_path / swapped).symlink_to(tmp_path / "secret" / swapped.partition("/")[2])
    assert os.listdir(real) == ["name"]
    assert (listing(real), mode_of(f"{real}/name")) == ([], 0)


@given(st.text(string.ascii_letters + "é\udcff ", min_size=1, max_size=20))
def test_any_name(forest: Path, name: str) -> None:
    """Any bytes can be a name, and are found as what they are."""
    (forest / "d/e" / name).mkdir(exist_ok=True)
    place = find(f"{forest}/d/e/{name}")
    assert place.fd is not None
    place.close()
    assert place.real == f"{forest}/d/e/{name}"
    assert name in listing(f"{forest}/d/e")


@contextmanager
def at_most(count: int) -> Iterator[None]:
    """Lets this process have no descriptor from `count` on."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_deeper_than_there_may_be_files_open(tmp_path: Path) -> None:
    """A path of more components than there may be descriptors leads where it leads."""
    (tmp_path / "outside").mkdir()
    deep = tmp_path / "inside" / "/".join(["d"] * 60)
    deep.mkdir(parents=True)
    (deep / "way").symlink_to(tmp_path / "outside")
    (deep / "back").symlink_to("../" * 61 + "outside")
    with at_most(len(os.listdir("/proc/self/fd")) + 30):
        led = [realpath(f"{deep}/{name}/x") for name in ("way", "back")]
    assert led == [f"{tmp_path}/outside/x"] * 2


def test_a_shortage_says_nothing_of_a_path(tmp_path: Path) -> None:
    """Where no file can be opened, a path does not pass for one without symlinks."""
    (tmp_path / "way").symlink_to("elsewhere")
    free = os.open("/", os.O_PATH)
    os.close(free)
    with at_most(free + 1), pytest.raises(OSError, match="open files"):  # one more, for / itself
        realpath(f"{tmp_path}/way")
