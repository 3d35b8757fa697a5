# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""What the paths of a request mean on this server: `~`, wildcards and symlinks resolved.

Does the remote shell's part (tilde and wildcard expansion), and rsync's for -s clients. Nothing
outside the client's roots is looked into, so that no answer depends on what is there.
"""

from __future__ import annotations

import posix
import pwd

from rsyncgate.pathname import is_file, is_link, join, mode_at
from rsyncgate.policy.model import Located, Source, names_file
from rsyncgate.policy.roots import escape, is_pattern, literal_part
from rsyncgate.refusal import Refusal
from rsyncgate.rsync.options import FOLLOWING
from rsyncgate.rsync.request import SENDER, Request, Token
from rsyncgate.rsync.words import Word
from rsyncgate.session.places import realpath
from rsyncgate.session.view import View


def locate(
    request: Request, roots: tuple[str, ...], home: str, hidden: tuple[str, ...] = ()
) -> Located:
    """`request` with its paths resolved, for a client that may read below `roots`.

    Relative paths start at `home`, as sshd has it; what is below a `hidden` place is not there.
    Raises Refusal: `too-many-files`, `not-a-file` or `bad-value`, naming what the client sent.
    """
    if request.role != SENDER or request.faults:
        return Located(request)
    led = real_roots(roots)
    view = View(home, tuple(led.values()), tuple(map(realpath, hidden)))
    follow = request.has(*FOLLOWING)
    request = _with_values(request, view)
    paths = request.paths or (Word(""),)  # a listing client of 2.6 sends none: the home directory
    sources = [source for word in paths for source in _sources(view, word, follow)]
    lists = tuple(_file(view, token) for token in request.tokens if names_file(token))
    return Located(request, tuple(sources), lists, led)


def real_roots(roots: tuple[str, ...]) -> dict[str, str]:
    """Where each of `roots` really leads; what follows its first wildcard stays as it is."""
    above: dict[str, str] = {}  # a thousand roots may lie in one directory
    found = {}
    for root in roots:
        literal, pattern = literal_part(root) if is_pattern(root) else (root, "")
        directory, _, name = literal.rpartition("/")
        if directory not in above:
            above[directory] = realpath(directory)
        real = literal if above[directory] == directory else join(above[directory], name)
        if is_link(mode_at(real, follow=False)):
            real = realpath(real)
        found[root] = escape(real) + pattern if pattern else real
    return found


def _with_values(request: Request, view: View) -> Request:
    """`request` with `~` and wildcards resolved in the values that were words of their own."""
    tokens = list(request.tokens)
    for n, token in enumerate(tokens):
        if token.source is None:
            continue
        names = expand(view, token.source)
        if len(names) > 1:
            raise Refusal("bad-value", token.text(), "has a wildcard for a value that fits several "
                          "files")  # fmt: skip
        tokens[n] = token.with_value(names[0])
    return Request(
        request.program, request.role, tuple(tokens), request.args, request.faults, request.secluded
    )


def _sources(view: View, word: Word, follow: bool) -> list[Source]:
    """The paths that `word` stands for; `follow` where options make rsync follow symlinks."""
    return [Source(word.text, name, view.real(name, follow)) for name in expand(view, word)]


def expand(view: View, word: Word) -> list[str]:
    """The names that `word` stands for; itself where it has no live `~` or fits nothing."""
    word = _without_tilde(word)
    if not word.live("*?["):
        return [word.text]
    from rsyncgate.session.expand import fitting

    return fitting(view, word) or [word.text]


def _file(view: View, token: Token) -> Source:
    """The file that an option names for rsync to read. Raises Refusal `not-a-file`."""
    name = token.value or ""
    real = view.real(name, follow=True)
    mode = view.kind(real)
    if mode and not is_file(mode):
        raise Refusal("not-a-file", token.text(), "names something that is no regular file")
    return Source(token.text(), name, real)


def _without_tilde(word: Word) -> Word:
    """`word` with its live tilde-prefix replaced by that user's home; as it is where there is none.

    The name comes from the account database, not from HOME.
    """
    prefix = word.tilde()
    if prefix is None:
        return word
    try:
        user = pwd.getpwnam(prefix[1:]) if prefix[1:] else pwd.getpwuid(posix.geteuid())
    except KeyError:
        return word
    home, old = user.pw_dir, len(prefix)
    moved = {n - old + len(home) for n in word.quoted}
    return Word(home + word.text[old:], frozenset({*range(len(home)), *moved}), word.dots)
