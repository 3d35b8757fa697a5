# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""rsyncgate doctor: the whole screen, its JSON and its exit status."""

from __future__ import annotations

import json
import pwd
import re
from pathlib import Path
from typing import Any

import pytest
from pytest_subprocess import FakeProcess

from rsyncgate.__main__ import main
from rsyncgate.admin import doctor_clock, doctor_view
from rsyncgate.admin.doctor import worst
from rsyncgate.admin.doctor_finding import LEVELS, Finding, failure, ok, warning
from unit.admin.test_doctor_keys import KEYS
from unit.admin.test_doctor_sshd import SOUND
from unit.conftest import Configuration

FOUND = [
    ok("sshd.root-login", "PermitRootLogin forced-commands-only"),
    warning("keys.learning", "nas01 is being \x1b[31m learned", "stop it"),
    failure("keys.policy", "nas02 has no policy, every request of it is refused", "write it"),
]


class Host:
    """A server whose sshd and rsync are made up; all else of it is real."""

    def __init__(self, config: Configuration, fp: FakeProcess, directory: Path) -> None:
        self.config = config
        self.fp = fp
        self.keys = directory / "authorized_keys"
        self.logrotate = directory / "logrotate.conf"
        config.settings(rsync="/bin/true")
        config.client("nas01", '[[allow]]\npaths = ["/srv"]\n')
        self.gate = directory / "rsyncgate"
        self.gate.touch()
        command = f"{self.gate} --config {config.path} --client nas01"
        self.keys.write_text(f'restrict,command="{command}" {KEYS[1]}\n')
        self.logrotate.write_text(f"{config.journal} {{\n  weekly\n}}\n")
        self.sshd_ends: dict[str, Any] = {}
        self.sshd()
        self.rsync = "3.5.0"

    def sshd(self, *changes: str) -> None:
        """Makes up what sshd -T prints: sound but for `changes`."""
        changed = {line.split()[0] for line in changes}
        lines = [line for line in SOUND.splitlines() if line.split()[0] not in changed]
        lines = [line for line in lines if not line.startswith("authorizedkeysfile")]
        text = "\n".join([*lines, f"authorizedkeysfile {self.keys}", "setenv SHLVL=1", *changes])
        self.sshd_ends = {"stdout": text}

    def doctor(self, *arguments: str) -> int:
        """Runs the command."""
        fp = self.fp
        fp.register([fp.program("sshd"), fp.any()], occurrences=2, **self.sshd_ends)
        fp.register(["/bin/true", "--version"], stdout=f"rsync  version {self.rsync}  protocol\n")
        fp.pass_command([pwd.getpwnam("root").pw_shell, "-c", "true"])
        words = ["doctor", "--logrotate-config", str(self.logrotate), *arguments]
        return main(["--config", self.config.path, *words])


