# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The state of this server, from sshd to the clock: each check, its outcome, and the mend.

The checks are in the doctor_*.py beside this file, each a function of what was read; here it is
read, and put together.
"""

from __future__ import annotations

import json
import os
import pwd
import time
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from rsyncgate import __version__
from rsyncgate.admin import (
    check,
    doctor_channel,
    doctor_clock,
    doctor_files,
    doctor_journal,
    doctor_kernel,
    doctor_keys,
    doctor_rsync,
    doctor_sshd,
)
from rsyncgate.admin.doctor_finding import LEVELS, OK, Finding, failure, ok
from rsyncgate.admin.trouble import Trouble
from rsyncgate.journal.record import now
from rsyncgate.session.kernel import landlock_abi
from rsyncgate.session.plan import OFF, account
from rsyncgate.session.proof import prove

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rsyncgate.admin.doctor_keys import Key
    from rsyncgate.admin.doctor_sshd import Effective
    from rsyncgate.policy.model import Settings

ROOT = "root"


class Asked(NamedTuple):
    """What to look at.

    `config` is the configuration directory, `user` an account beside root, `peer` where clients
    come from; the other two are files that sshd and logrotate are started with.
    """

    config: str
    user: str = ROOT
    peer: str = "127.0.0.1"
    sshd_config: str | None = None
    logrotate_config: str = doctor_journal.LOGROTATE


class Account(NamedTuple):
    """An account that keys open: what sshd does for it, and the keys."""

    entry: pwd.struct_passwd
    sshd: Effective
    files: list[str]
    keys: doctor_keys.Keys


def examine(asked: Asked) -> list[Finding]:
    """Every check, in the order of a request's way. Raises KeyError for an unknown account."""
    host, names, mistakes = check.read(asked.config)
    accounts: list[Account] = []
    found: list[Finding] = []
    for user in dict.fromkeys((ROOT, asked.user)):
        found += _guarded("sshd", partial(_account, user, asked, accounts))
    root_needed = asked.user == ROOT or any(
        one.entry.pw_name == ROOT and _gates([one]) for one in accounts
    )
    for one in accounts:
        found += doctor_sshd.judge(one.sshd, one.entry.pw_name, root_needed)
    found += _guarded("keys", partial(_keys, accounts))
    found += _policies(asked.config, names, mistakes)
    found += _guarded("files", partial(_files, asked.config, host, accounts))
    for one in accounts:
        found += _guarded("channel", partial(_channel, one))
    found += _guarded("confinement", partial(_rsync, host))
    found += _guarded("journal", partial(_journal, host.journal, asked.logrotate_config))
    found += _guarded("clock", _clock)
    return list(dict.fromkeys(found))


def worst(found: Sequence[Finding]) -> int:
    """The level of the worst: the exit status."""
    return max((one.level for one in found), default=OK)


def as_json(found: Sequence[Finding]) -> str:
    """All findings as one JSON object, for a program."""
    checks = [
        {"check": one.check, "level": LEVELS[one.level], "says": one.says, "mend": one.mend}
        for one in found
    ]
    head = {"ts": now(), "host": os.uname().nodename, "version": __version__}
    return json.dumps({**head, "worst": LEVELS[worst(found)], "checks": checks}, indent=1)


def _guarded(area: str, look: Callable[[], Iterator[Finding]]) -> list[Finding]:
    """What `look` finds; where it cannot look, that is what was found."""
    found: list[Finding] = []
    try:
        found.extend(look())
    except (OSError, Trouble) as error:
        why = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else error
        mend = "run the doctor as root" if os.geteuid() else "put that right, then look again"
        found.append(failure(f"{area}.unknown", f"cannot be looked at: {why}", mend))
    return found


def _account(user: str, asked: Asked, accounts: list[Account]) -> Iterator[Finding]:
    entry = pwd.getpwnam(user)
    sshd = doctor_sshd.ask(user, asked.peer, asked.sshd_config)
    files = doctor_sshd.key_files(sshd, entry)
    accounts.append(Account(entry, sshd, files, doctor_keys.read(files)))
    yield from ()


def _gates(accounts: Sequence[Account]) -> list[Key]:
    return [key for one in accounts for key in one.keys.keys if key.gate]


def _keys(accounts: Sequence[Account]) -> Iterator[Finding]:
    for one in accounts:
        user = one.entry.pw_name
        if user == ROOT and len(accounts) > 1 and not one.keys.keys:
            continue  # the other account has the clients
        only = user == ROOT and "forced-commands-only" in one.sshd.get("permitrootlogin", [])
        yield from doctor_keys.judge(user, one.keys, only, doctor_keys.has_policy)


def _policies(config: str, names: list[str], mistakes: list[str]) -> Iterator[Finding]:
    for mistake in mistakes:
        yield _mistake("policy.mistakes", mistake)
    if not mistakes:
        yield ok("policy.mistakes", f"{config}: {check.counted(names)}, no mistakes")


def _mistake(check: str, sentence: str) -> Finding:
    """What rsyncgate check says, which is a sentence: what is wrong; what to do."""
    says, _, mend = sentence.rpartition("; ")
    return failure(check, says or mend, mend if says else "put that right")


def _files(config: str, host: Settings, accounts: Sequence[Account]) -> Iterator[Finding]:
    own = {0, os.geteuid()}
    programs = {key.gate.program for key in _gates(accounts) if key.gate}
    judge = doctor_files.judge
    yield from judge("files.gate", "the gate", doctor_files.gate(programs), own)
    yield from judge("files.rsync", "rsync", [host.rsync], own)
    yield from judge("files.policy", "the policies", doctor_files.policy(config), own)
    yield from judge("files.journal", "the journal", doctor_files.journal(host.journal), own)
    yield from doctor_files.journal_readers(host.journal)
    for one in accounts:
        files = [file for file in one.files if os.path.lexists(file)]
        what = f"the keys of {one.entry.pw_name}"
        yield from judge("files.keys", what, files, {0, one.entry.pw_uid})


def _channel(one: Account) -> Iterator[Finding]:
    said = doctor_channel.listen(one.entry, doctor_sshd.environment(one.sshd))
    system_rc = os.path.exists(doctor_channel.SYSTEM_RC)
    yield from doctor_channel.judge(one.entry, said, system_rc)


def _rsync(host: Settings) -> Iterator[Finding]:
    missing = check.rsync_mistakes(host.rsync)
    faults = None
    if host.confine != OFF and not missing:
        faults = prove(host.rsync, account(host.user))
    yield from doctor_kernel.judge(host.confine, landlock_abi(), faults)
    if not missing:
        changelog = doctor_rsync.packaged(host.rsync)
        printed = doctor_rsync.ask(host.rsync)
        yield from doctor_rsync.judge(host.rsync, printed, changelog, faults == [])


def _journal(journal: str, logrotate: str) -> Iterator[Finding]:
    for mistake in check.journal_mistakes(journal):
        yield _mistake("journal.file", mistake)
    yield doctor_journal.judge_room(doctor_journal.room(journal))
    length = os.path.getsize(journal) if os.path.exists(journal) else 0
    known = doctor_journal.rules(logrotate) if os.path.exists(logrotate) else []
    yield from doctor_journal.judge_rotation(journal, length, known)


def _clock() -> Iterator[Finding]:
    made = doctor_clock.installed()
    yield from doctor_clock.judge(time.time(), made, doctor_clock.error())
