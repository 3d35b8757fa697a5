# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""What `learn` does to a policy file: its new text, checked before it replaces anything."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from rsyncgate.admin import policy_text
from rsyncgate.admin.acts import note_act
from rsyncgate.admin.atomic import replace
from rsyncgate.admin.generalise import generalise
from rsyncgate.admin.learn import Learned, learn
from rsyncgate.admin.unused import used, without_unused
from rsyncgate.journal.record import ALLOWED, CAPTURED, POLICY_WRITTEN
from rsyncgate.policy.load import client_file, name_mistakes, settings, sound
from rsyncgate.policy.read import client_from
from rsyncgate.session.paths import real_roots

if TYPE_CHECKING:
    from rsyncgate.admin.history import History
    from rsyncgate.policy.model import Client


class Lesson:
    """A policy file before and after: `old` and `new` text, and what was `learned` if anything."""

    def __init__(self, file: str, old: str, new: str, learned: Learned) -> None:
        self.file = file
        self.old = old
        self.new = new
        self.learned = learned

    def text(self) -> str:
        """The whole of a new policy, or what changes in an old one."""
        return policy_text.diff(self.old, self.new, self.file) if self.old else self.new

    def impossible(self) -> str:
        """What no policy may allow, as comments."""
        return policy_text.refused_comments(self.learned)


def lesson(config: str, name: str, history: History, general: bool) -> Lesson:
    """What the captured requests of the client `name` add to its policy.

    `general` puts wildcards for the parts in which paths differ. Raises Refusal `configuration`
    where the policy that is there has mistakes, ValueError where it cannot be added to.
    """
    old, client = _policy(config, name)
    captured = history.get(name, {}).get(CAPTURED, [])
    learned = learn(captured, client, real_roots(client.roots()))
    if general:
        for need in learned.needs:
            generalise(need)
    file = client_file(config, name)
    return Lesson(file, old, policy_text.add(old, learned, name) if learned else old, learned)


def pruning(config: str, name: str, history: History) -> Lesson:
    """The policy of the client `name` without what no request in `history` needed."""
    old, client = _policy(config, name)
    seen = [*history.get(name, {}).get(ALLOWED, []), *history.get(name, {}).get(CAPTURED, [])]
    uses = used(seen, client, real_roots(client.roots()))
    return Lesson(client_file(config, name), old, without_unused(old, uses), Learned())


def write(config: str, name: str, taught: Lesson) -> str:
    """Puts the new policy in place of the old one, which is kept beside it; returns a sentence.

    Raises Refusal `configuration` if the new one has mistakes: then nothing is changed.
    """
    host, _ = settings(config)
    if taught.new == taught.old:
        return f"{taught.file} needs no change"
    sound(client_from(taught.new, name, host.rsync)[1])
    os.makedirs(os.path.dirname(taught.file), mode=0o755, exist_ok=True)
    kept = ""
    uid, gid, mode = os.geteuid(), os.getegid(), 0o644
    if taught.old:
        found = os.stat(taught.file)
        uid, gid, mode = found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)
        replace(f"{taught.file}.old", taught.old, mode, (uid, gid))
        kept = f"; the old one is {taught.file}.old"
    replace(taught.file, taught.new, mode, (uid, gid))
    note_act(host.journal, POLICY_WRITTEN, syslog=host.syslog, client=name, file=taught.file)
    return f"{taught.file} is written{kept}"


def _policy(config: str, name: str) -> tuple[str, Client]:
    """The text of a client's policy, "" if there is none, and the client it makes."""
    sound(name_mistakes(name))
    host, mistakes = settings(config)
    sound(mistakes)
    file, text = client_file(config, name), ""
    try:
        with open(file, encoding="utf-8", newline="") as stream:
            text = stream.read()
    except FileNotFoundError:
        pass
    except UnicodeDecodeError as error:
        sound([f"{file}: is no TOML: {error}"])
    client, mistakes = client_from(text, name, host.rsync)
    sound(mistakes)
    client.networks = ()  # a captured request came from where it came from
    return text, client
