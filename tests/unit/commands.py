# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Commands and rules for the properties: sound ones and odd ones, as hypothesis draws them."""

from __future__ import annotations

from itertools import chain

from hypothesis import strategies as st

from unit.conftest import PULL

# Words as they stand on a command line, with their quotes: some that most rules allow, then others.
OPTIONS = ["-logDtpr", "-vn", "-r", "-z", "-B7", "-0", "-e.iLsfx", "-x\\R", "--bwlimit=5", "-T~"]
OPTIONS += ["--bwlimit=", "--bwlimit '5'", "--suffix=*", "--temp-dir ~", "-T\\ /x", "-M -r"]
OPTIONS += ["--exclude 'a*'", "--exclude a*", "--exclude=a?", "--exclude-from data/b*", "-B\\ 7"]
OPTIONS += ["--exclude-from=data/a", "--files-from=data/a", "--files-from d*/a", "-M--log-file=x"]
OPTIONS += ["--exclude-from=x"]
ODD_OPTIONS = ["-L", "-k", "--files-from x", "--suffix", "-B -r", "'-B' 7"]
ODD_OPTIONS += ["--log-file=x", "--log-file x", "--daemon", "--remove-source-files", "-f 'merge x'"]
ODD_OPTIONS += ["--sender", "--server", "--bogus", "--verbose=1", "--bwlimit=x", "-x-y", "-B=7"]
PATHS = ["data", "data/", "data/*", "data/[ab]*", "'data/b c'", "data/b\\ c", "d*/b*", "data/\\*"]
PATHS += ["data/in/", "data/in", "data/*/*", "data/./a", "data/out", "data/out/", "data/~"]
PATHS += ['"data/b c"', "data/no*", "data/no"]
ODD_PATHS = ["~/data", "~root", "'~'/x", "d*", "*", "''", "data/out/*", "data/x", "é", "'data/*'"]
ODD_PATHS += ["-r", "./-r", "-", "--", "x", "7", ".", "/etc/passwd", "data/../x"]
EVERY_OPTION = ["-logDtprLkz0xyvnR", "-B*", "-T*", "-M*", "--bwlimit=*", "--suffix=*"]
EVERY_OPTION += ["--exclude=*", "--exclude-from=*", "--files-from=*"]


UNLIKE = {"data/*", "data/*/*", "data/[ab]*", "data/out/*", "*", "data/\\*"}
"""What rsync globs in another way: in the directory's own order, and with its backslash if nothing
fits."""


def some(words: list[str], odd: list[str], few: int) -> st.SearchStrategy[list[str]]:
    """A few of `words`, and at times an odd one among them."""
    often = st.lists(st.sampled_from(words), min_size=few, max_size=3)
    return often | often | st.permutations([*words[::8], *odd]).map(lambda all_: all_[:2])


def pulls(*pools: list[str]) -> st.SearchStrategy[str]:
    """Commands with words of `pools`: options and odd ones, paths and odd ones."""
    options, paths = some(pools[0], pools[1], few=0), some(pools[2], pools[3], few=1)
    return st.tuples(options, paths).map(lambda two: " ".join([PULL, *two[0], ".", *two[1]]))


POOLS = (OPTIONS, ODD_OPTIONS, PATHS, ODD_PATHS)
COMMANDS = pulls(*POOLS)
ON_STDIN = pulls(*([word for word in pool if word not in UNLIKE] for pool in POOLS))
WORDS = st.lists(st.sampled_from([*PULL.split(), *chain(*POOLS)])).map(
    lambda words: " ".join([PULL, *words])
)
ROOTS = ["/", "{}", "{}/data", "{}/d*", "{}/data/out", "{}/data/in", "{}/../out", "{}/../out/b"]
Drawn = tuple[list[str], list[str] | None]
RULES: st.SearchStrategy[Drawn] = st.tuples(
    st.lists(st.sampled_from(ROOTS), min_size=1, max_size=2),
    st.sampled_from([None, EVERY_OPTION, EVERY_OPTION, ["-r"]]),
)
