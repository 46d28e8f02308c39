"""The base of every block of parameters, and what is said of one that does not fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Annotated, Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lgaf.errors import SettingsError

Seed = Annotated[int, Field(ge=0, lt=2**32)]
"""A seed that NumPy and torch both take."""


class Strict(BaseModel):
    """Unknown keys, NaN and infinity are errors; values cannot be changed after they were checked."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


LONGEST = 80
"""Letters of a wrong value that are quoted."""

Block = TypeVar("Block", bound=BaseModel)


def checked(kind: type[Block], values: Mapping[str, Any], where: str = "") -> Block:
    """``kind`` made of ``values``.

    Raises:
        SettingsError: they do not fit; one line a problem names the key (below ``where``), its value, what is allowed.
    """
    try:
        return kind.model_validate(dict(values))
    except ValidationError as error:
        problems = error.errors()
    places = [problem["loc"] for problem in problems]
    # A list that has lost a bad item would also be called too short: only what is wrong inside it is said.
    inner = [p for p in problems if not any(p["loc"] == place[: len(p["loc"])] != place for place in places)]
    raise SettingsError("\n".join(explain(problem, kind, where) for problem in inner))


def first_problem(error: ValidationError) -> str:
    """What is first wrong with a file's content: where in it, and what."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}" if where else first["msg"]


def explain(problem: Mapping[str, Any], kind: type[BaseModel], where: str) -> str:
    """One line on one of pydantic's problems."""
    path = [str(part) for part in problem["loc"]]
    key = ".".join([where, *path] if where else path)
    if problem["type"] == "extra_forbidden":
        return unknown_key(key, fields_at(kind, path[:-1]))
    message = problem["msg"].removeprefix("Value error, ")
    message = message[:1].lower() + message[1:]
    given = problem["input"]
    value = "" if problem["type"] == "missing" or isinstance(given, dict) else f"{shorten(repr(given), LONGEST)}: "
    return f"{key}: {value}{message}" if key else message


def shorten(text: str, width: int) -> str:
    """``text``, cut to ``width`` letters."""
    return text if len(text) <= width else text[: width - 3] + "..."


def unknown_key(key: str, allowed: Sequence[str]) -> str:
    """One line on a key, dotted, whose last part is none of ``allowed``."""
    near = get_close_matches(key.rpartition(".")[2], allowed, 1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"{key}: unknown key{hint} (allowed: {', '.join(allowed)})"


def fields_at(kind: type[BaseModel], path: list[str]) -> list[str]:
    """Names of the fields of the block that ``path`` leads to."""
    inner: Any = kind
    for part in path:
        inner = get_args(inner)[1] if get_origin(inner) is dict else inner.model_fields[part].annotation
        if type(None) in get_args(inner):  # a block that may be null
            inner = get_args(inner)[0]
    return list(inner.model_fields)
