# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The arguments that a `-s` client sends on stdin, after its command line.

`--secluded-args` (once `--protect-args`): each argument ends in a NUL, the first is rsync's own
name, an empty one ends the block, and the protocol follows directly. rsync's side of it is
`read_args()` in io.c. Not one byte past the end may be taken: the rest belongs to rsync.
"""

from __future__ import annotations

from rsyncgate.refusal import Refusal
from rsyncgate.rsync.request import Request, with_block
from rsyncgate.rsync.words import Word, secluded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

LIMIT = 256 * 1024
"""Longest block accepted, in bytes: twice what Linux allows for one argument."""


def with_stdin(request: Request, block: bytes) -> Request:
    """`request` with the arguments in `block`, in the character set that its --iconv names.

    Raises Refusal as words() does.
    """
    charset = request.values("--iconv")
    return with_block(request, words(block, charset[-1] if charset else None))


def arguments_of(block: bytes) -> list[str]:
    """What a whole block holds, rsync's own name included, as the journal keeps it."""
    return block.decode("utf-8", "surrogateescape")[:-2].split("\0")


def block_of(arguments: Sequence[str]) -> bytes:
    """The block that held these arguments: the way back from arguments_of()."""
    return "\0".join([*arguments, "", ""]).encode("utf-8", "surrogateescape")


def words(block: bytes, charset: str | None) -> list[Word]:
    """The words of a whole block, without rsync's own name.

    rsync globs what stands behind the first "." and takes what stands before it as it is.
    `charset` is the value of the client's `--iconv`: rsync converts the arguments from UTF-8 to it
    (`RL_CONVERT`); without the option the bytes stay as they are.
    Raises Refusal `secluded` where the block does not hold what rsync clients send.
    """
    arguments, end, rest = block.partition(b"\0\0")
    if block[:1] == b"\0" or not end or rest:
        raise Refusal("secluded", "-s", "announced arguments on stdin, and they came damaged")
    texts = [_decode(_convert(arg, charset)) for arg in arguments.split(b"\0")[1:]]
    dot = texts.index(".") if "." in texts else len(texts)
    plain = [Word(text, frozenset(range(len(text)))) for text in texts[:dot]]
    return plain + [secluded(text) for text in texts[dot:]]


def _decode(arg: bytes) -> str:
    return arg.decode("utf-8", "surrogateescape")


def _convert(arg: bytes, charset: str | None) -> bytes:
    if charset is None or charset in ("", ".", "-") or arg.isascii():
        return arg
    try:
        converted = arg.decode("utf-8").encode(charset)
    except (LookupError, ValueError) as error:
        raise Refusal("bad-value", f"--iconv={charset}", "cannot express a path that came with it",
                      detail=str(error)) from None  # fmt: skip
    if b"\0" in converted:
        raise Refusal("bad-value", f"--iconv={charset}", "is no character set for paths")
    return converted
