# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The doctor on real servers: one that is broken on purpose, and one that is sound."""

from __future__ import annotations

import json
from pathlib import Path

from e2e.sites import GATE, Site

SOUND = """\
HostKey {server}/host_key
AuthorizedKeysFile {server}/authorized_keys
PermitRootLogin forced-commands-only
PasswordAuthentication no
KbdInteractiveAuthentication no
ExposeAuthInfo yes
SetEnv SHLVL=1
"""
OF_THE_MACHINE = {"clock.time", "files.gate", "journal.room", "rsync.version"}
"""Checks whose outcome depends on where the tests run, and from whose checkout."""


def examined(site: Site, sshd_config: Path, logrotate: str = "") -> tuple[int, dict[str, str]]:
    """The doctor's exit status, and the worst level of each check."""
    rules = site.write("logrotate.conf", logrotate)
    words = ["--sshd-config", str(sshd_config), "--logrotate-config", str(rules)]
    run = site.admin("doctor", "--json", *words)
    assert run.err == ""
    report = json.loads(run.out)
    levels = ["ok", "warning", "failure"]
    worst: dict[str, str] = {}
    for one in report["checks"]:
        before = worst.get(one["check"], "ok")
        worst[one["check"]] = max(before, one["level"], key=levels.index)
    assert run.status == levels.index(report["worst"]) == max(map(levels.index, worst.values()))
    plain = site.admin("doctor", *words)
    assert plain.status == run.status
    assert len(plain.out.splitlines()) == len(report["checks"]) + 1
    return run.status, worst


def test_a_broken_server(site: Site, tree: Path) -> None:
    """All that is wrong with a server is found at once, and the status is 2."""
    server, config = site.server, site.config
    gate = f"{GATE} --config {config}"
    server.authorized_keys.write_text(
        f'command="{gate} --client nas01" {server.key}\n'
        f"{server.key} elsewhere\n"
        f'restrict,command="{gate} --client nas02" ssh-ed25519 AAAAnas02\n'
        f'restrict,command="{gate} --learn --client nas03" ssh-ed25519 AAAAnas03\n'
        "ssh-ed25519 AAAAadmin\n"
    )
    server.authorized_keys.chmod(0o666)
    site.settings('rsync = "/nonexistent/rsync"\nverbose = true\n')
    (config / "clients").chmod(0o777)
    site.journal_file.touch()
    site.journal_file.chmod(0o666)
    noise = site.write("noise", "echo Welcome\n")
    sshd_config = site.write(
        "sshd_config",
        SOUND.format(server=server.directory).replace("SHLVL=1", f"SHLVL=1 BASH_ENV={noise}")
        + "AcceptEnv *\nPermitUserEnvironment yes\nStrictModes no\nForceCommand /bin/sh\n"
        "Match User root\nExposeAuthInfo no\nPasswordAuthentication yes\n",
    )
    copies = f"{site.journal_file} {{\n  copytruncate\n}}\n"
    try:
        status, worst = examined(site, sshd_config, copies)
    finally:
        server.authorized_keys.chmod(0o600)
        site.authorize()
    assert status == 2
    found = {check for check, level in worst.items() if level == "failure"} - OF_THE_MACHINE
    assert found == {
        "sshd.accept-env",
        "sshd.force-command",
        "keys.duplicate",
        "keys.restrict",
        "keys.policy",
        "policy.mistakes",
        "files.rsync",
        "files.policy",
        "files.journal",
        "files.keys",
        "channel.shell",
        "journal.file",
        "journal.rotation",
    }
    warned = {check for check, level in worst.items() if level == "warning"} - OF_THE_MACHINE
    assert warned == {
        "sshd.auth-info",
        "sshd.passwords",
        "sshd.strict-modes",
        "sshd.user-environment",
        "keys.learning",
    }


def test_a_sound_server(site: Site) -> None:
    """On a sound server every check is ok, but for what lies in the machine itself."""
    sshd_config = site.write("sshd_config", SOUND.format(server=site.server.directory))
    status, worst = examined(site, sshd_config, f"{site.journal_file} {{\n  weekly\n}}\n")
    wrong = {check for check, level in worst.items() if level != "ok"}
    assert wrong <= OF_THE_MACHINE
    assert status == 0 or wrong
    assert {"keys.gates", "channel.shell", "confinement.proof"} <= set(worst)


def test_why_accept_env_is_a_failure(site: Site) -> None:
    """What the doctor says of AcceptEnv is so: a client's BASH_ENV runs before the gate does."""
    _, worst = examined(site, site.server.directory / "sshd_config")
    assert worst["sshd.accept-env"] == "failure"
    trace = site.here / "trace"
    run = site.ssh("rsync --version", "-o", f'SetEnv "BASH_ENV=$(echo here >{trace})"')
    assert (run.status, run.sentence["code"]) == (77, "program")
    assert trace.read_text() == "here\n"
