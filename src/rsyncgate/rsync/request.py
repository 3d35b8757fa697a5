# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""What the client asked for: the words of its command in rsync's own grammar.

rsync's server reads its arguments with popt: options may stand anywhere before a `--`, a short
option may share a word with others, an argument may be attached or be the next word, whatever that
word looks like. `server_argv` is the way back: the argv that the gate hands to rsync.
"""

from __future__ import annotations

from rsyncgate.refusal import Refusal
from rsyncgate.rsync.options import EXECUTES, READS, Option, option_for
from rsyncgate.rsync.words import Word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

SENDER = "sender"
RECEIVER = "receiver"
DAEMON = "daemon"
OTHER = "other"
"""The roles a command can ask for; OTHER is any command that starts no rsync server."""

POPT_NEXT = "!#:+"
"""popt's expandNextArg() replaces this in a value by the next argument that is no option."""


class Token:
    """One option as it stood on the line.

    `option` is its row of the table, None where there is none; `spelling` how it was written;
    `value` its argument or None; `joint` what stood between the two ("", "=" or " "); `word` the
    number of the word it came from, by which letters of one bundle stay together; `source` the
    word that the value was, where it was a word of its own: it may hold live characters.
    """

    __slots__ = ("joint", "option", "source", "spelling", "value", "word")

    def __init__(
        self,
        option: Option | None,
        spelling: str,
        value: str | None,
        joint: str,
        word: int,
        source: Word | None = None,
    ) -> None:
        self.option = option
        self.spelling = spelling
        self.value = value
        self.joint = joint
        self.word = word
        self.source = source

    def with_value(self, value: str) -> Token:
        """This option with another value."""
        return Token(self.option, self.spelling, value, self.joint, self.word)

    def text(self) -> str:
        """The option as a person would write it."""
        return self.spelling if self.value is None else self.spelling + self.joint + self.value


class Request:
    """A parsed command.

    `program` holds the words before rsync's arguments, `tokens` the options in their order, `args`
    the other arguments (the first of a sender is "."), `faults` what is wrong with the grammar.
    `secluded` says that the rest comes on stdin. For the role OTHER there is `program` alone.
    """

    __slots__ = ("args", "faults", "program", "role", "secluded", "tokens")

    def __init__(
        self,
        program: tuple[str, ...],
        role: str,
        tokens: tuple[Token, ...] = (),
        args: tuple[Word, ...] = (),
        faults: tuple[Refusal, ...] = (),
        secluded: bool = False,
    ) -> None:
        self.program = program
        self.role = role
        self.tokens = tokens
        self.args = args
        self.faults = faults
        self.secluded = secluded

    @property
    def paths(self) -> tuple[Word, ...]:
        """The paths asked for: all arguments but the "." before them."""
        return self.args[1:]

    def has(self, *names: str) -> bool:
        """Whether any of the options, given by their table names, was sent."""
        return any(t.option is not None and t.option.name in names for t in self.tokens)

    def values(self, name: str) -> list[str]:
        """Every value that the option of this table name was sent with."""
        return [
            t.value
            for t in self.tokens
            if t.option is not None and t.option.name == name and t.value is not None
        ]


def parse(words: list[Word]) -> Request:
    """The Request that `words` make. Never raises: what is wrong is in `faults`."""
    texts = [word.text for word in words]
    if "--server" not in texts:
        role = DAEMON if "--daemon" in texts else OTHER
        return Request(tuple(texts), role)
    start = _program_end(texts)
    tokens, args, faults = arguments(words[start:])
    return _request(tuple(texts[:start]), tokens, args, faults)


def with_block(request: Request, block: list[Word]) -> Request:
    """`request` with the arguments that its -s client sent on stdin, as if never secluded.

    rsync parses both lines into one state (main.c), the one on stdin last.
    """
    after = 2 + max(t.word for t in request.tokens)  # no word of the block follows on the line's
    tokens, args, faults = arguments(block, first_word=after)
    if request.args:
        stray = "stands beside -s, which sends every path on stdin"
        faults.insert(0, Refusal("secluded", request.args[0].text, stray))
    kept = [t for t in request.tokens if not (t.option and t.option.name == "--secluded-args")]
    merged = _request(request.program, kept + tokens, args, [*request.faults, *faults])
    if merged.secluded:
        merged.faults = (*merged.faults, Refusal("secluded", "-s", "is sent on stdin once more"))
    return merged


def _request(
    program: tuple[str, ...], tokens: list[Token], args: list[Word], faults: list[Refusal]
) -> Request:
    known = [token.option for token in tokens if token.option is not None]
    names = [option.name for option in known]
    secluded = False
    for name in names:
        if name in ("--secluded-args", "--no-secluded-args"):
            secluded = name == "--secluded-args"
    role = RECEIVER
    if any(option.effect == EXECUTES for option in known):
        role = DAEMON
    elif _is_sender(tokens):
        role = SENDER
    if not secluded and (not args or args[0].text != "."):
        first = args[0].text if args else ""
        faults = [*faults, Refusal("missing-dot", first, _no_dot(first))]
    if role == SENDER:
        faults = [*faults, *_upward(tokens, args)]
    return Request(program, role, tuple(tokens), tuple(args), tuple(faults), secluded)


