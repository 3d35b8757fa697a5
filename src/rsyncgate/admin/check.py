# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Every mistake in the configuration, found without waiting for a client to meet it."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile

from rsyncgate.pathname import is_private
from rsyncgate.policy.load import client, settings
from rsyncgate.policy.model import Settings
from rsyncgate.policy.read import client_from
from rsyncgate.session.plan import OFF, REQUIRE, account
from rsyncgate.session.proof import prove


class Report:
    """What `examine` found: `mistakes`, a sentence each, and a `summary` where there are none."""

    def __init__(self, mistakes: list[str], summary: str) -> None:
        self.mistakes = mistakes
        self.summary = summary


def examine(config: str) -> Report:
    """Reads gate.toml and every client's file in `config`, and looks at what they name."""
    host, names, mistakes = read(config)
    wrong = rsync_mistakes(host.rsync)
    mistakes += [*wrong, *journal_mistakes(host.journal)]
    held = "rsync is not confined"
    if host.confine != OFF and not wrong:
        faults = prove(host.rsync, account(host.user))
        held = "confinement does not hold" if faults else "confinement holds"
        if host.confine == REQUIRE:
            mistakes += [f"{os.path.join(config, 'gate.toml')}: confine: {f}" for f in faults]
    lines = (
        f"{config}: {counted(names)}, no mistakes",
        f"rsync: {host.rsync}; {held}",
        f"journal: {host.journal}",
    )
    return Report(mistakes, "\n".join(lines))


def policy_mistakes(config: str, files: list[str]) -> list[str]:
    """The mistakes in `files`, policies to be, wherever they lie and whosever they are."""
    host, _ = settings(config)
    mistakes = []
    for file in files:
        try:
            with open(file, encoding="utf-8") as stream:
                mistakes += client_from(stream.read(), file, host.rsync)[1]
        except UnicodeDecodeError as error:
            mistakes.append(f"{file}: is no TOML: {error}")
    return mistakes


def settings_mistakes(file: str) -> list[str]:
    """The mistakes in `file`, which is to become gate.toml, and in what it names."""
    with tempfile.TemporaryDirectory() as directory:
        draft = os.path.join(directory, "gate.toml")
        shutil.copyfile(file, draft)
        host, mistakes = settings(directory)
    mistakes += [*rsync_mistakes(host.rsync), *journal_mistakes(host.journal)]
    return [mistake.replace(draft, file) for mistake in mistakes]


def read(config: str) -> tuple[Settings, list[str], list[str]]:
    """The host's Settings, the names of its clients, and the mistakes in all their files."""
    host, mistakes = settings(config)
    if not os.path.isdir(config):
        mistakes.append(f"{config}: is no directory; put the policies of the clients there")
    names = client_names(os.path.join(config, "clients"), mistakes)
    for name in names:
        mistakes += client(config, name, host.rsync)[1]
    return host, names, mistakes


def counted(names: list[str]) -> str:
    """How many clients these are."""
    return f"{len(names)} client{'s' if len(names) != 1 else ''}"


def client_names(directory: str, mistakes: list[str]) -> list[str]:
    """The clients that have a file in `directory`; what else lies there goes to `mistakes`."""
    try:
        files = sorted(os.listdir(directory))
    except OSError as error:
        mistakes.append(f"{directory}: cannot be read: {error.strerror}; it holds the policies")
        return []
    names = []
    for file in files:
        name, dot, ending = file.rpartition(".")
        if dot and ending == "toml":
            names.append(name)
        elif ending != "old" and not file.startswith("."):
            mistakes.append(f"{os.path.join(directory, file)}: is not read; name it CLIENT.toml")
    return names


def rsync_mistakes(rsync: str) -> list[str]:
    """What keeps the program `rsync` from running."""
    if os.path.isfile(rsync) and os.access(rsync, os.X_OK):
        return []
    return [f"rsync: {rsync} is no program; install rsync, or name it in gate.toml"]


def journal_mistakes(journal: str) -> list[str]:
    """What would keep the gate from writing its journal, found without writing to it."""
    try:
        found = os.lstat(journal)
    except FileNotFoundError:
        above = os.path.dirname(os.path.dirname(journal))
        if os.path.isdir(os.path.dirname(journal)) or os.path.isdir(above):
            return []
        return [f"journal: {above} does not exist; make it, or name another place in gate.toml"]
    except OSError as error:
        return [f"journal: {journal} cannot be reached: {error.strerror}"]
    if not stat.S_ISREG(found.st_mode):
        return [f"journal: {journal} is no regular file; move it away"]
    if not is_private(found):
        return [f"journal: others can write to {journal}; make it root's, with mode 0600"]
    return []
