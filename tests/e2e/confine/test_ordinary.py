# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The gate of an account that is not root: Landlock alone holds its rsync."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.confine.raw import ask
from e2e.confine.worlds import NAME, World, emptied, leaks, program
from e2e.servers import Server
from e2e.sites import GATE, REPOSITORY, Site

NOBODY = pwd.getpwnam("nobody")
AS_NOBODY = f"setpriv --reuid={NOBODY.pw_uid} --regid={NOBODY.pw_gid} --clear-groups env"
"""What runs a program as nobody; setpriv itself would still find it with root's eyes."""

PROBE = Path(__file__).with_name("probe.sh")
NO_LANDLOCK = Path(__file__).with_name("no_landlock.py")


class Ordinary(World):
    """A world whose gate, started by `launcher`, runs as nobody, with its journal in its place."""

    def __init__(self, site: Site, launcher: Path) -> None:
        super().__init__(site)
        self.launcher = launcher
        log = site.directory / "log"
        log.mkdir(0o700)
        os.chown(log, NOBODY.pw_uid, NOBODY.pw_gid)
        site.journal_file = log / "journal.jsonl"
        site.settings()
        gated = self.gated.read_text().replace(f"exec {GATE}", f"exec {AS_NOBODY} {launcher}")
        program(self.gated, gated)


@pytest.fixture(scope="module")
def open_place() -> Iterator[Path]:
    """A directory that every account can reach, with a gate that every account can run."""
    place = Path(tempfile.mkdtemp(prefix="rsyncgate-", dir="/var/tmp"))
    place.chmod(0o755)
    python = next(p for p in (Path(sys.executable).resolve(), Path("/usr/bin/python3")) if _runs(p))
    version = subprocess.run(
        [python, "-c", "import sys; print('python%d.%d' % sys.version_info[:2])"],
        check=True, capture_output=True, text=True,
    ).stdout.strip()  # fmt: skip
    shutil.copytree(
        REPOSITORY / "src/rsyncgate", place / "lib" / version / "site-packages/rsyncgate"
    )
    (place / "bin").mkdir()
    launcher = GATE.read_text().split("\n", 1)[1]
    program(place / "bin/rsyncgate", f"#!{python} -ISXutf8\n{launcher}")
    yield place
    shutil.rmtree(place)


def _runs(python: Path) -> bool:
    """Whether nobody may run this interpreter, which may lie in root's home."""
    command = [*AS_NOBODY.split(), str(python), "-c", "import tomllib"]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


@pytest.fixture
def ordinary(server: Server, open_place: Path) -> Iterator[Ordinary]:
    """Such a world."""
    directory = Path(tempfile.mkdtemp(prefix="site-", dir=open_place))
    directory.chmod(0o755)
    yield Ordinary(Site(server, directory), open_place / "bin/rsyncgate")
    shutil.rmtree(directory)


def test_a_pull(ordinary: Ordinary) -> None:
    """A pull works; the journal is nobody's, and says that Landlock alone holds rsync."""
    run = ordinary.gate("-rt", f"server:{ordinary.inside}/", ordinary.site.here)
    assert run.status == 0, run
    assert (ordinary.site.here / "deep/deeper/kept").read_text() == "what may be read"
    allowed, finished = ordinary.site.journal()
    assert (allowed["user"], finished["status"]) == ("nobody", 0)
    assert ordinary.site.journal_file.stat().st_uid == NOBODY.pw_uid
    held = allowed["confinement"]
    assert (held["mounts"], held["capabilities"], held["hidden"]) == ("shared", [], [])
    assert held["no_new_privs"] is True
    assert held["landlock"]["fs"] & 0b11111


def test_no_more_than_the_account(ordinary: Ordinary) -> None:
    """What the account may not read does not arrive."""
    (ordinary.inside / "kept").chmod(0o600)
    run = ordinary.gate("-rt", f"server:{ordinary.inside}/", ordinary.site.here)
    assert run.status == 23
    assert not (ordinary.site.here / "kept").exists()
    assert (ordinary.site.here / "deep/kept").exists()


def test_what_the_account_may_not_look_at(ordinary: Ordinary) -> None:
    """A directory that the account may not read is in nobody's way, above a root or on a way."""
    os.setxattr(ordinary.site.directory, "user.origin", b"what only its readers see")
    ordinary.site.directory.chmod(0o711)
    shut = ordinary.inside / "shut"
    (shut / "deeper").mkdir(parents=True)
    shut.chmod(0o700)
    asked = [f"server:{shut}/deeper/file", f":{ordinary.inside}/kept"]
    run = ordinary.gate("-rt", *asked, ordinary.site.here)
    assert (run.status, (ordinary.site.here / "kept").exists()) == (23, True)
    assert "Permission denied" in run.err


