"""Of which version of suite and benchmark each number is: told in the CSV, marked where another than the report's, and
never compared with another's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

import lgaf
from lgaf.errors import DataError
from lgaf.provenance import Made
from lgaf.report.columns import averages
from lgaf.strict import first_problem

OLD = "‡"
"""What marks a number that another version scored."""
UNRECORDED = Made(version="unrecorded", commit="", benchmark="", parameters="", machine="", date="")
"""Of scores that were made before the suite kept this."""
SHORT = 12
"""Digits of a commit in print."""


@dataclass(frozen=True)
class Versions:
    """Where every number is from.

    made: {(row, benchmark): {seed: ...}}; now: {benchmark: its version as it lies there}; stages: {row: the stages of
    dvc.yaml that embed and score it}.
    """

    made: Mapping[tuple[str, str], Mapping[int, Made]]
    now: Mapping[str, str]
    stages: Mapping[str, tuple[str, str]]

    def parts(self, benchmark: str) -> list[str]:
        """The benchmarks that one is: itself, or those that it is the average of."""
        return averages({name for _, name in self.made}).get(benchmark, [benchmark])

    def of(self, row: str, benchmark: str, seed: int | None = None) -> list[Made]:
        """What a number rests on: the scores of all seeds or of one, on the benchmark or all that it averages."""
        found = [self.made[row, part] for part in self.parts(benchmark)]
        return [made for seeds in found for it, made in seeds.items() if seed in (None, it)]

    def old(self, row: str, benchmark: str, seed: int | None = None) -> bool:
        """Whether any of it is of another version than the suite and the benchmark have now."""
        return any(
            made.versions != (lgaf.__version__, self.now[part])
            for part in self.parts(benchmark)
            for made in self.of(row, part, seed)
        )

    def alike(self, benchmark: str, *rows: str) -> bool:
        """Whether the numbers of all these rows are of one version of the suite, and of the benchmark."""
        return all(
            len({made.versions for row in rows for made in self.of(row, part)}) == 1 for part in self.parts(benchmark)
        )

    def rivals(self, benchmark: str, reference: str) -> set[str]:
        """The rows among which the best of a benchmark is looked for: those of the reference's versions, itself too.

        None where the reference's own seeds are of several versions.
        """
        return {row for row in self.stages if self.alike(benchmark, row, reference)}

    def apart(self, reference: str) -> set[tuple[str, str]]:
        """(row, benchmark) that are not to be compared with the reference row."""
        return {(row, name) for row, name in self.made if not self.alike(name, row, reference)}

    def row(self, row: str) -> list[Made]:
        """All scores of a row."""
        return [made for (it, _), seeds in self.made.items() if it == row for made in seeds.values()]


def read_made(summary: Mapping[str, Any], path: Path) -> Made:
    """What the summary of scores ``path`` says of where they are from.

    Raises:
        DataError: it says so in another form.
    """
    try:
        return Made.model_validate(summary["made"]) if "made" in summary else UNRECORDED
    except ValidationError as error:
        raise DataError(f"{path}: made: {first_problem(error)}; delete it and run `dvc repro` again") from None


def record_of_made(found: Sequence[Made]) -> dict[str, str]:
    """The fields of the CSV; of several scores each text once, and their dates as an interval of ISO 8601."""
    dates = sorted(made.date for made in found if made.date)
    return {
        "suite_version": each_once(made.version for made in found),
        "suite_commit": each_once(made.commit for made in found),
        "benchmark_version": each_once(made.benchmark for made in found),
        "parameters_hash": each_once(made.parameters for made in found),
        "machine": each_once(made.machine for made in found),
        "date": "/".join(dict.fromkeys((*dates[:1], *dates[-1:]))),
    }


def each_once(texts: Iterable[str]) -> str:
    """Each text that is known, once."""
    return ", ".join(dict.fromkeys(filter(None, texts)))


def scored(found: Sequence[Made]) -> str:
    """Commit and moments of scores, in a line."""
    record = record_of_made(found)
    commits = each_once(made.commit[:SHORT] + "+" * made.commit.endswith("+") for made in found)
    parts = [
        f"lgaf {record['suite_version']}",
        *([f"commit {commits}"] if commits else []),
        *([record["date"].replace("/", " to ")] if record["date"] else []),
    ]
    return ", ".join(parts)


def version_notes(versions: Versions, labels: Mapping[str, str], benchmarks: Iterable[str]) -> list[str]:
    """Which rows are marked, and what to do about it; nothing where all numbers are of the versions that there are now.

    labels: {row: name in print}, of the rows that are shown.
    """
    names = [name for name in dict.fromkeys(benchmarks) if any((row, name) in versions.made for row in labels)]
    found: dict[tuple[str, str], list[str]] = {}
    todo: set[str] = set()
    for row, name in ((row, name) for row in labels for name in names):
        made, (embed, score) = versions.of(row, name), versions.stages[row]
        for version in dict.fromkeys(it.version for it in made if it.version != lgaf.__version__):
            found.setdefault((row, f"by version {version}"), []).append(name)
            todo.add(score)
        if any(it.benchmark not in ("", versions.now[name]) for it in made):
            found.setdefault((row, "on other images or trials than now"), []).append(name)
            todo |= {embed, score}
    if not found:
        return []
    rows: dict[str, list[str]] = {}
    for (row, how), where in found.items():
        rows.setdefault(f"{how} ({', '.join(where)})", []).append(labels[row])
    said = "; ".join(f"{', '.join(their)} {how}" for how, their in rows.items())
    again = " ".join(sorted(todo, key=lambda it: (not it.startswith("embed"), it)))  # what comes first, first
    return [
        f"{OLD} not scored by this report's lgaf {lgaf.__version__} on the benchmark as it is now: {said}. Compared "
        "with numbers of the same versions alone. To score anew: where `frozen` stands in dvc.yaml, take it out; run "
        f"`dvc repro -f -s {again}`, then `dvc repro`."
    ]
