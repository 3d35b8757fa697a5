# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""What is kept between sessions: never wrong, and never missed where it cannot be had."""

from __future__ import annotations

import os
import posix
import resource
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rsyncgate import cache
from rsyncgate.digest import digest
from rsyncgate.policy.load import client, settings
from unit.conftest import Configuration

NAME = "/etc/some where/100%.toml"
VALUE = {"paths": ("/srv", "/caf\udce9"), "options": None, "n": [1, 2.5, True, -(2**70)]}

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own, to which every file has long been settled."""
    monkeypatch.setattr(cache, "DIRECTORY", str(tmp_path / "cache"))
    monkeypatch.setattr(cache, "SETTLED", -60.0)
    return tmp_path / "cache"


@pytest.fixture
def source(tmp_path: Path) -> str:
    """A file that the value comes from."""
    (tmp_path / "source").write_text("as it was")
    return str(tmp_path / "source")


def keep(source: str, value: Any = VALUE) -> None:
    """Keeps `value` of `source`."""
    cache.keep(NAME, (source,), cache.state_of(source), value)


def recalled(source: str) -> Any:
    """What is known of `source` as it is now."""
    return cache.recall(NAME, cache.state_of(source))


def kept(directory: Path) -> Path:
    """The one file in the cache."""
    (file,) = directory.iterdir()
    return file


@given(VALUES)
def test_a_value_comes_back_as_it_was(value: Any) -> None:
    """What was kept is recalled, types and all."""
    keep("/etc/passwd", value)
    found = recalled("/etc/passwd")
    assert (found, repr(found)) == (value, repr(value))


@given(st.data())
@example(None)
def test_damage(data: st.DataObject | None) -> None:
    """Any truncation, any change of any byte, anything added: then there is no value."""
    keep("/etc/passwd")
    file = kept(Path(cache.DIRECTORY))
    whole = file.read_bytes()
    if data is None:
        damaged = b""
    elif data.draw(st.booleans()):
        damaged = whole[: data.draw(st.integers(0, len(whole) - 1))]
    elif data.draw(st.booleans()):
        damaged = whole + data.draw(st.binary(min_size=1))
    else:
        at = data.draw(st.integers(0, len(whole) - 1))
        flips = data.draw(st.integers(1, 255))
        damaged = whole[:at] + bytes([whole[at] ^ flips]) + whole[at + 1 :]
    file.write_bytes(damaged)
    assert recalled("/etc/passwd") is None
    keep("/etc/passwd")
    assert recalled("/etc/passwd") == VALUE


@given(st.binary())
def test_anything(content: bytes) -> None:
    """Whatever lies in the cache's place is no value, even with the digest that belongs to it."""
    keep("/etc/passwd")
    file = kept(Path(cache.DIRECTORY))
    file.write_bytes(content)
    assert recalled("/etc/passwd") is None
    file.write_bytes(digest(content).encode() + content)
    assert recalled("/etc/passwd") is None


def change_owner(path: Path) -> None:
    """Gives it to somebody else."""
    os.chown(path, 65534, 65534)


def open_to_group(path: Path) -> None:
    """Lets a group write to it."""
    path.chmod(path.stat().st_mode | 0o020)


def open_to_all(path: Path) -> None:
    """Lets everybody write to it."""
    path.chmod(path.stat().st_mode | 0o002)


@pytest.mark.parametrize("spoil", [change_owner, open_to_group, open_to_all])
@pytest.mark.parametrize("which", ["file", "directory"])
def test_what_others_can_write(
    directory: Path, source: str, spoil: Callable[[Path], None], which: str
) -> None:
    """A value that others could have written is none; a new one takes its place, if it can."""
    keep(source)
    spoil(kept(directory) if which == "file" else directory)
    assert recalled(source) is None
    keep(source)
    assert recalled(source) == (VALUE if which == "file" else None)


@pytest.mark.parametrize("kind", ["symlink", "fifo", "directory"])
def test_something_else_in_its_place(directory: Path, source: str, kind: str) -> None:
    """What is no file is no value, is not followed, and is not waited for."""
    keep(source)
    file = kept(directory)
    elsewhere = file.rename(directory.parent / "elsewhere")
    if kind == "symlink":
        file.symlink_to(elsewhere)
    elif kind == "fifo":
        os.mkfifo(file, 0o600)
    else:
        file.mkdir(0o700)
    assert recalled(source) is None
    keep(source)
    assert recalled(source) == (None if kind == "directory" else VALUE)


def touch(source: Path) -> None:
    """Changes nothing but its times."""
    os.utime(source)


def edit_and_hide_it(source: Path) -> None:
    """Writes as much into the same file and sets its time back: the change time stays."""
    found = source.stat()
    source.write_text("as it Was")
    os.utime(source, ns=(found.st_atime_ns, found.st_mtime_ns))
    assert source.stat().st_mtime_ns == found.st_mtime_ns


def replace(source: Path) -> None:
    """Puts another file there, with the same content and times."""
    found = source.stat()
    other = source.with_name("other")
    other.write_text("as it was")
    os.utime(other, ns=(found.st_atime_ns, found.st_mtime_ns))
    other.rename(source)


