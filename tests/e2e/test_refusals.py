# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""What is no pull of an allowed path is refused: status 77, one sentence, one record, no byte out.

`ssh server COMMAND` shows the gate's own status; an rsync client turns it into its own.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from e2e.servers import ROOT
from e2e.sites import GATE, Site
from e2e.trees import snapshot

SENDER = "rsync --server --sender -logDtpre.iLsfxCIvu"

COMMANDS = [
    # command with {} for the tree, reason code, the word that the sentence names
    ("rsync --server -logDtpre.iLsfxCIvu . {}/new", "push", '"--server"'),
    ("rsync --server --delete -logDtpr . {}", "push", '"--server"'),
    ("rsync --server -logDtpr --sender . {}", "push", '"--server"'),
    ("rsync --server --daemon .", "daemon", '"--daemon"'),
    ("rsync --daemon --config=/tmp/rsyncd.conf", "daemon", '"--daemon"'),
    (SENDER + " --config=/tmp/rsyncd.conf --daemon . {}", "daemon", '"--config=/tmp/rsyncd.conf"'),
    ("id", "program", '"id"'),
    ("bash -i", "program", '"bash -i"'),
    ("true", "program", '"true"'),
    ("rsync --version", "program", '"rsync --version"'),
    ("/tmp/rsync --server --sender -r . {}", "program", '"/tmp/rsync"'),
    ("sudo rsync --server --sender -r . {}", "program", '"sudo rsync"'),
    ("scp -f {}", "program", '"scp -f {}"'),
    ("/usr/lib/openssh/sftp-server", "sftp", '"sftp-server"'),
    (SENDER + " --remove-source-files . {}", "deletes", '"--remove-source-files"'),
    (SENDER + " . {} --remove-source-files", "deletes", '"--remove-source-files"'),
    (SENDER + " --log-file=/tmp/log . {}", "writes", '"--log-file=/tmp/log"'),
    (SENDER + " --only-write-batch=/tmp/batch . {}", "writes", '"--only-write-batch=/tmp/batch"'),
    (SENDER + " --copy-as=nobody . {}", "changes-role", '"--copy-as=nobody"'),
    (SENDER + " --filter='merge /etc/shadow' . {}", "reads-path", '"--filter=merge /etc/shadow"'),
    (SENDER + " --files-from /etc/shadow . {}", "path", '"--files-from /etc/shadow"'),
    ("rsync --server --sender -Lr . {}", "option", '"-L"'),
    (SENDER + " --copy-unsafe-links . {}", "option", '"--copy-unsafe-links"'),
    (SENDER + " --copy-devices . {}", "option", '"--copy-devices"'),
    (SENDER + " --no-such-option . {}", "unknown-option", '"--no-such-option"'),
    ("rsync --server --sender -rY . {}", "unknown-option", '"-Y"'),
    (SENDER + " . /etc/hostname", "path", '"/etc/hostname"'),
    (SENDER + " . {}x", "path", '"{}x"'),
    (SENDER + " . {} /etc", "path", '"/etc"'),
    (SENDER + " . {}/links/outside/", "path", '"{}/links/outside/"'),
    (SENDER + " . {}/nested/../../..", "dot-dot", '"{}/nested/../../.."'),
    (SENDER + " {}", "missing-dot", '"{}"'),
    (SENDER + " . {}; id", "shell-syntax", '";"'),
    (SENDER + " . $(id)", "shell-syntax", '"$"'),
    (SENDER + " . {} > /tmp/out", "shell-syntax", '">"'),
    (SENDER + " . {}\nid", "shell-syntax", '"\\x0a"'),
    (SENDER + " . {}/a\x07b", "control-character", '"\\x07"'),
    (SENDER + " . '{}", "unbalanced-quote", '"\'"'),
]


