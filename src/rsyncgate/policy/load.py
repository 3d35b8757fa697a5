# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The host's settings and a client's policy: as they were last read, or read anew.

Reading them takes twice as long as all the rest of a session, so what was found without a mistake
is kept while the files stay what they were.
"""

from __future__ import annotations

from rsyncgate import cache
from rsyncgate.pathname import dirname, join
from rsyncgate.policy.model import Client, Rule, Settings
from rsyncgate.refusal import Refusal, show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

CONFIG = "/etc/rsyncgate"
"""The configuration directory where `--config` names no other."""


def settings(config: str) -> tuple[Settings, list[str]]:
    """The Settings of `config`, and the mistakes in its gate.toml, as read.settings() has them."""
    files = (config, gate_file(config))
    state = cache.state_of(*files)
    known = cache.recall(files[1], state)
    if known is not None:
        return Settings(**known), []
    from rsyncgate.policy import read  # tomllib and the schema: two bare interpreters

    found, mistakes = read.settings(files[1])
    if not mistakes:
        cache.keep(files[1], files, state, _values(found))
    return found, mistakes


def client(config: str, name: str, rsync: str) -> tuple[Client, list[str]]:
    """The Client `name`, and the mistakes in its file; with any mistake it must not be used.

    `rsync` is the configured program, by whose path a client may call it too.
    """
    mistakes = name_mistakes(name)
    if mistakes:
        return Client(name), mistakes
    file = client_file(config, name)
    files = (dirname(file), file)
    state = cache.state_of(*files)
    known = cache.recall(file, state)
    if known is not None and known[0] == rsync:
        return Client(**{**known[1], "rules": tuple(Rule(*rule) for rule in known[2])}), []
    from rsyncgate.policy import read

    found, mistakes = read.client(file, name, rsync)
    if not mistakes:
        same: dict[str, Any] = {}  # marshal writes one object once, and many rules are alike
        plain = [
            (rule.number, rule.paths, same.setdefault(repr(rule.options), rule.options))
            for rule in found.rules
        ]
        values = {**_values(found), "rules": ()}
        cache.keep(file, files, state, (rsync, values, plain))
    return found, mistakes


def _values(found: Settings | Client) -> dict[str, Any]:
    return {name: getattr(found, name) for name in found.__slots__}


def gate_file(config: str) -> str:
    """Where the host's settings lie."""
    return join(config, "gate.toml")


def client_file(config: str, name: str) -> str:
    """Where the policy of the client `name` lies."""
    return join(config, f"clients/{name}.toml")


def name_mistakes(name: str) -> list[str]:
    """What keeps `name` from being a client's: it must be a plain file name."""
    plain = name.isascii() and all(c.isalnum() or c in "._-" for c in name)
    if plain and name[:1].isalnum() and len(name) <= 64:
        return []
    return [
        f"--client {show(name)}: is no client name; use up to 64 letters, digits, dots, dashes and "
        "underscores, a letter or digit first"
    ]


def sound(mistakes: list[str]) -> None:
    """Raises Refusal `configuration` with all `mistakes` for the journal, if there are any."""
    if mistakes:
        raise Refusal(
            "configuration",
            "",
            "the server's configuration is at fault; its administrator finds the reason in the "
            "journal",
            detail="; ".join(mistakes),
        )
