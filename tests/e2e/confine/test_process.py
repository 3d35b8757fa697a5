# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The process that rsync is: its account, capabilities, environment, limits and number."""

from __future__ import annotations

import os
import pwd
import resource
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.confine.worlds import World, program
from e2e.servers import PATIENCE

DAC_READ_SEARCH = 1 << 2
SYS_ADMIN = 1 << 21
BACKUP = pwd.getpwnam("backup")


class Session:
    """A pull that takes a minute, while it runs: `client`, and the rsync it is served by."""

    def __init__(self, world: World, *options: str) -> None:
        (world.inside / "big").write_bytes(os.urandom(1 << 20))
        (world.inside / "big").chmod(0o600)
        before = len(world.site.journal())
        copy = world.site.here / f"slow{before}"
        self.client = world.site.start(*options, "-rt", f"server:{world.inside}/", copy)
        deadline = time.monotonic() + PATIENCE
        while not any(copy.glob(".big.*")):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        self.record = [r for r in world.site.journal() if r["event"] == "allowed"][-1]
        self.gate = int(self.record["pid"])
        children = Path(f"/proc/{self.gate}/task/{self.gate}/children").read_text().split()
        (self.rsync,) = map(int, children)

    def status(self, pid: int) -> dict[str, str]:
        """/proc/PID/status."""
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}

    def end(self) -> None:
        """The client gives up."""
        self.client.terminate()
        self.client.communicate()


@pytest.fixture
def slow(world: World) -> World:
    """A world where every pull is slow, unless it is of little."""
    world.site.allow(world.inside, more="bwlimit = 20\n")
    return world


@pytest.mark.parametrize("user", ["", "backup"])
@pytest.mark.parametrize("trusted", [False, True])
def test_privileges(slow: World, user: str, trusted: bool) -> None:
    """Of root's powers rsync keeps the one to read, under its own account or another's."""
    more = f'bwlimit = 20\nuser = "{user}"\n' if user else "bwlimit = 20\n"
    slow.site.allow(slow.inside, more=more + f"trusted_xattrs = {str(trusted).lower()}\n")
    session = Session(slow)
    status = session.status(session.rsync)
    uid = BACKUP.pw_uid if user else 0
    left = DAC_READ_SEARCH | (SYS_ADMIN if trusted else 0)
    assert status["Uid"].split() == [str(uid)] * 4
    assert status["Gid"].split() == [str(BACKUP.pw_gid if user else 0)] * 4
    if user:
        assert set(status["Groups"].split()) == set(map(str, os.getgrouplist(user, BACKUP.pw_gid)))
    for kind in ("CapEff", "CapPrm", "CapBnd"):
        assert int(status[kind], 16) == left, kind
    assert int(status["CapAmb"], 16) == (left if user else 0)
    assert status["NoNewPrivs"] == "1"
    names = ["CAP_DAC_READ_SEARCH", "CAP_SYS_ADMIN"]
    assert session.record["confinement"]["capabilities"] == names[: 1 + trusted]
    assert session.record["confinement"]["no_new_privs"] is True
    session.end()


def test_root_of_a_container(world: World) -> None:
    """A root that never had that power serves what it may read without."""
    power = "-dac_read_search"
    script = f"#!/bin/sh\nsetpriv --bounding-set={power} --inh-caps={power} {world.gated} $*\n"
    lesser = program(world.site.directory / "lesser", script)
    run = world.site.run("rsync", "-e", lesser, "-rt", f"server:{world.inside}/", world.site.here)
    assert (run.status, (world.site.here / "deep/kept").exists()) == (0, True)
    assert world.site.journal()[0]["confinement"]["capabilities"] == []


def test_privileges_of_others() -> None:
    """Root's other processes, like this one, have more than that: it is the gate that took it."""
    status = Path("/proc/self/status").read_text()
    assert "NoNewPrivs:\t0" in status
    assert f"CapBnd:\t{DAC_READ_SEARCH:016x}" not in status


@pytest.mark.parametrize("whole", [False, True])
def test_mounts(slow: World, whole: bool) -> None:
    """All that is mounted for rsync is read-only, to the last one below, and holds no powers."""
    place = slow.inside / "mounted"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "none", place], check=True)
    slow.site.allow("/" if whole else slow.inside, more="bwlimit = 20\n")
    session = Session(slow, f"--exclude={place.name}")
    lines = Path(f"/proc/{session.rsync}/mountinfo").read_text().splitlines()
    session.end()
    subprocess.run(["umount", place], check=True)
    mounts = {line.split()[4]: set(line.split()[5].split(",")) for line in lines}
    assert str(place) in mounts
    for where, options in mounts.items():
        assert {"ro", "nosuid", "nodev"} <= options, where
        assert whole or not where.startswith(str(slow.inside)) or "noexec" in options


def test_environment_and_limits(slow: World) -> None:
    """Rsync gets two variables, none of the client's; dumps no core; its files would be its own."""
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    sent = " ".join(f"{name}=/none" for name in ("LD_PRELOAD", "RSYNC_RSH", "RSYNC_ICONV", "HOME"))
    session = Session(slow, "-e", f"{slow.site.shell} -o 'SetEnv={sent}'")
    assert b"LD_PRELOAD=/none" in Path(f"/proc/{session.gate}/environ").read_bytes()
    resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))
    environ = Path(f"/proc/{session.rsync}/environ").read_text().split("\0")
    assert sorted(environ) == ["", "LANG=C.UTF-8", "PATH=/usr/bin:/bin"]
    limits = Path(f"/proc/{session.rsync}/limits").read_text()
    assert ["0", "0"] in [line.split()[4:6] for line in limits.splitlines() if "core" in line]
    assert session.status(session.rsync)["Umask"] == "0077"
    session.end()


