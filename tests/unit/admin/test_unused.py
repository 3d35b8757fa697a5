# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""What no request needed goes, and everything that was needed stays allowed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rsyncgate.admin.history import Seen
from rsyncgate.admin.unused import used, without_unused
from unit.admin.captures import client, pull, refused

POLICY = """\
hide = ["/srv/private"]  # never

# The web site.
[[allow]]
paths = ["/srv", "/srv/www", "/etc"]  # three
options = [
  "-vlogDtprxz",  # as -a sends it
  "--numeric-ids",
  # no more than
  "--bwlimit=10*",
  "--bwlimit=20*",
  "--suffix OLD",
]

# Bob's mail.
[[allow]]
paths = ["/home/bob"]

# Ask bob.

# Anything.
[[allow]]
paths = ["/home/*/x"]
"""


def pruned(text: str, *requests: Seen) -> str:
    """The policy `text` without what `requests` did not need; it has no mistakes."""
    left = without_unused(text, used(list(requests), client(text)))
    client(left)
    return left


def test_rules_paths_and_options_go() -> None:
    """Of a rule that was needed stay the paths, letters and values that were, with the comments."""
    requests = [pull("-rt --bwlimit=100", "/srv/www/x"), pull("-rp", "/etc/")]
    assert pruned(POLICY, *requests) == (
        'hide = ["/srv/private"]  # never\n\n# The web site.\n[[allow]]\n'
        'paths = ["/srv/www", "/etc"]  # three\n'
        'options = [\n  "-vtpr",  # as -a sends it\n'
        "  # no more than\n"
        '  "--bwlimit=10*",\n  "--suffix OLD",\n]\n\n# Ask bob.\n\n'
    )


def test_what_was_needed_stays() -> None:
    """A policy of which everything was needed is the same byte for byte."""
    text = '[[allow]]\npaths = ["/srv/", "/srv/db/*"]\noptions = ["-a", "-B1024", "-e.iLs", "-D"]\n'
    requests = [pull("-logDtpr -B1024", "/srv/x"), pull("-D", "/srv/db/1"), pull("-r", "/srv/db/*")]
    assert pruned(text, *requests) == text


def test_nothing_was_needed() -> None:
    """Without any request nothing is left that allows anything; other keys and comments are."""
    left = pruned(POLICY)
    assert client(left).rules == ()
    assert left == 'hide = ["/srv/private"]  # never\n\n# Ask bob.\n\n'


def test_the_narrowest_root_is_what_was_needed() -> None:
    """Of nested roots the inner one was needed, and the outer one for what is beside it."""
    text = '[[allow]]\npaths = ["/", "/srv", "/srv/www"]\n'
    assert client(pruned(text, pull("-r", "/srv/www/a"))).roots() == ("/srv/www",)
    assert client(pruned(text, pull("-r", "/srv/www/a", "/srv"))).roots() == ("/srv", "/srv/www")
    assert client(pruned(text, pull("-r", "/"))).roots() == ("/",)


@pytest.mark.parametrize("text", ['allow = [{paths = ["/a"]}]', "allow = []"])
def test_rules_in_one_list(text: str) -> None:
    """Rules that are no [[allow]] tables are not guessed at; none are none."""
    if "paths" in text:
        with pytest.raises(ValueError, match="write them so first"):
            pruned(text)
    else:
        assert pruned(text) == text


words = st.sampled_from(["-r", "-logDtpr", "-vz", "--numeric-ids", "--bwlimit=100", "-L"])
places = st.sampled_from(["/srv", "/srv/www", "/srv/www/a", "/etc", "/home/bob", "/home/al/x"])


@settings(max_examples=60)
@given(st.lists(st.tuples(st.lists(words, max_size=3), st.lists(places, min_size=1, max_size=2))))
def test_every_request_keeps_its_verdict(asked: list[tuple[list[str], list[str]]]) -> None:
    """What was allowed is allowed without the unused parts, and what was refused is refused."""
    requests = [pull(" ".join(some), *where) for some, where in asked]
    before, after = client(POLICY), client(pruned(POLICY, *requests))
    assert [not refused(one, before) for one in requests] == [
        not refused(one, after) for one in requests
    ]
