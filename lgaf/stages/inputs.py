"""A stage's settings as the stage ``settings`` wrote them: one file each, with the sources that the stage runs.

DVC watches these files and not params.yaml, so defaults count, a value counts where it is used, and a source counts
where it runs.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, TypeVar

from lgaf.errors import SettingsError
from lgaf.files import read_json, sha256_of, write_json
from lgaf.paths import SETTINGS
from lgaf.strict import Strict, checked

MADE_FROM = "params.json"
"""File that says of which parameters file the others are made."""
Block = TypeVar("Block", bound=Strict)


def write_settings(stage: str, settings: Strict, sources: dict[str, str]) -> None:
    """Write what ``stage`` is to do, and the sources that it runs with their hashes."""
    write_json(SETTINGS / f"{stage}.json", {"settings": settings.model_dump(mode="json"), "sources": sources})


def read_settings(stage: str, kind: type[Block]) -> Block:
    """What ``stage`` is to do.

    Raises:
        SettingsError: there is no such file, or the parameters were edited since.
    """
    return checked(kind, read_file(stage)["settings"], str(SETTINGS / f"{stage}.json"))


def read_sources(stage: str) -> dict[str, str]:
    """{path: SHA-256} of the sources that ``stage`` runs, as :func:`read_settings` errors."""
    return read_file(stage)["sources"]


def read_file(stage: str) -> dict[str, Any]:
    """The file, after a look whether it is of the parameters as they stand."""
    path = SETTINGS / f"{stage}.json"
    if not path.is_file():
        name = stage.partition("/")[2]
        rows = sorted(file.stem for file in path.parent.glob("*.json"))
        if name and rows:
            raise SettingsError(f"methods: {name!r} is no row; there are {', '.join(rows)}")
        raise SettingsError(f"{path}: no such file; run `dvc repro`, or `lgaf settings` first")
    if "DVC_STAGE" not in os.environ:  # DVC itself runs `settings` first
        made_from = read_json(SETTINGS / MADE_FROM)
        if made_from["sha256"] != hash_of(made_from["file"]):
            raise SettingsError(f"{made_from['file']}: edited since `lgaf settings`; run `dvc repro`, or that first")
    return read_json(path)


def hash_of(path: str | Path) -> str | None:
    """SHA-256 of a file, None where there is none."""
    path = Path(path)
    return sha256_of(path) if path.is_file() else None