@pytest.fixture
def host(
    config: Configuration, fp: FakeProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Host:
    """A server with nothing wrong; its clock is kept."""
    monkeypatch.setattr(doctor_clock, "error", lambda: 1000)
    return Host(config, fp, tmp_path)


def report(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The JSON that was printed."""
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    return found


def wrong(found: dict[str, Any]) -> set[str]:
    """The checks that are not ok."""
    return {one["check"] for one in found["checks"] if one["level"] != "ok"}


def test_a_sound_server(host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    """On a sound server every check is ok, all areas are looked at, and the status is 0."""
    status = host.doctor("--json")
    found = report(capsys)
    assert (status, found["worst"], wrong(found)) == (0, "ok", set())
    areas = {one["check"].partition(".")[0] for one in found["checks"]}
    assert areas == {
        *("sshd", "keys", "policy", "files", "channel", "confinement", "rsync", "journal", "clock")
    }


def test_a_warning(host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    """Warnings alone give 1."""
    host.sshd("exposeauthinfo no")
    host.rsync = "3.4.4"
    host.logrotate.unlink()
    status = host.doctor("--json")
    found = report(capsys)
    assert (status, found["worst"]) == (1, "warning")
    assert wrong(found) == {"sshd.auth-info", "rsync.version", "journal.rotation"}


def test_failures(host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    """One failure gives 2; what is wrong in several places is found in one go."""
    host.sshd("acceptenv *", "exposeauthinfo no")
    host.config.write("gate.toml", "rsync = '/nonexistent'\nlog = 5")
    Path(host.config.path, "clients", "nas01.toml").unlink()
    host.gate.chmod(0o777)
    status = host.doctor("--json")
    found = report(capsys)
    assert (status, found["worst"]) == (2, "failure")
    assert all(bool(one["mend"]) == (one["level"] != "ok") for one in found["checks"])
    assert wrong(found) >= {
        "sshd.accept-env",
        "sshd.auth-info",
        "keys.policy",
        "policy.mistakes",
        "files.gate",
        "files.rsync",
    }


def test_sshd_cannot_be_asked(host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    """Where sshd does not answer, that is the failure, and the rest is looked at all the same."""
    host.sshd_ends = {"returncode": 255, "stderr": "no hostkeys available"}
    status = host.doctor("--json")
    found = report(capsys)
    assert (status, wrong(found)) == (2, {"sshd.unknown"})
    assert any("no hostkeys" in one["says"] for one in found["checks"])
    assert any(one["check"] == "clock.time" for one in found["checks"])


def test_plain(host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    """In a pipe each check is one line that begins with its level; the last one counts them."""
    host.sshd("exposeauthinfo no")
    assert host.doctor() == 1
    *lines, last = capsys.readouterr().out.splitlines()
    assert {line.split()[0] for line in lines} <= set(LEVELS)
    assert last == f"0 failures, 1 warning, {len(lines) - 1} ok"
    (line,) = [line for line in lines if line.startswith("warning")]
    assert line.endswith('; write "ExposeAuthInfo yes"')


def test_another_account(host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    """Where the clients come in under another account, root needs no key; one is looked at."""
    host.keys.rename(host.keys.with_name("nobody-keys"))
    host.keys = host.keys.with_name("%u-keys")
    host.sshd("permitrootlogin no")
    host.fp.pass_command([pwd.getpwnam("nobody").pw_shell, "-c", "true"], occurrences=2)
    host.doctor("--json", "--user", "nobody")
    found = report(capsys)
    assert {one.partition(".")[0] for one in wrong(found)} <= {"channel"}  # it has no shell
    assert any(one["says"].startswith("nobody: 1 key") for one in found["checks"])
    host.keys.with_name("root-keys").write_text(f"{KEYS[2]}\n")
    host.doctor("--json", "--user", "nobody")
    assert "keys.no-gate" in wrong(report(capsys))


@pytest.mark.parametrize("words", [("--user", "no-such-account"), ("--peer", "nas01,user=x")])
def test_mistakes(host: Host, capsys: pytest.CaptureFixture[str], words: tuple[str, str]) -> None:
    """An account or address that cannot be is a mistake on the command line."""
    assert host.doctor(*words) == 2
    printed = capsys.readouterr()
    assert (printed.out, f"{words[0]} {words[1]}: is no " in printed.err) == ("", True)


@pytest.mark.parametrize("width", [60, 100, None])
def test_page(width: int | None) -> None:
    """Each finding fits the terminal, with its mend; what a terminal acts on is escaped."""
    text = doctor_view.page(FOUND, False, width)
    for one in FOUND:
        assert LEVELS[one.level] in text
        assert one.mend in text
    assert r"\x1b[31m" in text
    assert "\x1b" not in text
    assert width is None or max(map(len, text.splitlines())) <= width
    assert text.endswith("1 failure, 1 warning, 1 ok\n")


def test_colors() -> None:
    """Colors change nothing but the color."""
    plain = doctor_view.page(FOUND, False, 80)
    colored = doctor_view.page(FOUND, True, 80)
    assert colored != plain
    assert re.sub(r"\x1b\[[\d;]*m", "", colored) == plain


@pytest.mark.parametrize(
    ("found", "status"), [([], 0), (FOUND[:1], 0), (FOUND[:2], 1), (FOUND, 2), (FOUND[::-1], 2)]
)
def test_worst(found: list[Finding], status: int) -> None:
    """The status is that of the worst, in any order."""
    assert worst(found) == status
