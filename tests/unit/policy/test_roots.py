# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Roots: which paths are one, or lie below one."""

from __future__ import annotations

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rsyncgate.policy.roots import covers, escape, instance, is_pattern, leads_to, literal_part
from rsyncgate.rsync.wildcard import matches

names = st.text("ab.*?[]\udce9", min_size=1, max_size=4).filter(lambda n: n not in (".", ".."))
paths = st.lists(names, min_size=1, max_size=4).map(lambda parts: "/" + "/".join(parts))
plain = st.text("ab.", min_size=1, max_size=3).filter(lambda n: n not in (".", ".."))
plain_paths = st.lists(plain, min_size=1, max_size=4).map(lambda parts: "/" + "/".join(parts))


@given(plain_paths, plain_paths)
def test_a_root_without_wildcards(path: str, root: str) -> None:
    """A path lies below a plain root if the root's components are its first ones."""
    below = os.path.commonpath([path, root]) == root
    assert instance(path, root) == (root if below else None)
    assert instance(path, "/") == "/"
    assert not leads_to(path, root)


@given(paths, paths)
def test_an_instance_is_the_beginning_of_the_path(path: str, root: str) -> None:
    """What a root stands for is as deep as the root, fits it, and the path is it or below it."""
    found = instance(path, root)
    if found is None:
        return
    assert os.path.commonpath([path, found]) == found
    assert len(found.split("/")) == len(root.split("/"))
    assert instance(found, root) == found
    for part, name in zip(root.split("/"), found.split("/"), strict=True):
        assert part == name or (is_pattern(part) and matches(part, name))
        assert name[:1] != "." or part[:1] == "."


@given(paths, names)
def test_an_escaped_path_is_itself(path: str, name: str) -> None:
    """The escaped root stands for the path; bytes that are no UTF-8 alone are not told apart."""
    root = escape(path)
    assert instance(path, root) is not None
    assert instance(f"{path}/{name}", root) is not None
    if "\udce9" not in path:
        other = path.rpartition("/")[0] + "/" + name
        assert (instance(other, root) is None) == (other != path)


@given(paths, paths)
def test_what_leads_to_a_root(path: str, root: str) -> None:
    """A directory leads to a root with wildcards if it is beyond the literal part and not below."""
    if leads_to(path, root):
        assert is_pattern(root)
        assert instance(path, root) is None or len(path.split("/")) == len(root.split("/"))
        assert instance(path, literal_part(root)[0])
    for n in range(1, root.count("/")):
        above = "/".join(root.split("/")[: n + 1])
        if not is_pattern(root.replace("[", "").replace("]", "")) and leads_to(above, root):
            assert root.startswith(above)


def test_the_ways_to_a_root() -> None:
    """The components with wildcards lead to a root one by one, and nothing else does."""
    root = "/srv/*/db-?/x"
    ways = ["/srv/a", "/srv/a/db-1", "/srv/a/db-1/x"]
    assert [leads_to(way, root) for way in ways] == [True] * 3
    strays = ["/srv", "/", "/srv/.a", "/srv/a/db-11", "/srv/a/db-1/y", "/srv/a/db-1/x/z"]
    assert [leads_to(stray, root) for stray in strays] == [False] * 6


few = st.lists(
    st.sampled_from(["a", "ab", ".a", "*", "a*", "*b", ".*", "?", "[ab]", "[*]"]),
    min_size=1,
    max_size=2,
)
roots = few.map(lambda parts: "/" + "/".join(parts))


@settings(max_examples=300)
@given(roots, roots, plain_paths)
def test_what_covers_covers_all(root: str, pattern: str, path: str) -> None:
    """Where a root covers a pattern, all that the pattern stands for lies below the root."""
    if covers(root, pattern) and instance(path, pattern) is not None:
        assert instance(path, root) is not None


@given(plain_paths, st.sampled_from(["/*", "/a*", "/?", "/[ab]*", "/*/x", ""]))
def test_a_pattern_covers_itself(path: str, end: str) -> None:
    """A root covers itself and all that continues it, and / covers everything."""
    assert covers(path + end, path + end)
    assert covers(path + end, f"{path}{end}/more/*")
    assert covers("/", path + end)
    assert covers(path, path + end)


@pytest.mark.parametrize(
    ("root", "pattern", "covered"),
    [
        ("/srv/*", "/srv/2026-*", True),
        ("/srv/2026-*", "/srv/2026-11-*", True),
        ("/srv/2026-*", "/srv/*", False),
        ("/srv/*", "/srv/.*", False),
        ("/srv/?", "/srv/*", False),
        ("/srv/*/www", "/srv/*", False),
        ("/srv/[*]", "/srv/*", False),
        ("/srv/a", "/srv/*", False),
    ],
)
def test_patterns(root: str, pattern: str, covered: bool) -> None:
    """A root covers a pattern only if it is as wide in every component."""
    assert covers(root, pattern) == covered