@pytest.mark.parametrize(("command", "code", "word"), COMMANDS)
def test_a_refused_command(line: Site, tree: Path, command: str, code: str, word: str) -> None:
    """A command that is no plain pull gives 77, one line that names what is wrong, one record."""
    asked, named = command.replace("{}", str(tree)), word.replace("{}", str(tree))
    run = line.ssh(asked)
    record = line.refusal(run)
    assert (run.status, run.out) == (77, "")
    assert run.err == run.sentence[0] + "\n"
    assert named in run.sentence["text"]
    assert (record["command"], record["reason"]) == (asked, code)
    assert line.journal()[-1] == record


def test_a_login_shell(site: Site) -> None:
    """Without a command there is no shell."""
    run = site.ssh(stdin=b"id\n")
    record = site.refusal(run)
    assert (run.status, run.out) == (77, "")
    assert (record["reason"], record["command"]) == ("no-command", None)


def test_a_login_shell_on_a_terminal(site: Site) -> None:
    """A key that may have a terminal gets one sentence there, and no shell."""
    site.authorize(options="restrict,pty")
    run = site.ssh("", "-tt", stdin=b"id\n")
    assert "uid=" not in run.out
    if not ROOT:  # then sshd has no terminals to give, and ends the session
        assert run.status == 255
        return
    assert run.status == 77
    assert "this key starts no shell" in run.out
    assert [r["reason"] for r in site.journal()] == ["no-command"]


def test_sftp_and_scp(site: Site, tree: Path) -> None:
    """The sftp and scp clients get nothing; sshd keeps a subsystem's stderr from them."""
    ssh = ["-F", str(site.server.ssh_config)]
    file = f"server:{tree}/sizes/text.txt"
    assert site.run("sftp", *ssh, file).status != 0
    assert site.run("scp", *ssh, file, ".").status != 0
    assert site.refusal(site.run("scp", "-O", *ssh, file, "."))["reason"] == "program"
    assert [r["reason"] for r in site.journal()] == ["sftp", "sftp", "program"]
    assert list(site.here.iterdir()) == []


def test_forwarding(site: Site) -> None:
    """A key with `restrict` opens no tunnel beside the gate."""
    run = site.run("ssh", "-F", site.server.ssh_config, "-W", "127.0.0.1:22", "server")
    assert run.status == 255
    assert site.journal() == []


def test_a_push(site: Site, tree: Path, tmp_path: Path) -> None:
    """An rsync client that pushes is refused, and the server's files stay as they are."""
    site.allow(tree, tmp_path)
    run = site.rsync("-a", f"{tree}/", f"server:{tmp_path}/")
    assert run.status != 0
    assert site.refusal(run)["reason"] == "push"
    assert list(tmp_path.iterdir()) == []


def test_a_secluded_push(site: Site, tree: Path, tmp_path: Path) -> None:
    """A -s client that pushes is refused like any other."""
    site.allow(tree, tmp_path)
    run = site.rsync("-as", f"{tree}/nested", f"server:{tmp_path}/")
    assert site.refusal(run)["reason"] == "push"
    assert list(tmp_path.iterdir()) == []


def test_a_daemon_over_ssh(site: Site) -> None:
    """`rsync host::module` over ssh starts no daemon."""
    run = site.rsync("server::module")
    assert run.status != 0
    assert site.refusal(run)["reason"] == "daemon"


@pytest.mark.parametrize("secluded", ["-a", "-as"])
@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--remove-source-files"], "deletes"),
        (["-M--log-file={}/written"], "writes"),
        (["-M--daemon"], "daemon"),
        (["-L"], "option"),
    ],
)
def test_a_pull_that_does_more(
    site: Site, tree: Path, tmp_path: Path, options: list[str], code: str, secluded: str
) -> None:
    """A pull that would delete, write, serve or follow links is refused, with -s and without."""
    (tmp_path / "kept").write_text("kept")
    site.allow(tmp_path)
    words = [option.format(tmp_path) for option in options]
    run = site.rsync(secluded, *words, f"server:{tmp_path}/", site.here / "copy")
    assert run.status != 0
    assert site.refusal(run)["reason"] == code
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
    assert not (site.here / "copy").exists()


