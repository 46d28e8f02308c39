"""The sources that a stage runs: what a module imports, and what that imports, as files below the project.

DVC is told of a stage's code by this list and not by hand: :mod:`lgaf.stages.settings` writes it, with each file's
hash, into the file of settings that the stage depends on.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable
from functools import cache
from importlib.util import resolve_name
from pathlib import Path

DATA = (".css", ".csv", ".html", ".js")
"""Endings of files that code reads from its own folder."""


OWN = ("lgaf", "baselines")
"""The project's packages; every other module that lies in the folder of the run is the user's own."""


def sources(modules: Iterable[str], project: Path, folder: Path) -> dict[str, str]:
    """{path: SHA-256} of every file that importing and running ``modules`` can need.

    Import statements count wherever they stand, also inside functions; those under ``if TYPE_CHECKING`` do not. A
    package's ``__init__`` is run with any of its modules. What lies in neither place is a library, and left out.

    Args:
        project: where the packages :data:`OWN` lie; their files are named from there.
        folder: where modules of the user's own lie; their files are named from there.
    """
    found: dict[str, Path] = {}
    todo = list(modules)
    while todo:
        name = todo.pop()
        path = locate(name, project if name.partition(".")[0] in OWN else folder)
        if path is None or name in found:
            continue
        found[name] = path
        todo += imported(path.read_text(encoding="utf-8"), name, package=path.name == "__init__.py")
        if "." in name:
            todo.append(name.rpartition(".")[0])
    folders = {path.parent for path in found.values()}
    files = {*found.values(), *(path for each in folders for path in each.iterdir() if path.suffix in DATA)}
    named = {str(path.relative_to(project if path.is_relative_to(project) else folder)): path for path in files}
    return {name: hashlib.sha256(named[name].read_bytes()).hexdigest() for name in sorted(named)}


def locate(name: str, root: Path) -> Path | None:
    """The file of module ``name`` below ``root``."""
    place = root.joinpath(*name.split("."))
    return next(filter(Path.is_file, (place / "__init__.py", place.with_suffix(".py"))), None)


@cache
def imported(text: str, module: str, package: bool) -> tuple[str, ...]:
    """Names that may be modules, of all that the source ``text`` of ``module`` imports.

    Kept, since most modules are of several stages and parsing is what takes the time.
    """
    todo: list[ast.AST] = [ast.parse(text)]
    names: list[str] = []
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Import):
            names += (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = resolve_name("." * node.level + base, module if package else module.rpartition(".")[0])
            names += (base, *(f"{base}.{alias.name}" for alias in node.names))
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            todo += node.orelse
        else:
            todo += ast.iter_child_nodes(node)
    return tuple(names)
