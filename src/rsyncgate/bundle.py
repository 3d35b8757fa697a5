# SPDX-FileCopyrightText: 2026 The rsyncgate authors
# SPDX-License-Identifier: MIT
"""The modules of a session in one file of bytecode: saves half a bare interpreter.

`python3 -ISB bundle.py` makes it beside itself when the gate is installed. The launcher runs it: it
serves a session while no source has changed, as Python does with its own .pyc files.
"""

from __future__ import annotations

import sys
from _frozen_importlib import BuiltinImporter, ModuleSpec, _load_unlocked  # type: ignore[attr-defined]
from _frozen_importlib_external import ExtensionFileLoader
from marshal import dumps, loads
from posix import replace, stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, ModuleType
    from typing import Any

    State = tuple[int, float]
    Module = tuple[str, str, CodeType | None]

NAME = f"{sys.implementation.cache_tag}.bundle"
"""Its name says which Python made it, as that of a .pyc file does."""


def fresh(sources: dict[str, State]) -> bool:
    """Whether each of `sources` still has that size and time."""
    try:
        return all(_state(source) == state for source, state in sources.items())
    except OSError:
        return False


def _state(source: str) -> State:
    found = stat(source)
    return found.st_size, found.st_mtime


def load(modules: list[Module]) -> None:
    """Makes `modules` (name, source, bytecode) in that order: none needs a later one.

    That is what importlib does, without looking for anything. What has no bytecode is Python's own:
    an extension, or built in where it has no source either.
    """
    for name, source, bytecode in modules:
        if bytecode is None:
            if name not in sys.modules:
                loader: Any = ExtensionFileLoader(name, source) if source else BuiltinImporter
                _load_unlocked(ModuleSpec(name, loader, origin=source or "built-in"))
            continue
        module = sys.modules[name] = type(sys)(name)
        module.__file__ = source
        package, _, own_name = name.rpartition(".")
        if source.endswith("/__init__.py"):
            module.__path__ = [source.rpartition("/")[0]]
        if package:
            setattr(sys.modules[package], own_name, module)
        exec(bytecode, module.__dict__)  # noqa: S102  (an import)


class Later:
    """Finds modules that some sessions need and others do not: all when one is asked for."""

    def __init__(self, names: list[str], modules: bytes) -> None:
        self.names = names
        self.modules = modules

    def find_spec(self, name: str, *_: object) -> ModuleSpec | None:
        """As importlib asks for it."""
        if name not in self.names:
            return None
        sys.meta_path.remove(self)
        modules, self.modules = loads(self.modules), b""
        load(modules)
        return ModuleSpec(name, self)  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """As importlib asks for it."""
        return sys.modules[spec.name]

    def exec_module(self, module: ModuleType) -> None:
        """As importlib asks for it: that has been done."""


def serve(parts: list[Any]) -> None:
    """Serves the session that this process was started for, if it was started for one.

    `parts` are those that make() puts together; they are gone then, to keep the process small.
    """
    later, modules, sources = parts.pop(), parts.pop(), parts.pop()
    if fresh(sources):
        load(modules)
        modules.clear()
        sys.meta_path[:0] = [Later(names, bytecode) for names, bytecode in later]
        from rsyncgate.__main__ import is_session, run

        if is_session(sys.argv[1:]):
            run(sys.argv[1:])


def make(directory: str) -> bytes:
    """The bundle of the package in `directory`, for this interpreter, which has imported little."""
    known = {*sys.modules}
    sys.path.insert(0, directory.rpartition("/")[0])
    import rsyncgate.__main__
    import rsyncgate.gate

    groups = [_loaded(known)]
    import rsyncgate.session.launch  # what a run needs, and a refusal does not

    groups.append(_loaded(known.union(*groups)))
    import rsyncgate.session.expand  # noqa: F401  (what wildcards need)

    groups.append(_loaded(known.union(*groups)))
    sources = [source for group in groups for source in group.values() if source]
    states = {source: _state(source) for source in sources}
    always, *later = groups
    rest = [([*group], dumps(_compiled(group))) for group in later]
    return dumps((_bytecode(__file__), [states, _compiled(always), rest]))


def _loaded(known: set[str]) -> dict[str, str]:
    """The modules that are loaded, but those `known`, with their sources; "" for built-in ones.

    Of Python's own modules those without bytecode. Each comes after those that it imports.
    """
    found = {}
    for name, module in sys.modules.items():  # importlib puts each there when it is complete
        spec = module.__spec__
        if name in known or spec is None:
            continue
        own = name.partition(".")[0] == "rsyncgate"
        if own or spec.origin == "built-in" or isinstance(spec.loader, ExtensionFileLoader):
            found[name] = getattr(module, "__file__", None) or ""
    return found


def _compiled(modules: dict[str, str]) -> list[Module]:
    return [
        (name, source, _bytecode(source) if source.endswith(".py") else None)
        for name, source in modules.items()
    ]


def _bytecode(source: str) -> CodeType:
    """That of `source` without docstrings, annotations, and the import of a module for a flag."""
    import __future__

    import ast

    with open(source, "rb") as stream:
        tree = ast.parse(stream.read())
    tree.body = [node for node in tree.body if getattr(node, "module", "") != "__future__"]
    for node in ast.walk(tree):  # saves 0.01 of a bare interpreter's memory
        if isinstance(node, ast.FunctionDef):
            node.returns = None
        elif isinstance(node, ast.arg):
            node.annotation = None
    flags = __future__.annotations.compiler_flag
    return _bare(compile(tree, source, "exec", flags, dont_inherit=True, optimize=2))


def _bare(code: CodeType) -> CodeType:
    """`code` without its line numbers, 0.03 of a bare interpreter: no traceback is ever shown."""
    inner = (_bare(c) if hasattr(c, "co_consts") else c for c in code.co_consts)
    return code.replace(co_linetable=b"", co_consts=tuple(inner))


if __name__ == "__main__":
    where = __file__.rpartition("/")[0]
    with open(f"{where}/{NAME}.new", "wb") as file:
        file.write(make(where))
    replace(f"{where}/{NAME}.new", f"{where}/{NAME}")  # a session may be reading the old one