@pytest.mark.parametrize(
    ("options", "path"),
    [("-rL", "/"), ("-rk", "/"), ("-r --copy-unsafe-links", "/"), ("-rL", "/deep/"),
     ("-r", "/to-directory/*"), ("-rL", "/to-file"), ("-rLR", "/./deep/up/")],
)  # fmt: skip
def test_contents_and_names(ordinary: Ordinary, options: str, path: str) -> None:
    """No content of a file outside arrives, and no name in a directory outside."""
    copy, asked = ordinary.site.here / "copy", [*options.split(), f"server:{ordinary.inside}{path}"]
    assert leaks(ordinary.plain(*asked, emptied(copy)), copy)
    run = ordinary.gate(*asked, emptied(copy))
    assert leaks(run, copy) == set()


def test_rules_in_band(ordinary: Ordinary) -> None:
    """A rule in band tells nothing of what an outside file holds."""
    rules = ordinary.outside / "rules"
    command = ["rsync", "--server", "--sender", "-r", ".", f"{ordinary.inside}/deep/"]
    for rule in (f".- {rules}", f". {rules}", ":- up/rules"):
        free, held = set(), set()
        for content in ("kept\n", "- kept\n", NAME):
            for place in (rules, ordinary.outside / "leaf/rules"):
                place.write_text(content)
            free.add(repr(ask(command, [rule])))
            held.add(repr(ask([str(ordinary.gated), "server", *command], [rule])))
        assert (len(free) > 1, len(held)) == (rule[0] == ".", 1)


def test_what_a_program_can_do(ordinary: Ordinary) -> None:
    """A program in rsync's place reads its root and sees what is there; it does nothing else."""
    probe = program(ordinary.site.directory / "probe", PROBE.read_text())
    shutil.copy("/usr/bin/true", ordinary.inside / "program")
    (ordinary.inside / "process").write_text(f"{os.getpid()}\n")
    (ordinary.inside / "port").write_text("22\n")
    for path in (ordinary.inside, *ordinary.inside.rglob("*")):
        if not path.is_symlink():
            os.chown(path, NOBODY.pw_uid, NOBODY.pw_gid)
    free = {"read-inside", "read-outside", "see-outside", "list-outside", "write-inside"}
    run = ordinary.site.run(*AS_NOBODY.split(), probe)
    assert free | {"create-inside", "create-in-/tmp", "run-inside"} <= set(run.out.split())
    for place in ("/tmp", "/var/tmp", "/dev/shm"):
        Path(place, "rsyncgate-probed").unlink()
    ordinary.site.settings(f'rsync = "{probe}"\n')
    run = ordinary.serve("rsync", "--server", "--sender", "-r", ".", ordinary.inside)
    assert set(run.out.split()) == {"read-inside", "see-outside"}


@pytest.mark.parametrize(
    ("more", "key"), [('hide = ["/srv/none"]', "hide"), ('user = "backup"', "user")]
)
def test_what_needs_root(ordinary: Ordinary, more: str, key: str) -> None:
    """What only root can do is refused rather than left out: hidden places, another account."""
    ordinary.allow(ordinary.inside, more=more)
    run = ordinary.serve("rsync", "--server", "--sender", "-r", ".", ordinary.inside)
    assert run.status == 78
    refusal = ordinary.site.refusal(run)
    assert refusal["reason"] == "confinement"
    assert refusal["detail"].startswith(f"{key}: needs root")


def test_limits(ordinary: Ordinary) -> None:
    """Priorities, rates and sessions are limited as under root."""
    ordinary.allow(ordinary.inside, more='nice = 3\nionice = "idle"\nbwlimit = 900\nsessions = 1\n')
    run = ordinary.gate("-rt", f"server:{ordinary.inside}/", ordinary.site.here)
    assert run.status == 0, run
    assert "--bwlimit=900" in ordinary.site.journal()[0]["argv"]
    assert (ordinary.site.journal_file.parent / ".nas01.1.slot").stat().st_uid == NOBODY.pw_uid


PROVE = "import sys; sys.path.append({!r}); from rsyncgate.session.proof import prove; {}"


@pytest.mark.parametrize("kernel", ["new", "old"])
def test_proof(ordinary: Ordinary, kernel: str) -> None:
    """What `rsyncgate check` proves, it proves for that account too, where the kernel lets it."""
    program(ordinary.site.directory / "no_landlock.py", NO_LANDLOCK.read_text())
    launcher = ordinary.launcher
    python = launcher.read_text().split()[0].removeprefix("#!")
    package = next(launcher.parents[1].glob("lib/*/site-packages"))
    code = PROVE.format(str(package), "print(prove('/usr/bin/rsync', None))")
    old = [] if kernel == "new" else [python, str(ordinary.site.directory / "no_landlock.py")]
    as_nobody = AS_NOBODY.replace("setpriv", "setpriv --no-new-privs").split()
    run = ordinary.site.run(*as_nobody, *old, python, "-ISc", code)
    assert run.status == 0, run
    assert (run.out == "[]\n") == (kernel == "new")
    assert ("Landlock" in run.out) == (kernel == "old")
