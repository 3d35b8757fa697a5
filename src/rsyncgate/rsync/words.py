# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""A command line split into words, exactly as the remote POSIX shell would have split it.

sshd hands `SSH_ORIGINAL_COMMAND` to a shell where no forced command stands in between. The gate
never starts one, so it does the shell's part: quotes, backslashes, blanks (POSIX XCU 2.2, 2.3).
Everything else that a shell acts on is refused. Text is UTF-8 with surrogateescape throughout, so
any byte survives.
"""

from __future__ import annotations

from rsyncgate.refusal import Refusal

SYNTAX = {
    ";": "ends the command",
    "&": "starts a second command",
    "|": "starts a pipe",
    "<": "reads from a file",
    ">": "writes to a file",
    "$": "expands a variable or runs a command",
    "`": "runs a command",
    "(": "starts a subshell",
    ")": "ends a subshell",
    "{": "starts a brace expansion",
    "}": "ends a brace expansion",
    "\n": "starts a second command",
}
"""Characters that a shell acts on when they are not quoted, with what it would do."""

NOTHING: frozenset[int] = frozenset()


class Word:
    """One word: its text without the quotes, and which of its characters were quoted.

    A `* ? [ ]` or `~` at a position in `quoted` is an ordinary character; elsewhere it is live.
    `dots` says whether a live wildcard matches a leading dot: a shell's does not, rsync's own does.
    """

    __slots__ = ("dots", "quoted", "text")

    def __init__(self, text: str, quoted: frozenset[int] = NOTHING, dots: bool = False) -> None:
        self.text = text
        self.quoted = quoted
        self.dots = dots

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Word) and (self.text, self.quoted, self.dots) == (
            other.text,
            other.quoted,
            other.dots,
        )

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"Word({self.text!r}, quoted={sorted(self.quoted)})"

    def live(self, characters: str) -> bool:
        """Whether any of `characters` stands in the word unquoted."""
        return any(c in characters and i not in self.quoted for i, c in enumerate(self.text))

    def tilde(self) -> str | None:
        """The live tilde-prefix ("~" or "~user"), or None. A quote anywhere in it makes it text."""
        if not self.text.startswith("~"):
            return None
        end = self.text.find("/")
        prefix = self.text if end < 0 else self.text[:end]
        return None if any(i in self.quoted for i in range(len(prefix))) else prefix


def split(command: str) -> list[Word]:
    """The words of `command`.

    Raises Refusal: `shell-syntax`, `control-character` or `unbalanced-quote`, naming the character.
    """
    words: list[Word] = []
    text: list[str] = []
    quoted: set[int] = set()
    begun = False  # an empty pair of quotes is a word too
    i = 0
    while i < len(command):
        c = command[i]
        if c == "\\":
            i += 1
            if i == len(command):
                raise Refusal("unbalanced-quote", "\\", "at the end of the command quotes nothing")
            _keep(command[i], text, quoted)
            begun = True
        elif c == "'" or c == '"':
            i = _quotation(command, i, text, quoted)
            begun = True
        elif c == " " or c == "\t":
            if begun:
                words.append(Word("".join(text), frozenset(quoted)))
                text, quoted, begun = [], set(), False
        elif c in SYNTAX or (c == "#" and not begun):
            does = SYNTAX.get(c, "starts a comment")
            raise Refusal("shell-syntax", c, f"is shell syntax that {does}; quote it if it is text")
        else:
            _printable(c)
            text.append(c)
            begun = True
        i += 1
    if begun:
        words.append(Word("".join(text), frozenset(quoted)))
    return words


def _quotation(command: str, start: int, text: list[str], quoted: set[int]) -> int:
    """Takes in the quotation that opens at `start`; returns the position of its closing quote."""
    mark = command[start]
    i = start + 1
    while i < len(command):
        c = command[i]
        if c == mark:
            return i
        if mark == '"':
            if c in "$`":
                raise Refusal(
                    "shell-syntax", c, f"is shell syntax that {SYNTAX[c]}, also in quotes"
                )
            if c == "\\" and command[i + 1 : i + 2] in ("$", "`", '"', "\\", "\n"):
                i += 1
                c = command[i]
        _keep(c, text, quoted)
        i += 1
    raise Refusal("unbalanced-quote", mark, "opens a quotation that never ends")


def _keep(c: str, text: list[str], quoted: set[int]) -> None:
    _printable(c)
    quoted.add(len(text))
    text.append(c)


def _printable(c: str) -> None:
    if c < " " or c == "\x7f":
        raise Refusal("control-character", c, "is a control character, which no word may hold")


def secluded(text: str) -> Word:
    """A word of the block that a -s client sends: nothing is quoted, rsync globs it itself.

    In a path component with a wildcard a backslash quotes the next character, in others it is a
    character (rsync's `glob_match()` calls `wildmatch()` for the former only). No `~` is live.
    """
    if not any(c in text for c in "*?[~"):
        return Word(text, NOTHING, dots=True)
    out: list[str] = []
    quoted: set[int] = set()
    for n, component in enumerate(text.split("/")):
        if n:
            out.append("/")
        wild = any(c in component for c in "*?[")
        i = 0
        while i < len(component):
            if wild and component[i] == "\\" and i + 1 < len(component):
                i += 1
                quoted.add(len(out))
            out.append(component[i])
            i += 1
    if out and out[0] == "~":
        quoted.add(0)
    return Word("".join(out), frozenset(quoted), dots=True)


def quote(text: str) -> str:
    """`text` as one word of a POSIX shell, in the plainest way."""
    if text and all(c.isalnum() or c in "%+,-./:=@_" for c in text):
        return text
    return "'" + text.replace("'", "'\\''") + "'"
