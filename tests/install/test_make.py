# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""What make installs without a package, and the gate in a single file."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from install.machines import REPOSITORY, Machine, make, make_wheel
from rsyncgate.cache import SETTLED

LOOKED_FOR = re.compile(r"import '(rsyncgate\S*)' # <_frozen_importlib_external")
"""What `python3 -v` says of a module of ours that is in no bundle."""

PULL = "rsync --server --sender -logDtpre.iLsfxCIvu . {}"


@pytest.fixture(scope="module")
def zipapp() -> Path:
    """The single file, made anew."""
    return REPOSITORY / make("zipapp").strip()


@pytest.fixture(scope="module")
def wheel() -> Path:
    """The wheel, made anew."""
    return make_wheel(REPOSITORY)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration in which nas01 may read the directory beside it."""
    config = tmp_path / "config"
    (config / "clients").mkdir(parents=True)
    (tmp_path / "srv").mkdir()
    (config / "gate.toml").write_text(
        f'journal = "{tmp_path}/log/journal.jsonl"\nrsync = "/bin/echo"\n'
    )
    (config / "clients" / "nas01.toml").write_text(f'[[allow]]\npaths = ["{tmp_path}/srv"]\n')
    return config


def call(gate: Path, *arguments: str | Path, command: str = "") -> subprocess.CompletedProcess[str]:
    """How a gate ends that is started as sshd would, in the file system's root."""
    environ = {"SSH_ORIGINAL_COMMAND": command, "PYTHONPATH": "/nonexistent"}
    return subprocess.run(
        [gate, *arguments],
        env=environ,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def test_the_single_file(zipapp: Path, config: Path, tmp_path: Path) -> None:
    """Copied alone to wherever, the file is the gate: it runs, refuses and writes down."""
    gate = tmp_path / "rsyncgate"
    gate.write_bytes(zipapp.read_bytes())
    gate.chmod(0o755)
    assert gate.read_bytes().startswith(b"#!/usr/bin/python3 -ISXutf8\n")
    line = (gate, "--config", config, "--client", "nas01")
    allowed = call(*line, command=PULL.format(tmp_path / "srv"))
    assert (allowed.returncode, allowed.stderr) == (0, "")
    assert allowed.stdout.startswith("--server --sender ")
    refused = call(*line, command=PULL.format("/etc"))
    assert (refused.returncode, refused.stdout) == (77, "")
    records = (tmp_path / "log" / "journal.jsonl").read_text().splitlines()
    events = [json.loads(line)["event"] for line in records]
    assert events == ["allowed", "finished", "refused"]


def test_what_the_single_file_lacks(zipapp: Path) -> None:
    """An admin command says in a sentence where it is to be had."""
    ended = call(zipapp, "check")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("rsyncgate: this is the gate alone;")
    assert ended.stderr.count("\n") == 1


def test_what_the_single_file_runs_from(zipapp: Path) -> None:
    """Its bytecode is the one that the interpreter in its first line takes."""
    script = "import sys; sys.path.insert(0, sys.argv[1]); import rsyncgate.gate as g"
    command = ["/usr/bin/python3", "-ISc", f"{script}; print(g.__file__)", str(zipapp)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == f"{zipapp}/rsyncgate/gate.pyc\n"


@pytest.fixture(scope="module")
def installed(bare: Machine) -> Machine:
    """A machine on which root typed make install."""
    bare.run(f"make -C {REPOSITORY} install")
    return bare


def test_make_install(installed: Machine) -> None:
    """Below /usr/local there is a gate on the system's interpreter, with Debian's libraries."""
    assert "no mistakes" in installed.run("/usr/local/bin/rsyncgate check")
    assert "/usr/local/bin/rsyncgate --client nas01" in installed.run(
        "ssh-keygen -q -t ed25519 -N '' -f /tmp/key && "
        "/usr/local/bin/rsyncgate authorize nas01 --key /tmp/key.pub"
    )
    assert installed.run("man -w rsyncgate").strip().startswith("/usr/local/share/man/")


def test_make_install_again(installed: Machine) -> None:
    """What an administrator has changed outlives the next version; what is gone from it goes."""
    installed.run("echo 'syslog = true' >/etc/rsyncgate/gate.toml")
    old = "/usr/local/lib/python3/dist-packages/rsyncgate/old.py"
    installed.run(f"touch {old} && make -C {REPOSITORY} install && ! [ -e {old} ]")
    assert installed.run("cat /etc/rsyncgate/gate.toml") == "syslog = true\n"


@pytest.mark.parametrize(
    ("says", "but"),
    [("needs mending", ""), ("is at Fault", ""), ("needs mending", "; touch -r old $file")],
    ids=["size and time", "time alone", "size alone"],
)
def test_the_bundle(installed: Machine, says: str, but: str) -> None:
    """The gate's modules come from one file, and from their sources where one has changed."""
    gate = "/usr/bin/python3 -ISvXutf8 /usr/local/bin/rsyncgate --client nas01 2>&1; :"
    said = installed.run(gate)
    assert "configuration is at fault" in said
    assert "rsyncgate.gate" not in LOOKED_FOR.findall(said)
    file = "/usr/local/lib/python3/dist-packages/rsyncgate/policy/load.py"
    change = f"file={file}; cp -p $file old; sed -i 's/is at fault/{says}/' $file{but}"
    said = installed.run(f"cd /tmp; {change}; {gate}")
    assert f"configuration {says}" in said
    assert "rsyncgate.gate" in LOOKED_FOR.findall(said)
    make_again = f"make -C {REPOSITORY} install"
    assert "configuration is at fault" in installed.run(f"{make_again} && {gate}")


def test_a_pull_from_the_bundle(installed: Machine) -> None:
    """An allowed pull, wildcards and all, finds every module of ours in the bundle."""
    installed.run(
        "mkdir -p /srv/www && touch /srv/www/page && : >/etc/rsyncgate/gate.toml &&"
        "printf '[[allow]]\npaths = [\"/srv\"]\n' >/etc/rsyncgate/clients/nas02.toml"
    )
    gate = "/usr/bin/python3 -ISvXutf8 /usr/local/bin/rsyncgate --client nas02 </dev/null 2>&1; :"
    for paths in ("/srv/www", "/srv/www/*"):
        command = f"SSH_ORIGINAL_COMMAND='{PULL.format(paths)}' {gate}"
        installed.run(command)
        time.sleep(SETTLED)  # then what was read is kept, and need not be read again
        installed.run(command)
        said = installed.run(command)
        assert "rsyncgate: " not in said
        assert not LOOKED_FOR.findall(said)


@pytest.mark.parametrize("ruin", ["truncate -s 10000 *.bundle", "mv *.bundle other.bundle"])
def test_no_bundle(installed: Machine, ruin: str) -> None:
    """A bundle that was cut short, or that another Python made, is as if it were not there."""
    installed.run(f"cd /usr/local/lib/python3/dist-packages/rsyncgate && {ruin}")
    gate = "/usr/bin/python3 -ISvXutf8 /usr/local/bin/rsyncgate --client nas01 2>&1; :"
    said = installed.run(gate)
    assert "configuration is at fault" in said
    assert "rsyncgate.gate" in LOOKED_FOR.findall(said)


def test_a_library_is_missing(installed: Machine) -> None:
    """Without click the gate is what it was, and an admin command names the package."""
    installed.run("mv /usr/lib/python3/dist-packages/click /usr/lib/python3/dist-packages/gone")
    said = installed.run("/usr/local/bin/rsyncgate check", status=1)
    assert "apt-get install python3-click" in said
    assert said.count("\n") == 1
    assert "(configuration, record " in installed.run(
        "/usr/local/bin/rsyncgate --client x", status=78
    )
    installed.run("mv /usr/lib/python3/dist-packages/gone /usr/lib/python3/dist-packages/click")


def test_pip(wheel: Path, config: Path, tmp_path: Path) -> None:
    """Installed by pip, the gate runs through a link as pipx makes it; its manual is beside it."""
    venv, link = tmp_path / "venv", tmp_path / "rsyncgate"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    pip = [sys.executable, "-m", "pip", "-q", f"--python={venv}", "install", "--no-deps"]
    subprocess.run([*pip, "--no-index", wheel], check=True)
    link.symlink_to(venv / "bin" / "rsyncgate")
    refused = call(link, "--config", config, "--client", "nas01", command=PULL.format("/etc"))
    assert (refused.returncode, refused.stdout) == (77, "")
    pages = [page.relative_to(venv / "share/man") for page in venv.glob("share/man/*/*")]
    assert {page.name for page in pages} == set(os.listdir(REPOSITORY / "deploy/man"))
    assert all(page.parent.name == f"man{page.name[-1]}" for page in pages)


def test_the_wheel_again(wheel: Path, tmp_path: Path) -> None:
    """Made elsewhere, by someone with other habits, the wheel is the same byte for byte."""
    other = tmp_path / "other"
    other.mkdir()
    for name in ("Makefile", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, other)
    for name in ("src", "deploy"):
        shutil.copytree(REPOSITORY / name, other / name, symlinks=True)
    for path in other.rglob("*"):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & 0o700)
            os.utime(path, (0, 0))
    assert make_wheel(other).read_bytes() == wheel.read_bytes()


def test_destdir(tmp_path: Path) -> None:
    """With DESTDIR nothing is written elsewhere, and nothing in it knows of it."""
    make("install", f"DESTDIR={tmp_path}", "PREFIX=/opt/gate")
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert {file.relative_to(tmp_path).parts[0] for file in files} == {"opt", "etc"}
    for file in files:
        assert os.fsencode(tmp_path) not in file.read_bytes(), file