CHANGES: list[Callable[[Path], Any]] = [
    touch, edit_and_hide_it, replace, change_owner, open_to_group, Path.unlink,
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_a_source_that_changed(source: str, change: Callable[[Path], None]) -> None:
    """Whatever is done to a source, what was kept before is not believed."""
    keep(source)
    time.sleep(0.01)  # two ticks of the clock by which the kernel stamps files
    change(Path(source))
    assert recalled(source) is None


def test_a_source_that_changed_as_it_was_read(source: str) -> None:
    """A value that was read from what is no more there is not kept."""
    state = cache.state_of(source)
    time.sleep(0.01)
    Path(source).write_text("changed")
    cache.keep(NAME, (source,), state, VALUE)
    assert recalled(source) is None
    assert cache.recall(NAME, state) is None


def test_a_new_version(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What another version kept is not believed."""
    keep(source)
    monkeypatch.setattr(cache, "__version__", "0.0")
    assert recalled(source) is None


@pytest.mark.parametrize(
    ("since", "is_kept"), [(-3600, False), (0, False), (1.9, False), (3, True)]
)
def test_a_source_must_be_settled(
    source: str, monkeypatch: pytest.MonkeyPatch, since: float, is_kept: bool
) -> None:
    """Only what was left alone for two seconds is kept: never what the future has changed."""
    changed = os.stat(source).st_ctime
    monkeypatch.setattr(cache, "SETTLED", 2.0)
    monkeypatch.setattr(time, "time", lambda: changed + since)
    keep(source)
    assert (recalled(source) == VALUE) == is_kept


def test_an_edited_policy_counts_at_once(config: Configuration) -> None:
    """A policy that was kept and then edited in place, as long as before, is read anew."""
    config.client("nas01", '[[allow]]\npaths = ["/srv/a"]\n')
    policy = Path(config.path, "clients", "nas01.toml")
    for directory in "aba":
        time.sleep(0.01)
        found = policy.stat()
        policy.write_text(f'[[allow]]\npaths = ["/srv/{directory}"]\n')
        os.utime(policy, ns=(found.st_atime_ns, found.st_mtime_ns))
        for _ in range(2):  # as it was read, and as it was kept
            read, mistakes = client(config.path, "nas01", "/usr/bin/rsync")
            assert (read.roots(), mistakes) == ((f"/srv/{directory}",), [])


@pytest.mark.parametrize("folder", [".", "clients"])
def test_a_directory_that_others_can_write_since(config: Configuration, folder: str) -> None:
    """What was kept is not believed once others could put another file in its source's place."""
    config.client("nas01", '[[allow]]\npaths = ["/srv"]\n')
    for mode, mistakes in ((0o755, 0), (0o755, 0), (0o777, 1)):
        os.chmod(Path(config.path, folder), mode)
        found = settings(config.path)[1] + client(config.path, "nas01", "/usr/bin/rsync")[1]
        assert len(found) == mistakes


def test_nothing_is_kept_where_others_can_write(directory: Path, source: str) -> None:
    """Where others can write nothing is written: what lies there may be a name of another file."""
    directory.mkdir()
    directory.chmod(0o777)
    keep(source)
    assert list(directory.iterdir()) == []


def test_a_mistake_is_not_forgotten(config: Configuration) -> None:
    """A mistake is one however often its file was read before."""
    for file in ("gate.toml", "clients/nas01.toml"):
        config.write(file, "secret = 1\n")
    for _ in range(2):
        assert settings(config.path)[1]
        assert client(config.path, "nas01", "/usr/bin/rsync")[1]


def test_another_rsync(config: Configuration) -> None:
    """A client may name the rsync that is configured now, not one that was when it was kept."""
    config.client("nas01", "")
    for rsync in ("/usr/bin/rsync", "/usr/bin/rsync", "/opt/rsync"):
        assert client(config.path, "nas01", rsync)[0].programs == (("rsync",), (rsync,))


def in_a_child(work: Callable[[], object]) -> int:
    """How a process ends that does `work`."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("room", [0, 10, 100])
def test_no_room(directory: Path, source: str, room: int) -> None:
    """A value that cannot be written whole is not kept, and nothing of it is left."""
    directory.mkdir(0o700)

    def work() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
        keep(source)

    assert in_a_child(work) == 0
    assert recalled(source) is None
    assert list(directory.iterdir()) == []


@pytest.mark.parametrize("act", ["write", "close", "rename"])
def test_killed_as_it_keeps(
    directory: Path, source: str, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    """A gate that is killed as it keeps a value leaves nothing that stays when the next does."""
    die: Callable[..., None] = lambda *_: os.kill(os.getpid(), signal.SIGKILL)  # noqa: E731

    def work() -> None:
        directory.mkdir(0o700)
        monkeypatch.setattr(posix, act, die)
        keep(source)

    assert in_a_child(work) == -signal.SIGKILL
    assert recalled(source) is None
    keep(source)
    assert recalled(source) == VALUE
    assert len(list(directory.iterdir())) == 1