def test_priority(slow: World) -> None:
    """`nice` and `ionice` set rsync's priority, and no other process's."""
    slow.site.allow(slow.inside, more='bwlimit = 20\nnice = 7\nionice = "idle"\n')
    session = Session(slow)
    assert _nice(session.rsync) == _nice(session.gate) + 7
    assert _ionice(session.rsync) == "idle"
    assert _ionice(session.gate) != "idle"
    session.end()
    slow.site.allow(slow.inside, more='bwlimit = 20\nionice = "best-effort"\n')
    session = Session(slow)
    assert _nice(session.rsync) == _nice(session.gate)
    assert _ionice(session.rsync) == "best-effort: prio 7"
    session.end()


def _nice(pid: int) -> int:
    return os.getpriority(os.PRIO_PROCESS, pid)


def _ionice(pid: int) -> str:
    done = subprocess.run(["ionice", "-p", str(pid)], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_bwlimit_and_timeout(slow: World) -> None:
    """The server's limits are rsync's last word, unless the client asks for less."""
    slow.site.allow(slow.inside, more="bwlimit = 20\ntimeout = 99\n")
    for asked, added in (
        ([], ["--bwlimit=20", "--timeout=99"]),
        (["--bwlimit=5m", "--timeout=500"], ["--bwlimit=20", "--timeout=99"]),
        (["--bwlimit=10", "--timeout=50"], []),
        (["--bwlimit=0", "--timeout=50"], ["--bwlimit=20"]),
    ):
        session = Session(slow, *asked)
        words = Path(f"/proc/{session.rsync}/cmdline").read_text().split("\0")
        end = words.index("--")
        assert words[end - len(added) : end] == added
        assert words[:-1] == session.record["argv"]
        session.end()


def test_a_rate_is_kept(slow: World) -> None:
    """A pull through a limit takes as long as the limit says."""
    slow.site.allow(slow.inside, more="bwlimit = 100\n")
    (slow.inside / "file").write_bytes(os.urandom(200_000))
    begun = time.monotonic()
    slow.site.pull("-rt", f"server:{slow.inside}/", slow.site.here)
    assert time.monotonic() - begun > 1


def test_sessions(slow: World) -> None:
    """One session more than may run is told to wait, and one less may come again."""
    slow.site.allow(slow.inside, more="bwlimit = 20\nsessions = 2\n")
    first, second = Session(slow), Session(slow, "--exclude=kept")
    command = f"rsync --server --sender -r . {slow.inside}/deep"
    run = slow.site.ssh(command)
    assert run.status == 75
    assert slow.site.refusal(run)["reason"] == "busy"
    assert "2 sessions" in run.sentence["text"]
    os.kill(second.gate, signal.SIGKILL)  # nobody gives the slot back but the kernel
    second.end()
    _wait_for_end(second.rsync)
    slow.site.pull("-rt", f"server:{slow.inside}/deep", slow.site.here / "third")
    assert slow.site.ssh("true").sentence["code"] == "program"
    first.end()


def test_the_gate_is_killed(slow: World) -> None:
    """Rsync does not outlive a gate that was killed, under root's account or another's."""
    for user in ("", 'user = "backup"\n'):
        slow.site.allow(slow.inside, more=f"bwlimit = 20\n{user}")
        session = Session(slow)
        os.kill(session.gate, signal.SIGKILL)
        _wait_for_end(session.rsync)
        session.end()


def _wait_for_end(pid: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def private(world: World) -> Iterator[World]:
    """A root with files that only root may read, and one for nobody at all."""
    for name, mode in (("of-root", 0o600), ("of-nobody", 0)):
        (world.inside / name).write_text("what may be read")
        (world.inside / name).chmod(mode)
    (world.inside / "deep").chmod(0)
    yield world
    (world.inside / "deep").chmod(0o755)


def test_a_user_reads_everything(private: World) -> None:
    """As another account rsync still reads what only root may."""
    as_backup = ["setpriv", "--reuid=backup", "--regid=backup", "--clear-groups"]
    copied = private.site.run(*as_backup, "cp", "-r", private.inside, "/dev/null")
    assert "Permission denied" in copied.err
    private.site.allow(private.inside, more='user = "backup"\n')
    private.site.pull("-rlpt", f"server:{private.inside}/", private.site.here / "copy")
    for name in ("of-root", "of-nobody", "kept", "deep/deeper/kept"):
        assert (private.site.here / "copy" / name).read_text() == "what may be read"


def test_the_users_of_both_files(private: World) -> None:
    """The account in a client's file counts more than the one in gate.toml."""
    private.site.settings('user = "daemon"\n')
    private.site.allow(private.inside, more="bwlimit = 20\n")
    session = Session(private)
    assert session.status(session.rsync)["Uid"].split()[0] == str(pwd.getpwnam("daemon").pw_uid)
    session.end()
    private.site.allow(private.inside, more='bwlimit = 20\nuser = "backup"\n')
    session = Session(private)
    assert session.status(session.rsync)["Uid"].split()[0] == str(BACKUP.pw_uid)
    session.end()


def test_trusted_attributes(world: World) -> None:
    """-X brings trusted.* attributes where the client's file says so, and nowhere else."""
    os.setxattr(world.inside / "kept", "trusted.origin", b"canary")
    os.setxattr(world.inside / "kept", "user.origin", b"known")
    for more, expected in (("", {"user.origin"}), ("trusted_xattrs = true\n",
                                                   {"user.origin", "trusted.origin"})):  # fmt: skip
        world.site.allow(world.inside, more=more)
        world.site.pull("-rtX", f"server:{world.inside}/kept", world.site.here / "copy")
        copy = world.site.here / "copy"
        assert set(os.listxattr(copy)) == expected
        copy.unlink()
