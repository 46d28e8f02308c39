"""YAML from outside: small, plain, and of a sane depth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from lgaf.errors import DataError, SettingsError
from lgaf.files import read_text

LARGEST = 2**20
"""Bytes; a shipped parameters file has 4 kB."""
MOST = 100_000
"""Values, each alias counted as often as it is named: a bomb of nested aliases has billions."""
DEEPEST = 20
"""Blocks inside each other."""


def read_yaml(path: str | Path) -> dict[str, Any]:
    """The keys and values of a YAML file.

    Raises:
        SettingsError: the file is missing, too large, no YAML, too deep, or holds no keys.
    """
    try:
        text = read_text(path, "run in the project's folder, or copy one from presets/", LARGEST)
        values = YAML(typ="safe", pure=True).load(text)
        count_values(values)
    except DataError as error:
        raise SettingsError(str(error)) from None
    except (YAMLError, ValueError, OverflowError) as error:
        raise SettingsError(f"{path}: not YAML: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise SettingsError(f"{path}: blocks inside blocks without end; copy a file from presets/") from None
    if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
        raise SettingsError(f"{path}: holds no keys; copy a file from presets/")
    return values


def count_values(values: Any) -> None:
    """Count a tree's values without following more of them than are allowed.

    Raises:
        ValueError: they are too many or too deep.
    """
    todo, seen = [(values, 0)], 0
    while todo:
        value, depth = todo.pop()
        seen += 1
        if seen > MOST or depth > DEEPEST:
            raise ValueError(f"more than {MOST:,} values, or blocks more than {DEEPEST} deep")
        if isinstance(value, dict):
            todo += [(part, depth + 1) for pair in value.items() for part in pair]
        elif isinstance(value, (list, tuple, set)):
            todo += [(part, depth + 1) for part in value]
