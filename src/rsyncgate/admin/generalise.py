# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Paths that differ in a number or a date become one root with a wildcard. Pure."""

from __future__ import annotations

import re

from rsyncgate.admin.learn import Need, root_of
from rsyncgate.policy.roots import literal_part


def generalise(need: Need) -> None:
    """Replaces sibling paths of `need` by `/parent/*`; notes how many requests each stands for.

    Never by a root that begins with a wildcard: that would be most of the server.
    """
    groups: dict[str, list[str]] = {}
    for path in need.paths:
        groups.setdefault(re.sub(r"\d+", "0", path), []).append(path)
    for paths in groups.values():
        pattern = _common(paths)
        if len(paths) < 2 or literal_part(pattern)[0] == "/":
            continue
        for path in paths:
            del need.paths[path]
        need.paths[pattern] = None
        need.stands_for[pattern] = _requests(need, set(paths))


def _common(paths: list[str]) -> str:
    """The path with `*` for every component in which `paths` differ."""
    columns = zip(*(path.split("/") for path in paths), strict=True)
    return "/".join(column[0] if len(set(column)) == 1 else _star(column[0]) for column in columns)


def _star(component: str) -> str:
    return ".*" if component.startswith(".") else "*"  # a wildcard stands for no leading dot


def _requests(need: Need, paths: set[str]) -> int:
    """How many requests of `need` named one of `paths`."""
    named = 0
    for one in need.seen:
        located = one.located()
        if any(root_of(source) in paths for source in (*located.sources, *located.lists)):
            named += one.count
    return named