def _is_sender(tokens: list[Token]) -> bool:
    """Whether --sender is the word after --server, where server_options() puts it.

    Anywhere else a push client smuggled it in, or wants to write to a path of that name.
    """
    for n, token in enumerate(tokens[:-1]):
        if token.spelling == "--server":
            after = tokens[n + 1]
            return after.spelling == "--sender" and after.word == token.word + 1
    return False


def _upward(tokens: list[Token], args: list[Word]) -> list[Refusal]:
    """The faults of paths to read, of a sender's arguments or options, with ".." in them."""
    paths = [(word.text, word.text) for word in args[1:]]
    paths += [(t.value or "", t.text()) for t in tokens if t.option and t.option.effect == READS]
    because = 'has a ".." in it, which no path may have'
    return [Refusal("dot-dot", shown, because) for path, shown in paths if ".." in path.split("/")]


def _no_dot(first: str) -> str:
    if first:
        return 'stands where rsync clients send ".", the directory to start from'
    return 'the "." that rsync clients send before the paths is missing'


def _program_end(texts: list[str]) -> int:
    """Where rsync's arguments begin: after the last word before `--server` that is no option."""
    end = texts.index("--server")
    while end and texts[end - 1].startswith("-"):
        end -= 1
    return end


def arguments(
    words: list[Word], first_word: int = 0
) -> tuple[list[Token], list[Word], list[Refusal]]:
    """Options, other arguments and faults of `words`, read as popt reads them."""
    tokens: list[Token] = []
    args: list[Word] = []
    faults: list[Refusal] = []
    rest = iter(words)
    for number, word in enumerate(rest, first_word):
        text = word.text
        if text == "--":
            args += rest
            break
        if text[:1] != "-" or text == "-":
            args.append(word)
            continue
        read = _long(text, number) if text[:2] == "--" else _bundle(text, number)
        last = read[-1]
        if last.option and last.option.takes and last.value is None:
            last.source = next(rest, None)
            if last.source is None:
                faults.append(Refusal("bad-value", last.spelling, "lacks its value"))
            else:
                last.value, last.joint = last.source.text, " "
        tokens += read
        faults += [fault for token in read for fault in _token_faults(token)]
    return tokens, args, faults


def _long(text: str, number: int) -> list[Token]:
    name, equals, value = text.partition("=")
    return [Token(option_for(name), name, value if equals else None, equals, number)]


def _bundle(text: str, number: int) -> list[Token]:
    """The letters of a word like `-vlogDtpre.iLsfxCIvu`: one with an argument takes the rest."""
    tokens: list[Token] = []
    for i, letter in enumerate(text[1:], 2):
        option = option_for("-" + letter)
        value = text[i:] if option and option.takes and text[i:] else None
        tokens.append(Token(option, "-" + letter, value, "", number))
        if value is not None:
            break
    return tokens


def _token_faults(token: Token) -> list[Refusal]:
    option, value = token.option, token.value
    if option is None:
        return [Refusal("unknown-option", token.spelling, "is no option of an rsync server")]
    if value is None:
        return []
    if not option.takes:
        return [Refusal("bad-value", token.text(), "has a value, and the option takes none")]
    if POPT_NEXT in value:
        return [Refusal("bad-value", token.text(), "would take in the argument after it")]
    if option.name == "--rsh" and not _is_client_info(value):
        return [Refusal("bad-value", token.text(), "is not what an rsync client says of itself")]
    if token.joint == "" and value[:1] == "=":
        return [Refusal("bad-value", token.text(), "has a value that rsync versions read apart")]
    return []


def _is_client_info(value: str) -> bool:
    """Whether `value` is an `e` tail like `.iLsfxCIvu` or `32.0.LsfxCIvu` (rsync's compat.c)."""
    version, dot, letters = value.rpartition(".")
    digits = version.replace(".", "", 1)
    return (
        dot == "."
        and (letters == "" or (letters.isascii() and letters.isalpha()))
        and (version == "" or (digits.isascii() and digits.isdigit()))
    )


def option_words(tokens: tuple[Token, ...]) -> list[str]:
    """`tokens` as words again, letters that shared a word in one word."""
    words: list[str] = []
    bundle = -1
    for token in tokens:
        short = token.spelling[:2] != "--"
        if short and token.word == bundle:
            words[-1] += token.spelling[1:]
        else:
            words.append(token.spelling)
        bundle = token.word if short else -1
        if token.value is not None and token.joint == " ":
            words.append(token.value)
        elif token.value is not None:
            words[-1] += token.joint + token.value
    return words


def server_argv(request: Request, names: list[str], added: Sequence[str] = ()) -> list[str]:
    """The argv for rsync: a sender's `request`, the `names` its paths stand for, options `added`.

    `--` before the dot keeps every name from being an option, whatever a wildcard stood for.
    """
    sent = tuple(t for t in request.tokens if t.option and t.option.name not in _PLACED)
    dot = [request.args[0].text]
    return ["rsync", "--server", "--sender", *option_words(sent), *added, "--", *dot, *names]


_PLACED = ("--server", "--sender", "--secluded-args", "--no-secluded-args")
