# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Which names the wildcards of a word stand for, of those that the client may see."""

from __future__ import annotations

from itertools import islice

from rsyncgate.pathname import is_directory, join, split
from rsyncgate.refusal import Refusal
from rsyncgate.rsync.wildcard import fits, is_wild, steps
from rsyncgate.rsync.words import Word
from rsyncgate.session.places import listing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from rsyncgate.rsync.wildcard import Step
    from rsyncgate.session.view import View

MAX_NAMES = 20_000
"""How many names the wildcards of one request may stand for, directories on the way included."""

NAME_MAX = 255
"""Longest component of a path; what is longer stands for itself, whatever is in it."""


def fitting(view: View, word: Word) -> list[str]:
    """The existing names that fit the wildcards of `word`, sorted.

    Raises Refusal `too-many-files` if with them those in `view` are more than MAX_NAMES.
    """
    found = [""]
    wild = False
    for component, quoted in _components(word):
        pattern = steps(component, quoted) if len(component) <= NAME_MAX else []
        live = pattern if is_wild(pattern) else None
        wild = wild or live is not None
        names = _below(view, found, component, live, word.dots)
        if wild:
            left = MAX_NAMES - view.expanded
            names = islice((name for name in names if _exists(view, name)), left + 1)
        found = [name + "/" for name in names]
        view.expanded += len(found) if wild else 0
        if view.expanded > MAX_NAMES:
            because = f"brings the names that wildcards stand for to more than {MAX_NAMES}"
            raise Refusal("too-many-files", word.text, because)
    return sorted(name[:-1] for name in found)


def _components(word: Word) -> list[tuple[str, frozenset[int]]]:
    """The path components of `word`, each with its own quoted positions."""
    found = []
    start = 0
    for component in word.text.split("/"):
        end = start + len(component)
        found.append(
            (component, frozenset(n - start for n in range(start, end) if n in word.quoted))
        )
        start = end + 1
    return found


def _below(
    view: View, prefixes: list[str], component: str, pattern: list[Step] | None, dots: bool
) -> Iterator[str]:
    """Behind each of `prefixes` what fits `pattern` there; without one, `component` itself."""
    for prefix in prefixes:
        if pattern is None:
            yield prefix + component
            continue
        for name in _listing(view, prefix, component):
            shown = name[:1] != "." or component[:1] == "." or dots
            if shown and fits(pattern, name):
                yield prefix + name


def _listing(view: View, directory: str, component: str) -> list[str]:
    """The names in `directory`, if the client may see those that fit `component`."""
    real = view.real(directory, follow=True)
    if real in view.hidden:
        return []
    if not view.visible(real) and not view.visible(join(real, component)):
        return []
    return listing(real)


def _exists(view: View, name: str) -> bool:
    directory = split(name)[1] in ("", ".")
    mode = view.kind(view.real(name, follow=directory))
    return is_directory(mode) if directory else bool(mode)
