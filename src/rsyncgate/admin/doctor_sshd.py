# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""sshd as it is configured in effect: what `sshd -T` prints, and what each setting means here."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from rsyncgate.admin.doctor_finding import Finding, failure, ok, warning
from rsyncgate.admin.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pwd import struct_passwd

Effective = dict[str, list[str]]
"""The values of each setting, its name in small letters; one that stands twice has two."""

PLACES = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"

HARMLESS = ("LANG", "LANGUAGE", "LC_*", "COLORTERM", "NO_COLOR", "XMODIFIERS")
"""What distributions accept from clients: no program acts on these before the gate runs."""

DANGEROUS = ("BASH_ENV", "ENV", "LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT", "PATH", "SHELLOPTS",
             "PS4", "IFS", "ZDOTDIR", "GLIBC_TUNABLES", "BASH_FUNC_exec%%")  # fmt: skip
"""Variables by which a client would run code of its own before the gate does."""


def ask(user: str, peer: str, file: str | None) -> Effective:
    """What sshd would do with a connection of `user` from `peer`, by `file` or its own settings.

    Raises Trouble, with what sshd says, where it cannot be asked.
    """
    program = shutil.which("sshd", path=PLACES)
    if program is None:
        raise Trouble("there is no sshd in /usr/sbin")
    where = f"user={user},host={peer},addr={peer},laddr={peer},lport=22"
    command = [program, "-T", "-C", where, *(["-f", file] if file else [])]
    done = subprocess.run(  # noqa: S603  (the words are our own)
        command, capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise Trouble(f"sshd -T says: {said[-1].strip()}")
    return effective(done.stdout)


def effective(text: str) -> Effective:
    """The settings in what `sshd -T` prints."""
    found: Effective = {}
    for line in text.splitlines():
        name, _, value = line.strip().partition(" ")
        found.setdefault(name.lower(), []).append(value)
    return found


def key_files(settings: Effective, account: struct_passwd) -> list[str]:
    """Where the keys of `account` lie (AuthorizedKeysFile in sshd_config(5))."""
    tokens = {"%": "%", "h": account.pw_dir, "u": account.pw_name, "U": str(account.pw_uid)}
    patterns = " ".join(settings.get("authorizedkeysfile", [])).split()
    paths = [re.sub("%(.)", lambda m: tokens.get(m[1], m[0]), p) for p in patterns if p != "none"]
    return [os.path.join(account.pw_dir, path) for path in paths]


def environment(settings: Effective) -> dict[str, str]:
    """The variables that SetEnv gives every session."""
    return {
        name: value for name, _, value in (v.partition("=") for v in settings.get("setenv", []))
    }


def judge(settings: Effective, user: str, root_needed: bool) -> Iterator[Finding]:
    """What is right and wrong for a gate in the account `user`.

    `root_needed` says whether any key behind a gate is root's.
    """
    if user == "root":
        yield _root_login(_value(settings, "permitrootlogin"), settings, root_needed)
    yield _passwords(settings)
    yield _accepted(" ".join(settings.get("acceptenv", [])).split())
    yield from _switches(settings)
    yield from _sources(settings)


def _value(settings: Effective, name: str) -> str:
    return settings.get(name, [""])[0]


def _password_settings(settings: Effective) -> list[str]:
    names = {
        "passwordauthentication": "PasswordAuthentication",
        "kbdinteractiveauthentication": "KbdInteractiveAuthentication",
    }
    return [shown for name, shown in names.items() if _value(settings, name) == "yes"]


def _root_login(value: str, settings: Effective, needed: bool) -> Finding:
    check, only = "sshd.root-login", 'write "PermitRootLogin forced-commands-only" in sshd_config'
    if value == "forced-commands-only":
        return ok(
            check, f"PermitRootLogin {value}: a key of root's without a command opens nothing"
        )
    if value == "no":
        if needed:
            return failure(check, "PermitRootLogin no: sshd refuses root's keys, gate or not", only)
        return ok(check, "PermitRootLogin no: and no client comes in as root")
    if value == "yes" and _password_settings(settings):
        return failure(check, "PermitRootLogin yes: whoever guesses root's password is root", only)
    return warning(
        check, f"PermitRootLogin {value}: a key that loses its gate is a root shell at once", only
    )


def _passwords(settings: Effective) -> Finding:
    check, on = "sshd.passwords", _password_settings(settings)
    if not on:
        return ok(check, "PasswordAuthentication no: only keys open this server")
    return warning(
        check,
        f"{' and '.join(f'{name} yes' for name in on)}: passwords can be tried without end",
        " and ".join(f'write "{name} no"' for name in on),
    )


def _accepted(patterns: list[str]) -> Finding:
    check, mend = "sshd.accept-env", 'leave no more than "AcceptEnv LANG LC_*" in sshd_config'
    wide = [p for p in patterns if not any(fnmatchcase(p, good) for good in HARMLESS)]
    shown = f"AcceptEnv {' '.join(wide)}"
    taken = [name for name in DANGEROUS if any(fnmatchcase(name, p) for p in wide)]
    if taken:
        word = (
            "bash runs what BASH_ENV names before the gate starts"
            if "BASH_ENV" in taken
            else "it changes what runs before the gate starts"
        )
        return failure(check, f"{shown}: a client may set {taken[0]}; {word}", mend)
    if wide:
        return warning(check, f"{shown}: the gate needs no variable of a client's", mend)
    return ok(check, f"AcceptEnv {' '.join(patterns) or 'none'}: nothing a shell acts on")


def _switches(settings: Effective) -> Iterator[Finding]:
    """The settings that have one right value."""
    value = _value(settings, "permituserenvironment")
    if value == "no":
        yield ok("sshd.user-environment", "PermitUserEnvironment no")
    else:
        yield warning(
            "sshd.user-environment",
            f"PermitUserEnvironment {value}: ~/.ssh/environment can change what runs before the "
            "gate",
            'write "PermitUserEnvironment no"',
        )
    if _value(settings, "exposeauthinfo") == "yes":
        yield ok("sshd.auth-info", "ExposeAuthInfo yes: the journal names the key of every request")
    else:
        yield warning(
            "sshd.auth-info",
            "ExposeAuthInfo no: the journal cannot say which key was used",
            'write "ExposeAuthInfo yes"',
        )
    if _value(settings, "strictmodes") == "no":
        yield warning(
            "sshd.strict-modes",
            "StrictModes no: sshd takes keys from files that others can write to",
            'write "StrictModes yes"',
        )
    if _value(settings, "pubkeyauthentication") == "no":
        yield failure(
            "sshd.public-keys",
            "PubkeyAuthentication no: no client gets in",
            'write "PubkeyAuthentication yes"',
        )
    forced = _value(settings, "forcecommand")
    if forced not in ("", "none"):
        yield failure(
            "sshd.force-command",
            f"ForceCommand {forced}: sshd runs this instead of the gate that a key's line names",
            "take ForceCommand out for this account",
        )


def _sources(settings: Effective) -> Iterator[Finding]:
    """Where keys come from: what the files that are read do not show."""
    files = " ".join(settings.get("authorizedkeysfile", []))
    command, authority = (
        _value(settings, n) for n in ("authorizedkeyscommand", "trustedusercakeys")
    )
    if files in ("", "none"):
        yield failure(
            "sshd.key-files",
            "AuthorizedKeysFile none: no key stands in a file",
            'write "AuthorizedKeysFile .ssh/authorized_keys"',
        )
    else:
        yield ok("sshd.key-files", f"AuthorizedKeysFile {files}")
    for check, name, value in (
        ("sshd.key-command", "AuthorizedKeysCommand", command),
        ("sshd.key-authority", "TrustedUserCAKeys", authority),
    ):
        if value not in ("", "none"):
            yield warning(
                check,
                f"{name} {value}: keys come in that no file lists; the doctor cannot see them",
                "make sure that each of them has the gate as its forced command",
            )
