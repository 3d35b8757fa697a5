"""Paths that differ in a number or a date become one root with a wildcard. Pure."""

from __future__ import annotations

from rsyncgate.admin.learn import Need
from rsyncgate.policy.roots import instance


def generalise(need: Need) -> None:
    """Replaces sibling paths of `need` by `/parent/*`; notes how many requests each stands for."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for path in need.paths:
        groups.setdefault(_shape(path), []).append(path)
    for paths in groups.values():
        if len(paths) < 2:
            continue
        pattern = _common(paths)
        for path in paths:
            del need.paths[path]
        need.paths[pattern] = None
        need.stands_for[pattern] = sum(
            one.count
            for one in need.seen
            if any(instance(source.real, pattern) for source in one.located().sources)
        )


def _shape(path: str) -> tuple[str, ...]:
    """`path` with every run of digits as one "0": the same for paths that differ in numbers."""
    return tuple(_without_digits(part) for part in path.split("/"))


def _without_digits(part: str) -> str:
    out: list[str] = []
    for c in part:
        if not c.isdigit():
            out.append(c)
        elif not out or out[-1] != "0":
            out.append("0")
    return "".join(out)


def _common(paths: list[str]) -> str:
    """The path with `*` for every component in which `paths` differ."""
    columns = zip(*(path.split("/") for path in paths), strict=True)
    return "/".join(column[0] if len(set(column)) == 1 else "*" for column in columns)
