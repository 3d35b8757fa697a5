# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Nothing that a client or its home directory brings changes what the gate does."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.sites import GATE, REPOSITORY, Site
from e2e.trees import AWKWARD
from install.machines import make_wheel

EVIL_MODULES = ("json", "os", "tomllib", "rsyncgate", "sitecustomize", "usercustomize", "click")


@pytest.fixture(scope="module")
def wheel(place: Path) -> Path:
    """A gate that pip installed: its launcher is a shell script, its package in site-packages."""
    home = place / "venv"
    venv.create(home)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(home)]
    made = str(make_wheel(REPOSITORY))
    subprocess.run([*pip, "install", "--quiet", "--no-deps", "--no-index", made], check=True)
    launcher = home / "bin" / "rsyncgate"
    assert launcher.read_text().startswith("#!/bin/sh")
    return launcher


@pytest.fixture
def linked(wheel: Path, place: Path) -> Iterator[Path]:
    """That gate, called through a symlink in another directory."""
    link = place / "sbin" / "gate"
    link.parent.mkdir()
    link.symlink_to(wheel)
    yield link
    shutil.rmtree(link.parent)


@pytest.fixture(params=["checkout", "wheel", "linked"])
def gate(request: pytest.FixtureRequest) -> Path:
    """The gate's program, however it was installed."""
    if request.param == "checkout":
        return GATE
    launcher = request.getfixturevalue(request.param)
    assert isinstance(launcher, Path)
    return launcher


@pytest.fixture
def evil(site: Site) -> Path:
    """A directory of modules and programs that leave a mark when they are used."""
    evil = site.directory / "evil"
    (evil / "bin").mkdir(parents=True)
    mark = site.directory / "fooled"
    for name in EVIL_MODULES:
        (evil / f"{name}.py").write_text(f"print({name!r}, file=open({str(mark)!r}, 'a'))\n")
    for name in ("rsync", "python3", "readlink", "sudo", "env"):
        (evil / "bin" / name).write_text(f"#!/bin/sh\necho {name} >> {mark}\nexit 99\n")
        (evil / "bin" / name).chmod(0o755)
    return evil


def hostile(evil: Path, locale: str) -> dict[str, str]:
    """The environment of a client that means harm."""
    return {
        "PYTHONPATH": str(evil),
        "PYTHONHOME": str(evil),
        "PYTHONSTARTUP": str(evil / "json.py"),
        "PYTHONUSERBASE": str(evil),
        "PYTHONUTF8": "0",
        "PYTHONIOENCODING": "ascii",
        "PYTHONWARNINGS": "error",
        "PYTHONINSPECT": "1",
        "PATH": f"{evil}/bin:/usr/bin:/bin",
        "HOME": str(evil),
        "LC_ALL": locale,
        "LANG": locale,
        "LD_LIBRARY_PATH": str(evil / "bin"),
        "RSYNC_RSH": str(evil / "bin" / "rsync"),
        "RSYNC_ICONV": "utf-16",
        "RSYNC_MAX_ALLOC": "nonsense",
        "TZ": ":/dev/zero",
        "SSH_ORIGINAL_COMMAND": "id",
        "SSH_USER_AUTH": "/dev/zero",
    }


@pytest.mark.parametrize("locale", ["C", "de_DE.ISO-8859-1"])
def test_the_environment_of_the_client(
    site: Site, tree: Path, evil: Path, gate: Path, locale: str
) -> None:
    """No variable that sshd lets through changes a pull: not its names, nor what is run."""
    variables = hostile(evil, locale)
    sent = " ".join(f'"{name}={value}"' for name, value in variables.items())
    site.authorize_command("/usr/bin/env")
    arrived = site.ssh("", "-o", f"SetEnv={sent}").out
    overruled = {"PATH", "HOME", "SSH_ORIGINAL_COMMAND", "SSH_USER_AUTH"}  # by sshd, always
    for name in variables.keys() - overruled:
        assert f"{name}={variables[name]}\n" in arrived
    site.authorize(gate=gate)
    names = {n for n in AWKWARD.values() if n[0] != "."}
    for options, asked, arrive in (
        ("-as", AWKWARD["unicode"], {AWKWARD["unicode"]}),
        ("-a", AWKWARD["unicode"], {AWKWARD["unicode"]}),
        ("-a", "*", names),
    ):
        shell = f"{site.shell} -o 'SetEnv={sent}'"
        site.pull("-e", shell, options, f"server:{tree}/awkward/{asked}", f"{site.here}/copy/")
        assert {path.name for path in (site.here / "copy").iterdir()} == arrive
        shutil.rmtree(site.here / "copy")
    assert not (site.directory / "fooled").exists()


def test_the_environment_of_the_key(site: Site, tree: Path, evil: Path, gate: Path) -> None:
    """Not even PATH, HOME and PYTHONPATH in the key's own line lead the gate astray."""
    variables = hostile(evil, "C")
    set_there = ",".join(
        f'environment="{name}={variables[name]}"'
        for name in ("PATH", "HOME", "PYTHONPATH", "LC_ALL")
    )
    site.authorize_command("/usr/bin/env", options=f"restrict,{set_there}")
    arrived = site.ssh().out
    assert f"PATH={variables['PATH']}\n" in arrived
    assert f"HOME={variables['HOME']}\n" in arrived
    site.authorize(gate=gate, options=f"restrict,{set_there}")
    site.pull("-a", f"server:{tree}/awkward/{AWKWARD['unicode']}", site.here)
    assert [path.name for path in site.here.iterdir()] == [AWKWARD["unicode"]]
    assert not (site.directory / "fooled").exists()


def test_the_evil_would_work(site: Site, evil: Path) -> None:
    """A plain Python and a plain shell are fooled: the tests above are not about nothing."""
    site.environ.update({"PYTHONPATH": str(evil), "PATH": f"{evil}/bin:/usr/bin:/bin"})
    site.run(sys.executable, "-c", "import json")
    site.run("/bin/sh", "-c", "rsync")
    marks = (site.directory / "fooled").read_text().split()
    assert {"sitecustomize", "json", "rsync"} <= set(marks)


def test_a_module_in_the_home_directory(site: Site, tree: Path, in_home: Path, gate: Path) -> None:
    """A module that lies where sshd starts the gate is not imported, by name or by accident."""
    mark = site.directory / "fooled"
    module = in_home.parent / "rsyncgate.py"  # a name that no other program imports
    assert not module.exists()
    module.write_text(f"open({str(mark)!r}, 'w')\n")
    try:
        site.authorize(gate=gate)
        site.pull("-a", f"server:{tree}/empty", site.here)
    finally:
        module.unlink()
    assert not mark.exists()


def test_the_gate_writes_nothing_of_its_own(site: Site, tree: Path, gate: Path) -> None:
    """A pull leaves no file on the server but the journal, not even compiled Python."""
    package = next(gate.resolve().parents[1].glob("lib/python3*/*-packages/rsyncgate")).resolve()
    before = {path: path.stat().st_mtime_ns for path in package.rglob("*")}
    site.authorize(gate=gate)
    site.pull("-a", f"server:{tree}/nested", site.here)
    assert {path: path.stat().st_mtime_ns for path in package.rglob("*")} == before
    assert {path.name for path in site.config.rglob("*")} == {"gate.toml", "clients", "nas01.toml"}