def test_links_are_followed_where_a_rule_says_so(site: Site, tree: Path) -> None:
    """-L works for the client whose rule names it."""
    site.allow(tree, options=["-rptL"])
    site.pull("-rptL", f"server:{tree}/links/inside/", site.here / "copy")
    assert snapshot(site.here / "copy").keys() == snapshot(tree / "nested/a b").keys()


def test_no_answer_tells_what_exists(line: Site, tree: Path) -> None:
    """Outside the roots, a path that exists and one that does not are refused in the same words."""
    (tree.parent / "secret").mkdir(exist_ok=True)
    said = set()
    for path in ("secret", "nothing", "sec*", "noth*", "secret/.", "nothing/."):
        asked = f"{tree.parent}/{path}"
        sentence = line.ssh(f"{SENDER} . {asked}").sentence
        said.add((sentence["text"].replace(asked, "PATH"), sentence["code"]))
    assert said == {('refused: "PATH" is not a path this key may read', "path")}


def test_terminals_are_safe(line: Site) -> None:
    """What the client sent comes back without control characters, and no longer than a line."""
    run = line.ssh(f"{SENDER} . '/tmp/é\udcff\u202e{'x' * 10_000}'")
    assert line.refusal(run)["reason"] == "path"
    assert "/tmp/é\\xff\\xe2\\x80\\xae" in run.err
    assert len(run.err) < 500


def test_probes(site: Site, tree: Path) -> None:
    """`true` and `rsync --version` succeed for a client that may probe; rsync itself answers."""
    site.allow(tree, more='probes = ["true", "rsync --version"]')
    silent = site.ssh("true")
    assert (silent.status, silent.out, silent.err) == (0, "", "")
    version = site.ssh("rsync --version")
    own = site.run("rsync", "--version").out.splitlines()
    assert (version.status, version.out.splitlines()[:3]) == (0, own[:3])
    assert [r["event"] for r in site.journal()] == ["allowed", "allowed", "finished"]
    assert site.refusal(site.ssh("rsync --version -v"))["reason"] == "program"
    assert site.refusal(site.ssh("id"))["reason"] == "program"


def test_a_program_that_stands_for_rsync(site: Site, tree: Path) -> None:
    """With `--rsync-path="sudo rsync"` the configured rsync runs, and no sudo does."""
    fake = site.directory / "sudo"
    fake.write_text(f"#!/bin/sh\ntouch {site.directory}/ran\n")
    fake.chmod(0o755)
    site.authorize(options=f'restrict,environment="PATH={site.directory}:/usr/bin:/bin"')
    sudo = ["-a", "--rsync-path=sudo rsync", f"server:{tree}/nested", str(site.here)]
    assert site.refusal(site.rsync(*sudo))["reason"] == "program"
    site.allow(tree, more='programs = ["sudo rsync"]')
    site.pull(*sudo)
    assert snapshot(site.here / "nested").keys() == snapshot(tree / "nested").keys()
    assert not (site.directory / "ran").exists()
    assert site.journal()[-1]["request"]["program"] == "sudo rsync"
    assert site.journal()[-2]["argv"][0] == "rsync"


def test_explain_says_what_the_gate_said(site: Site, tree: Path) -> None:
    """`explain --id` gives the verdict of the session that the client was told about."""
    for command, status in ((f"{SENDER} . /etc/shadow", 77), (f"{SENDER} --daemon . {tree}", 77)):
        run = site.ssh(command)
        explained = site.run(GATE, "--config", site.config, "explain", "--id", run.sentence["id"])
        assert explained.status == status
        assert run.sentence["text"] in explained.out
        assert f"reason: {run.sentence['code']}:" in explained.out
