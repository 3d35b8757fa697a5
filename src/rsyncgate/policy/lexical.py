# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""A request located without its server: what the journal says of it is all there is.

For learning, replaying and auditing, on the same host or another. Pure.
"""

from __future__ import annotations

import os

from rsyncgate.policy.model import Located, Source, names_file
from rsyncgate.policy.roots import escape, instance
from rsyncgate.rsync.request import SENDER, Request, Token
from rsyncgate.rsync.words import Word


def locate(
    request: Request, home: str, real: dict[str, str], roots: dict[str, str] | None = None
) -> Located:
    """`request` with its paths made absolute from `home`.

    `real` maps the names that symlinks led elsewhere, and the tilde-prefixes, to where they led;
    `roots` does so for the roots of the policy that will decide. A path with wildcards stays one: a
    root covers it that covers all it can stand for.
    """
    if request.role != SENDER:
        return Located(request)
    places = _Places(home, real)
    paths = request.paths or (Word(""),)
    sources = tuple(source for word in paths for source in places.sources(word))
    values = (_value(token) for token in request.tokens if names_file(token))
    lists = tuple(source for word in values for source in places.sources(word))
    return Located(request, sources, lists, roots)


def _value(token: Token) -> Word:
    """The value of an option; only one that was a word of its own has live characters."""
    text = token.value or ""
    return token.source or Word(text, frozenset(range(len(text))))


class _Places:
    def __init__(self, home: str, real: dict[str, str]) -> None:
        self.home = home
        self.real = real

    def sources(self, word: Word) -> list[Source]:
        """The path that `word` stands for, or the root that stands for all it may stand for.

        With a root come the symlinks out of it that it did stand for.
        """
        prefix = word.tilde() or ""
        start = self.real.get(prefix, self.home if prefix == "~" else prefix) if prefix else ""
        if not word.live("*?["):
            name = start + word.text[len(prefix) :]
            return [Source(word.text, name, self.real.get(name) or absolute(name, self.home))]
        name = escape(start) + "".join(
            c if c in "*?[" and n not in word.quoted else escape(c)
            for n, c in enumerate(word.text)
            if n >= len(prefix)
        )
        root = absolute(name, escape(self.home))
        strays = [
            Source(word.text, found, place)
            for found, place in self.real.items()
            if instance(absolute(found, self.home), root) and not instance(place, root)
        ]
        return [Source(word.text, name, root, pattern=True), *strays]


def absolute(name: str, home: str) -> str:
    """`name` from `home` on, without doubled slashes, "." and a trailing slash."""
    return "/" + os.path.normpath(os.path.join(home, name)).lstrip("/")
