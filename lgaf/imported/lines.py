"""What is said of a file that was brought: what it lacks, what is left out of it, what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from lgaf.errors import DataError
from lgaf.imported.tables import AGAIN

SHOWN = 10
"""Names that a line lists before it only counts."""


def listed(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    return ", ".join(map(repr, names[:SHOWN])) + (f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else "")


def rest_lines(missing: Sequence[str], what: str, unknown: Sequence[str], protocol: Path) -> list[str]:
    """What is asked for and has no ``what``, and what is not asked for; nothing where there is none."""
    lines = [f"without {what}: {len(missing):,}: {listed(missing)}"] if missing else []
    if unknown:
        lines.append(f"left out, since {protocol} does not ask for them: {len(unknown):,}: {listed(unknown)}")
    return lines


def refuse(path: Path, wrong: Mapping[str, Sequence[str]]) -> None:
    """Refuse a file by what is wrong with it -> the records that it is wrong with.

    Raises:
        DataError: anything is wrong; a line a problem.
    """
    if wrong:
        raise DataError(
            "\n".join(f"{path}: {places[0]}: {what}{and_more(places)}; {AGAIN}" for what, places in wrong.items())
        )


def and_more(places: Sequence[str]) -> str:
    """How many others have the same wrong with them."""
    return f", and {len(places) - 1:,} more" if len(places) > 1 else ""
