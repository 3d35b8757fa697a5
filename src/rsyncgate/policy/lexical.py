"""A request located without its server: what the journal says of it is all there is.

For learning, replaying and auditing, on the same host or another. Pure.
"""

from __future__ import annotations

import os

from rsyncgate.policy.model import Located, Source
from rsyncgate.rsync.options import PATH, READS
from rsyncgate.rsync.request import SENDER, Request
from rsyncgate.rsync.words import Word


def locate(request: Request, home: str, real: dict[str, str]) -> Located:
    """`request` with its paths made absolute from `home`.

    `real` maps the names that symlinks led elsewhere to where they led. Wildcards stay as they are:
    a root that covers the pattern covers all it stands for.
    """
    if request.role != SENDER:
        return Located(request)
    paths = request.paths or (Word(""),)
    sources = tuple(_source(word, home, real) for word in paths)
    lists = tuple(
        _source(Word(token.value), home, real)
        for token in request.tokens
        if token.option is not None
        and (token.option.effect, token.option.takes) == (READS, PATH)
        and token.value not in (None, "-")
    )
    return Located(request, sources, lists)


def _source(word: Word, home: str, real: dict[str, str]) -> Source:
    name = home + word.text[1:] if word.tilde() == "~" else word.text
    return Source(word.text, name, real.get(name) or absolute(name, home))


def absolute(name: str, home: str) -> str:
    """`name` from `home` on, without doubled slashes, "." and a trailing slash."""
    return "/" + os.path.normpath(os.path.join(home, name)).lstrip("/")
