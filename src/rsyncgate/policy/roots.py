# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""Roots: which paths are one, or lie below one, whole components at a time.

A root is a path, in which components may hold wildcards: `/srv/db/*` is every entry of `/srv/db`
that does not begin with a dot, each with all below it.
"""

from __future__ import annotations


def is_pattern(root: str) -> bool:
    """Whether `root` holds a wildcard."""
    return "*" in root or "?" in root or "[" in root


def escape(path: str) -> str:
    """A root that is `path`, whatever characters it holds.

    TOML has no bytes that are no UTF-8: each becomes a `?`.
    """
    return "".join(
        f"[{c}]" if c in "*?[" else "?" if "\udc80" <= c <= "\udcff" else c for c in path
    )


def literal_part(root: str) -> tuple[str, str]:
    """`root` divided before its first component with a wildcard: ("/srv/db", "/*")."""
    if not is_pattern(root):
        return root, ""
    parts = root.split("/")
    n = next(n for n, part in enumerate(parts) if is_pattern(part))
    return "/".join(parts[:n]) or "/", "".join("/" + part for part in parts[n:])


def inside(path: str, directory: str) -> bool:
    """Whether `path` is `directory` or below it; no character of either is a wildcard."""
    return path == directory or path.startswith(directory if directory == "/" else directory + "/")


def instance(path: str, root: str) -> str | None:
    """What `root` stands for where `path` is it or lies below it; None where it does not.

    Both are absolute and normal; no other part of a name counts: /srv/data-2 is not below
    /srv/data.
    """
    if not is_pattern(root):
        return root if inside(path, root) else None
    parts, names = root.split("/"), path.split("/")
    if len(names) < len(parts) or not all(map(_fits, parts, names)):
        return None
    return "/".join(names[: len(parts)])


def covers(root: str, pattern: str) -> bool:
    """Whether all that the root `pattern` can stand for lies below `root`, or is it.

    Says no where that would take more than a look at one component after the other.
    """
    if root == "/":
        return True
    parts, names = root.split("/"), pattern.split("/")
    return len(names) >= len(parts) and all(map(_contains, parts, names))


def _contains(part: str, name: str) -> bool:
    """Whether every name that the component `name` fits, the component `part` fits too."""
    if part == name or not is_pattern(name):
        return part == name or _fits(part, name)
    plain = "[" not in part + name and "?" not in part
    return plain and _fits(part, name)  # "?" and "*" in `name` can only stand below a "*"


def leads_to(path: str, root: str) -> bool:
    """Whether `path` fits the first components of `root`, at least one wildcard among them."""
    parts, names = root.split("/"), path.split("/")
    return (
        len(literal_part(root)[0].split("/")) < len(names) <= len(parts)
        and is_pattern(root)
        and all(map(_fits, parts, names))
    )


def _fits(part: str, name: str) -> bool:
    if not is_pattern(part):
        return part == name
    from rsyncgate.rsync.wildcard import matches

    return matches(part, name) and (name[:1] != "." or part[:1] == ".")
