"""The base of every block of parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from lgaf.errors import SettingsError


class Strict(BaseModel):
    """Unknown keys, NaN and infinity are errors; values cannot be changed after they were checked."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


Block = TypeVar("Block", bound=BaseModel)


def checked(kind: type[Block], values: Mapping[str, Any], where: str) -> Block:
    """``kind`` made of keyword arguments.

    Raises:
        SettingsError: they do not fit; the line names ``where``, the argument, its value and what is allowed.
    """
    try:
        return kind.model_validate(dict(values))
    except ValidationError as error:
        problem = error.errors()[0]
        key = ".".join(map(str, problem["loc"])) or kind.__name__
        if problem["type"] == "extra_forbidden":
            message = f"unknown option; allowed: {', '.join(kind.model_fields)}"
        else:
            message = f"{problem['input']!r}: {problem['msg'].removeprefix('Value error, ')}"
        raise SettingsError(f"{where}: {key}: {message}") from None
