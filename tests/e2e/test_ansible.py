# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The Ansible role on a copy of this machine: a server's way from nothing to a revoked key."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from install.machines import REPOSITORY, Machine, remote, sshd

POLICY = "/root/hosts/www1/clients/nas01.toml"
"""Where the control machine has it; here that is the server itself."""
PLACED = "/etc/rsyncgate/clients/nas01.toml"


class Fleet:
    """A control machine and its one server, www1, and the client nas01 with its key."""

    def __init__(self, machine: Machine, port: int, here: Path) -> None:
        self.machine = machine
        self.here = here
        key = here / "key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        self.public = key.with_suffix(".pub").read_text()
        self.shell = " ".join(remote(port, key))

    def play(self, book: str, state: str, *options: str, status: int = 0) -> tuple[int, str]:
        """How many changes the playbook reports where nas01 has `state`, and all it prints."""
        given = {
            "ansible_connection": "local",
            "ansible_python_interpreter": "/usr/bin/python3",
            "rsyncgate_source": "/root/rsyncgate.tar",
            "rsyncgate_hosts": "/root/hosts",
            "rsyncgate_settings": {"syslog": False},
            "rsyncgate_clients": [{"name": "nas01", "key": self.public, "state": state}],
            "rsyncgate_sshd": state == "learn",
        }
        inventory = {"rsyncgate": {"hosts": {"www1": given}}}
        self.machine.write("/root/inventory.yml", json.dumps(inventory))
        script = 'ANSIBLE_PIPELINING=1 ANSIBLE_NO_TARGET_SYSLOG=1 exec "$@" -i /root/inventory.yml'
        file = str(REPOSITORY / "deploy" / "ansible" / book)
        command = (sys.executable, "-m", "ansible", "playbook", file, *options)
        printed = self.machine.run(script, *command, status=status)
        recap = re.search(r"^www1 .* changed=(\d+) ", printed, re.M)
        assert recap, printed
        return int(recap[1]), printed

    def again(self, state: str, *options: str, status: int = 0) -> tuple[int, str]:
        """Plays site.yml on a server that has the gate."""
        return self.play("site.yml", state, "--skip-tags", "install", *options, status=status)

    def rsync(self, *words: str) -> subprocess.CompletedProcess[str]:
        """How the client's rsync ends."""
        rsync = ["rsync", "-e", self.shell, "-rt", *words]
        return subprocess.run(rsync, cwd=self.here, capture_output=True, text=True, check=False)

    def pull(self) -> subprocess.CompletedProcess[str]:
        """How a pull of /srv/site ends."""
        return self.rsync("root@127.0.0.1:/srv/site", "pulled")

    def state(self) -> str:
        """What a play could change: files with their modes, owners and times."""
        places = "/etc /usr/local /root/.ssh /root/hosts /var/log/rsyncgate"
        return self.machine.run(f"find {places} -xdev -printf '%p %m %u %g %T@ %s\\n' 2>&1 || :")


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """A server without a gate; the tests below lead it on, one after the other."""
    machine = Machine()
    machine.run("rm -rf /etc/rsyncgate /var/log/rsyncgate /usr/local/bin/rsyncgate")
    machine.run("dpkg --purge --force-all rsyncgate")
    machine.run("rm -rf /var/lib/apt/lists")  # seconds for packages that nobody installs
    tar = "tar -cf /root/rsyncgate.tar --exclude=__pycache__ --transform='s,^,rsyncgate/,'"
    machine.run(f"cd {REPOSITORY} && {tar} Makefile deploy src")
    machine.run("mkdir -p /srv/site && echo hello >/srv/site/index.html")
    with sshd(machine) as port:
        yield Fleet(machine, port, tmp_path_factory.mktemp("ansible"))
    machine.stop()


def test_a_server_without_a_gate(fleet: Fleet) -> None:
    """--check says that there is something to do, and does nothing."""
    before = fleet.state()
    assert fleet.play("site.yml", "present", "--check")[0] > 0
    assert fleet.state() == before


def test_learning(fleet: Fleet) -> None:
    """One play installs the gate and has the key learned; the next has nothing to change."""
    assert fleet.play("site.yml", "learn")[0] > 0
    found = fleet.machine.run("stat -c '%U:%G %a' /etc/rsyncgate /etc/rsyncgate/gate.toml")
    assert found == "root:root 755\nroot:root 644\n"
    before = fleet.state()
    assert fleet.play("site.yml", "learn")[0] == 0
    assert fleet.state() == before
    attempt = fleet.pull()
    assert "(captured, record " in attempt.stderr
    journal = fleet.machine.run("tail -n 1 /var/log/rsyncgate/journal.jsonl")
    assert json.loads(journal)["key"].startswith("SHA256:")  # sshd has read its new settings


def test_the_way_back(fleet: Fleet) -> None:
    """Gathered journals make a policy; put in place, it allows what was learned, and no push."""
    assert fleet.play("learn.yml", "learn")[0] > 0
    assert fleet.machine.run("stat -c %a /root/hosts/www1") == "700\n"
    fleet.machine.run("/usr/local/bin/rsyncgate --config /root/hosts/www1 learn --write")
    assert '"/srv/site"' in fleet.machine.run(f"cat {POLICY}")
    before = fleet.state()
    assert fleet.again("present", "--check")[0] == 2
    assert fleet.state() == before
    assert fleet.again("present")[0] == 2  # the policy, and the key's line
    assert fleet.machine.run(f"stat -c '%U:%G %a' {PLACED}") == "root:root 644\n"
    assert fleet.pull().returncode == 0
    assert (fleet.here / "pulled/site/index.html").read_text() == "hello\n"
    assert "(push, record " in fleet.rsync("pulled/", "root@127.0.0.1:/srv/site").stderr


def test_a_broken_policy(fleet: Fleet) -> None:
    """A mistake in a policy ends the play, which names it; the old policy stays in force."""
    fleet.machine.run(f"echo 'form = []' >>{POLICY}")
    before = fleet.machine.run(f"cat {PLACED}")
    printed = fleet.again("present", status=2)[1]
    assert "form: is no key here" in printed
    assert fleet.machine.run(f"cat {PLACED}") == before
    assert fleet.pull().returncode == 0


def test_absent(fleet: Fleet) -> None:
    """A client that is absent loses its key and its policy."""
    assert fleet.again("absent")[0] == 2
    assert fleet.machine.run("cat /root/.ssh/authorized_keys; ls /etc/rsyncgate/clients") == ""
    assert "Permission denied" in fleet.pull().stderr
