# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The doctor on sshd: what each setting in effect means for a gate."""

from __future__ import annotations

import pwd

import pytest
from pytest_subprocess import FakeProcess

from rsyncgate.admin import doctor_sshd
from rsyncgate.admin.doctor_finding import FAILURE, OK, WARNING, Finding
from rsyncgate.admin.trouble import Trouble

SOUND = """\
permitrootlogin forced-commands-only
pubkeyauthentication yes
passwordauthentication no
kbdinteractiveauthentication no
strictmodes yes
exposeauthinfo yes
permituserenvironment no
authorizedkeysfile .ssh/authorized_keys .ssh/authorized_keys2
authorizedkeyscommand none
trustedusercakeys none
forcecommand none
acceptenv LANG
acceptenv LC_*
"""


def judged(*changes: str, user: str = "root", root_needed: bool = True) -> dict[str, Finding]:
    """What is said of a sound sshd with some settings changed, by check."""
    settings = doctor_sshd.effective(SOUND)
    settings.update(doctor_sshd.effective("\n".join(changes)))
    found = list(doctor_sshd.judge(settings, user, root_needed))
    assert all(bool(one.mend) == (one.level > OK) for one in found)
    return {one.check: one for one in found}


def test_sound() -> None:
    """A sound sshd gives no line that is not ok."""
    assert {one.level for one in judged().values()} == {OK}


@pytest.mark.parametrize(
    ("change", "check", "level"),
    [
        ("permitrootlogin yes", "root-login", WARNING),
        ("permitrootlogin without-password", "root-login", WARNING),
        ("permitrootlogin no", "root-login", FAILURE),
        ("passwordauthentication yes", "passwords", WARNING),
        ("kbdinteractiveauthentication yes", "passwords", WARNING),
        ("acceptenv GIT_*", "accept-env", WARNING),
        ("acceptenv *", "accept-env", FAILURE),
        ("acceptenv BASH_* LANG", "accept-env", FAILURE),
        ("acceptenv L?_PRELOAD", "accept-env", FAILURE),
        ("permituserenvironment yes", "user-environment", WARNING),
        ("permituserenvironment LANG,LC_*", "user-environment", WARNING),
        ("exposeauthinfo no", "auth-info", WARNING),
        ("strictmodes no", "strict-modes", WARNING),
        ("pubkeyauthentication no", "public-keys", FAILURE),
        ("forcecommand /bin/sh", "force-command", FAILURE),
        ("authorizedkeysfile none", "key-files", FAILURE),
        ("authorizedkeyscommand /bin/keys %u", "key-command", WARNING),
        ("trustedusercakeys /etc/ssh/ca", "key-authority", WARNING),
    ],
)
def test_one_setting(change: str, check: str, level: int) -> None:
    """One wrong setting gives one line that is not ok; it names the value and what to write."""
    wrong = [one for one in judged(change).values() if one.level != OK]
    assert [(one.check, one.level) for one in wrong] == [(f"sshd.{check}", level)]
    assert change.split()[1] in wrong[0].says


def test_root_by_password() -> None:
    """That root may log in is worse where a password is enough."""
    found = judged("permitrootlogin yes", "passwordauthentication yes")
    assert found["sshd.root-login"].level == FAILURE


def test_root_is_not_needed() -> None:
    """Where the clients come in under another account, root may be shut out, and is not judged."""
    assert judged("permitrootlogin no", root_needed=False)["sshd.root-login"].level == OK
    assert "sshd.root-login" not in judged("permitrootlogin yes", user="backup")


def test_a_word_on_bash_env() -> None:
    """Where clients may set BASH_ENV, the doctor says what bash makes of it."""
    says = judged("acceptenv *")["sshd.accept-env"].says
    assert "bash runs what BASH_ENV names before the gate starts" in says


def test_distributions() -> None:
    """The variables that Debian and Red Hat let through by default are no reason to complain."""
    for line in (
        "acceptenv LANG LC_* COLORTERM NO_COLOR",
        "acceptenv LC_PAPER LC_NAME LANGUAGE XMODIFIERS",
    ):
        assert judged(line)["sshd.accept-env"].level == OK


def test_key_files() -> None:
    """Where keys lie is what AuthorizedKeysFile says, with sshd's tokens, from the home on."""
    backup = pwd.struct_passwd(("backup", "x", 34, 34, "", "/var/backups", "/bin/sh"))
    settings = doctor_sshd.effective("authorizedkeysfile .ssh/a /k/%u-%U /%%/%h none")
    assert doctor_sshd.key_files(settings, backup) == [
        "/var/backups/.ssh/a",
        "/k/backup-34",
        "/%//var/backups",
    ]


def test_environment() -> None:
    """SetEnv's variables are known one by one."""
    settings = doctor_sshd.effective("setenv A=1\nsetenv B=x y=z")
    assert doctor_sshd.environment(settings) == {"A": "1", "B": "x y=z"}


def test_ask(fp: FakeProcess) -> None:
    """The question to sshd is for one account and one address, by the file it is started with."""
    fp.register([fp.program("sshd"), fp.any()], stdout=SOUND)
    settings = doctor_sshd.ask("root", "192.0.2.10", "/srv/sshd_config")
    assert settings["acceptenv"] == ["LANG", "LC_*"]
    assert isinstance(fp.calls[0], list)
    call = [str(word) for word in fp.calls[0]]
    where = call[call.index("-C") + 1].split(",")
    assert {"user=root", "addr=192.0.2.10"} <= set(where)
    assert call[call.index("-f") + 1] == "/srv/sshd_config"


def test_sshd_complains(fp: FakeProcess) -> None:
    """Where sshd does not take its own settings, its last words are the doctor's."""
    fp.register(
        [fp.program("sshd"), fp.any()], returncode=255, stderr="x\nline 3: Bad option: Permit\r\n"
    )
    with pytest.raises(Trouble, match=r"sshd -T says: line 3: Bad option: Permit$"):
        doctor_sshd.ask("root", "192.0.2.10", None)
