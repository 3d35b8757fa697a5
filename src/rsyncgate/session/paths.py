# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""What the paths of a request mean on this server: `~`, wildcards and symlinks resolved.

Does the remote shell's part (tilde and wildcard expansion), and rsync's for -s clients. Nothing
outside the client's roots is looked into, so that no answer depends on what is there.
"""

from __future__ import annotations

import posix
import pwd

from rsyncgate.pathname import is_file, is_link, join, mode_at, split
from rsyncgate.policy.model import Located, Source, names_file
from rsyncgate.policy.roots import escape, instance, is_pattern, leads_to, literal_part
from rsyncgate.refusal import Refusal
from rsyncgate.rsync.options import FOLLOWING
from rsyncgate.rsync.request import SENDER, Request, Token
from rsyncgate.rsync.words import Word
from rsyncgate.session.places import find, mode_of, realpath


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
    sources = [source for word in paths for source in view.sources(word, follow)]
    lists = tuple(view.file(token) for token in request.tokens if names_file(token))
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
        names = view.expand(token.source)
        if len(names) > 1:
            raise Refusal("bad-value", token.text(), "has a wildcard for a value that fits several "
                          "files")  # fmt: skip
        tokens[n] = token.with_value(names[0])
    return Request(
        request.program, request.role, tuple(tokens), request.args, request.faults, request.secluded
    )


class View:
    """The file system as one client sees it: from `home`, and nothing but what is in `roots`.

    What is `hidden` is empty: nothing below it is listed, found or followed.
    """

    __slots__ = ("expanded", "hidden", "home", "roots")

    def __init__(self, home: str, roots: tuple[str, ...], hidden: tuple[str, ...] = ()) -> None:
        self.home = home
        self.roots = roots
        self.hidden = hidden
        self.expanded = 0  # how many names its wildcards have stood for

    def sources(self, word: Word, follow: bool) -> list[Source]:
        """The paths that `word` stands for; `follow` where options make rsync follow symlinks."""
        return [Source(word.text, name, self.real(name, follow)) for name in self.expand(word)]

    def file(self, token: Token) -> Source:
        """The file that an option names for rsync to read. Raises Refusal `not-a-file`."""
        name = token.value or ""
        real = self.real(name, follow=True)
        mode = self.kind(real)
        if mode and not is_file(mode):
            raise Refusal("not-a-file", token.text(), "names something that is no regular file")
        return Source(token.text(), name, real)

    def real(self, name: str, follow: bool) -> str:
        """Where `name` leads. Its last component is followed only if rsync would follow it."""
        path = join(self.home, name)
        parent, last = split(path)
        if follow or last in ("", "."):
            return self._followed(path)
        return join(self._followed(parent), last)

    def _followed(self, path: str) -> str:
        """Where `path` leads, without a look at what a symlink in a hidden place says."""
        place = find(path, strict=False)
        place.close()
        return next((link for link, _, _ in place.links if self._covered(link)), place.real)

    def _covered(self, real: str) -> bool:
        """Whether `real` is below a hidden place."""
        return any(real.startswith(place.rstrip("/") + "/") for place in self.hidden)

    def visible(self, real: str) -> bool:
        """Whether `real` is below a root, or on the way to one with wildcards, and not hidden."""
        if self._covered(real):
            return False
        return any(instance(real, root) or leads_to(real, root) for root in self.roots)

    def expand(self, word: Word) -> list[str]:
        """The names that `word` stands for; itself where it has no live `~` or fits nothing."""
        word = _without_tilde(word)
        if not word.live("*?["):
            return [word.text]
        from rsyncgate.session.expand import fitting

        return fitting(self, word) or [word.text]

    def kind(self, real: str) -> int:
        """The mode of what is at `real`; 0 where the client may not see it, or nothing is."""
        return mode_of(real) if self.visible(real) else 0


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
