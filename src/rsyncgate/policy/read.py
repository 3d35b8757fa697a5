# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""gate.toml and a client's file, read and checked: every mistake with file, key and what to write.

A file that anyone but root or the running user can change is not read.
"""

from __future__ import annotations

import os
import stat
import tomllib

from rsyncgate.policy.model import Client, Rule, Settings
from rsyncgate.policy.schema import CLIENT, GATE, RULE, Key, Mistake
from rsyncgate.refusal import show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def settings(file: str) -> tuple[Settings, list[str]]:
    """The Settings in `file`, a gate.toml, and the mistakes in it; defaults stand in for those.

    The file may be missing. Never raises, so that a refusal always finds a journal.
    """
    mistakes: list[str] = []
    config = os.path.dirname(file)
    try:
        if os.path.isdir(config):
            _guard(config, os.stat(config))
        table = _read(file)
    except FileNotFoundError:
        table = {}
    except Mistake as mistake:
        table = {}
        mistakes.append(str(mistake))
    return Settings(**_values(table, GATE, file, "", mistakes)), mistakes


def client(file: str, name: str, rsync: str) -> tuple[Client, list[str]]:
    """The Client `name` in `file`, and the mistakes there; with any it must not be used.

    `rsync` is the configured program, by whose path a client may call it too.
    """
    mistakes: list[str] = []
    try:
        return _client(_read(file), name, rsync, file, mistakes), mistakes
    except FileNotFoundError:
        mistakes.append(f"{file}: does not exist; write the policy of {name} there")
    except Mistake as mistake:
        mistakes.append(str(mistake))
    return Client(name), mistakes


def client_from(text: str, name: str, rsync: str) -> tuple[Client, list[str]]:
    """The Client that the policy `text` would make, and the mistakes in it."""
    mistakes: list[str] = []
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # as _read() has it
        return Client(name), [f"{name}: is no TOML: {error}"]
    return _client(table, name, rsync, name, mistakes), mistakes


def _client(table: dict[str, Any], name: str, rsync: str, file: str, mistakes: list[str]) -> Client:
    tables = table.pop("allow", [])
    values = _values(table, CLIENT, file, "", mistakes, also=("allow",))
    if not isinstance(tables, list) or not all(isinstance(t, dict) for t in tables):
        mistakes.append(f"{file}: allow: is no list of rules; begin each with [[allow]]")
        tables = []
    rules = tuple(_rule(t, n, file, mistakes) for n, t in enumerate(tables, 1))
    networks, named, probes = (values.pop(key) for key in ("from", "programs", "probes"))
    programs = (("rsync",), (rsync,), *named)
    for probe in probes:
        if len(probe) > 1 and probe[:-1] not in programs:
            asked = show(" ".join(probe[:-1]))
            mistakes.append(f"{file}: probes: {asked} is no program of this client; add it there")
    return Client(name, networks, programs, probes, rules, **values)


def _rule(table: dict[str, Any], number: int, file: str, mistakes: list[str]) -> Rule:
    where = f"allow[{number}]."
    values = _values(table, RULE, file, where, mistakes)
    if not table.get("paths"):
        mistakes.append(f'{file}: {where}paths: is missing; name a directory, as in ["/srv"]')
    return Rule(number, values["paths"], values["options"])


def _values(
    table: dict[str, Any],
    keys: tuple[Key, ...],
    file: str,
    where: str,
    mistakes: list[str],
    also: tuple[str, ...] = (),
) -> dict[str, Any]:
    """The checked value of each key; what is wrong goes to `mistakes`, the default stands in."""
    values = {key.name: key.default for key in keys}
    allowed = sorted((*values, *also))
    for name in table:
        if name not in allowed:
            known = ", ".join(allowed)
            mistakes.append(f"{file}: {where}{name}: is no key here; the keys are {known}")
    for key in keys:
        if key.name not in table:
            continue
        try:
            values[key.name] = _checked(key, table[key.name])
        except Mistake as mistake:
            mistakes += [f"{file}: {where}{key.name}{line}" for line in mistake.args]
    return values


def _checked(key: Key, value: Any) -> Any:
    if not key.each:
        try:
            return key.check(value)
        except Mistake as mistake:
            raise Mistake(f": {mistake}") from None
    if not isinstance(value, list):
        raise Mistake(": is no list; put the value in [ ]")
    items, wrong = [], []
    for n, item in enumerate(value, 1):
        try:
            items.append(key.check(item))
        except Mistake as mistake:
            wrong.append(f"[{n}]: {mistake}")
    if wrong:
        raise Mistake(*wrong)
    return tuple(items)


def _read(file: str) -> dict[str, Any]:
    """The TOML of `file`. Raises FileNotFoundError, or Mistake where it cannot be trusted."""
    try:
        with open(file, "rb") as stream:
            _guard(file, os.fstat(stream.fileno()))
            folder = os.path.dirname(file)
            _guard(folder, os.stat(folder))
            return tomllib.load(stream)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Mistake(f"{file}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:  # an integer too long is a plain ValueError
        raise Mistake(f"{file}: is no TOML: {error}") from None


def _guard(path: str, found: os.stat_result) -> None:
    """Raises Mistake where someone but root or the running user can change what was `found`."""
    if found.st_uid not in (0, os.geteuid()):
        raise Mistake(f"{path}: belongs to uid {found.st_uid}; make it root's: chown root {path}")
    if stat.S_IMODE(found.st_mode) & 0o022:
        raise Mistake(f"{path}: others can write to it; take that away: chmod go-w {path}")
