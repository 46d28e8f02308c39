"""Margin heads: one file each holds the formula, its source, its recipe and its options.

A file put into this package is a head at once; a user's own is named ``module:Class``. Nothing here is imported before
it is asked for, so the names cost no torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

if TYPE_CHECKING:
    from baselines.margin import MarginHead

__all__ = ["create_head", "head_class", "heads"]


def heads() -> list[str]:
    """Names of the built-in heads, in alphabetical order."""
    return sorted(module.name for module in iter_modules(__path__) if module.name != "margin")


def head_class(name: str) -> type[MarginHead]:
    """The class of head ``name``, with ``title`` and ``Options``.

    Args:
        name: one of :func:`heads`, or ``module:Class``, a subclass of :class:`baselines.margin.MarginHead` of one's
            own; its module is looked for where Python looks, with ``python -m`` first in the current folder.

    Raises:
        ValueError: there is no such head.
    """
    if ":" in name:
        return own_class(name)
    if name not in heads():
        raise ValueError(f"head {name!r} is unknown; allowed: {', '.join(heads())}, or module:Class")
    module = import_module(f"baselines.{name}")
    here = [kind for kind in vars(module).values() if is_head(kind) and kind.__module__ == module.__name__]
    if len(here) != 1:
        raise ValueError(f"head {name!r}: {module.__file__} defines {len(here)} subclasses of MarginHead, not one")
    return here[0]


def own_class(name: str) -> type[MarginHead]:
    """The class that ``module:Class`` names."""
    where, _, attribute = name.partition(":")
    try:
        module = import_module(where)
    except Exception as error:  # whatever a module of the user's does
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise ValueError(
            f"head {name!r}: module {where!r} cannot be imported ({reason}); the folder of the run is searched too"
        ) from error
    kind = getattr(module, attribute, None)
    if kind is None:
        raise ValueError(f"head {name!r}: module {where!r} has no {attribute!r}")
    if not is_head(kind):
        raise ValueError(f"head {name!r}: {attribute!r} is not a subclass of baselines.margin.MarginHead")
    return kind


def is_head(kind: Any) -> bool:
    """Whether ``kind`` is a subclass of MarginHead."""
    from baselines.margin import MarginHead

    return isinstance(kind, type) and issubclass(kind, MarginHead) and kind is not MarginHead


def create_head(name: str, embedding_dim: int, num_classes: int, **options: Any) -> MarginHead:
    """Make the margin head ``name``; ``head(embedding, labels)`` gives a :class:`baselines.margin.Margin`.

    Args:
        name: as of :func:`head_class`.
        embedding_dim: D, length of an embedding.
        num_classes: C, identities of the training set (or of this shard of it).
        options: fields of ``head_class(name).Options``; each has the authors' value as its default.

    Raises:
        ValueError: an unknown head or option, or a value out of range; one line a problem.
    """
    kind = head_class(name)
    try:
        settings = kind.Options(**options)
    except ValidationError as error:
        problems = [explain(problem, name, list(kind.Options.model_fields)) for problem in error.errors()]
    else:
        return kind(embedding_dim, num_classes, settings)
    raise ValueError("\n".join(problems))


def explain(problem: Mapping[str, Any], head: str, allowed: list[str]) -> str:
    """One line on one of pydantic's problems with a head's options."""
    where = ".".join([head, *map(str, problem["loc"])])
    if problem["type"] == "extra_forbidden":
        near = get_close_matches(str(problem["loc"][0]), allowed, 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        return f"{where}: unknown option{hint} (allowed: {', '.join(allowed) or 'none'})"
    message = problem["msg"].removeprefix("Value error, ")
    value = f"{problem['input']!r}: " if problem["loc"] else ""
    return f"{where}: {value}{message[:1].lower()}{message[1:]}"
