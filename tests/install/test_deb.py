# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The Debian package: what it brings, how it runs, and what is left when it goes."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from install.machines import REPOSITORY, Machine, remote, sshd
from rsyncgate import __version__

PULL = "rsync --server --sender -logDtpre.iLsfxCIvu . /srv/site"


@pytest.fixture(scope="module")
def port(machine: Machine) -> Iterator[int]:
    """Where an sshd listens in the machine with the package, set up as the sample says."""
    machine.run("cp /usr/share/doc/rsyncgate/examples/sshd_config.d/* /etc/ssh/sshd_config.d")
    with sshd(machine) as port:
        yield port


def ssh(port: int, key: Path, command: str) -> subprocess.CompletedProcess[str]:
    """How a client's command ends over ssh."""
    return subprocess.run(
        [*remote(port, key), "root@127.0.0.1", command],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def test_the_version(deb: Path) -> None:
    """The package's version is the program's."""
    assert deb.name == f"rsyncgate_{__version__}_all.deb"


def test_what_the_gate_runs_on(machine: Machine) -> None:
    """Debian's own interpreter runs the gate, isolated; bytecode is there, and what it needs."""
    assert machine.run("head -n 1 /usr/bin/rsyncgate") == "#!/usr/bin/python3 -ISXutf8\n"
    modules = "/usr/lib/python3/dist-packages/rsyncgate"
    source = machine.run(f"find {modules} -name '*.py' | wc -l")
    assert machine.run(f"find {modules} -name '*.pyc' | wc -l") == source
    assert machine.run("dpkg --status rsyncgate | grep ^Status") == "Status: install ok installed\n"


def test_what_is_whose(machine: Machine) -> None:
    """Only root can change settings, policies and programs, or read the journal's directory."""
    found = machine.run(
        "stat -c '%n %U %a' /etc/rsyncgate /etc/rsyncgate/clients /etc/rsyncgate/gate.toml "
        "/usr/bin/rsyncgate /var/log/rsyncgate"
    )
    assert [line.split()[1:] for line in found.splitlines()] == [
        ["root", "755"],
        ["root", "755"],
        ["root", "644"],
        ["root", "755"],
        ["root", "700"],
    ]
    assert machine.run("getent passwd rsyncgate").endswith(":/:/usr/sbin/nologin\n")


def test_the_settings_as_they_come(machine: Machine) -> None:
    """The sample has no mistake, nor has it with every line put in force."""
    assert "no mistakes" in machine.run("rsyncgate check")
    machine.run(
        "cp -R /etc/rsyncgate /tmp/all && sed -i 's/^#\\([a-z]\\)/\\1/' /tmp/all/gate.toml"
        " && grep '^user = ' /tmp/all/gate.toml"
    )
    assert "no mistakes" in machine.run("rsyncgate --config /tmp/all check")


def test_the_path_from_nothing(machine: Machine, port: int, keypair: Path) -> None:
    """From authorize over learn to a pull, all works on Debian's own libraries and sshd."""
    machine.run("mkdir -p /srv/site && echo hello >/srv/site/index.html")
    machine.write("/tmp/nas01.pub", keypair.with_suffix(".pub").read_text())
    authorize = "rsyncgate authorize nas01 --key /tmp/nas01.pub --install"
    machine.run(f"{authorize} --learn")
    captured = ssh(port, keypair, PULL)
    assert captured.returncode == 77
    assert "(captured, record " in captured.stderr
    assert "/srv/site" in machine.run("rsyncgate learn nas01")
    machine.run("rsyncgate learn nas01 --write")
    assert "# " in machine.run("cat /etc/rsyncgate/clients/nas01.toml")
    machine.run(authorize)
    assert ssh(port, keypair, "cat /etc/shadow").returncode == 77
    pulled = keypair.parent / "pulled"
    rsync = ["rsync", "-a", "-e", " ".join(remote(port, keypair))]
    subprocess.run([*rsync, "root@127.0.0.1:/srv/site", str(pulled)], check=True)
    assert (pulled / "site" / "index.html").read_text() == "hello\n"
    records = [
        json.loads(line)
        for line in machine.run("cat /var/log/rsyncgate/journal.jsonl").splitlines()
    ]
    sessions = [r for r in records if "command" in r]
    events = ["captured", "refused", "allowed", "finished"]
    assert [r["event"] for r in sessions] == events
    public = ["ssh-keygen", "-lf", str(keypair.with_suffix(".pub"))]
    shown = subprocess.run(public, check=True, capture_output=True, text=True).stdout
    assert {r["key"] for r in sessions} == {shown.split()[1]}  # ExposeAuthInfo, from the sample


@pytest.mark.parametrize(
    "command",
    ["audit", "audit list --since yesterday", "audit verify", "audit schema", "replay", "metrics",
     "explain --client nas01 'rsync --server --sender -r . /etc'", "options"],
)  # fmt: skip
def test_the_admin_half(machine: Machine, port: int, command: str) -> None:
    """Each command works on the versions of its libraries that Debian has."""
    status = 77 if command.startswith("explain") else 0
    printed = machine.run(f"rsyncgate {command}", status=status)
    assert "Traceback" not in printed
    assert len(printed) > 30


def test_the_report(machine: Machine) -> None:
    """The report's page is drawn with Debian's pygal."""
    machine.run("rsyncgate audit report --html /tmp/report.html")
    assert "<svg" in machine.run("cat /tmp/report.html")


def test_manual_pages(machine: Machine) -> None:
    """man(1) finds each page."""
    for page in (REPOSITORY / "deploy" / "man").iterdir():
        name, section = page.name.rsplit(".", 1)
        assert name.partition(".")[0] in machine.run(f"man {section} {name}")


def test_completion(machine: Machine) -> None:
    """Completion works in bash and fish as click says; zsh takes its file for valid."""
    script = """
    . /usr/share/bash-completion/completions/rsyncgate
    COMP_WORDS=(rsyncgate au) COMP_CWORD=1
    _rsyncgate_completion rsyncgate
    echo "${COMPREPLY[*]}"
    """
    assert machine.run('bash -c "$1"', script).split() == ["audit", "authorize"]
    fish = machine.run("fish -c 'complete -C \"rsyncgate au\"'")
    assert re.findall(r"^au\w+", fish, re.M) == ["audit", "authorize"]
    zsh = "/usr/share/zsh/vendor-completions/_rsyncgate"
    machine.run(f"zsh -n {zsh}")
    assert machine.run(f"head -n 1 {zsh}") == "#compdef rsyncgate\n"


def test_removing_it(machine: Machine, port: int, keypair: Path) -> None:
    """A key whose gate was removed opens no door, its file is named; a purge leaves nothing."""
    brought = [path for path in machine.run("dpkg -L rsyncgate").split() if "rsyncgate" in path]
    machine.write("/tmp/late.pub", keypair.with_suffix(".pub").read_text())
    machine.run("rsyncgate authorize late --key /tmp/late.pub --install")
    assert "/root/.ssh/authorized_keys" in machine.run("dpkg --remove rsyncgate")
    assert machine.run("cat /etc/rsyncgate/clients/nas01.toml")
    for command in ("id", PULL, ""):
        ended = ssh(port, keypair, command)
        assert (ended.returncode, ended.stdout) == (127, "")
    machine.run("dpkg --purge rsyncgate")
    assert machine.run(f"ls -d {' '.join(brought)} /var/log/rsyncgate 2>/dev/null || :") == ""
