"""The damage laboratory of every row, read and averaged: over seeds, over the levels of a kind, over the kinds of a
group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lgaf.damage.kinds import CLEAN, GROUPS, KINDS, condition, kinds_of
from lgaf.errors import DataError
from lgaf.evaluate.bootstrap import Estimate
from lgaf.evaluate.laboratory.conditions import LOCAL, NAME, REPLICATES, SUMMARY, TAR
from lgaf.evaluate.replicates import Replicates, read_replicates
from lgaf.evaluate.seeds import seed_draws
from lgaf.files import read_json
from lgaf.provenance import Made
from lgaf.report.measured import Measured, over_models
from lgaf.report.settings import ReportRun
from lgaf.report.versions import Versions, read_made

Table = dict[str, dict[str, Estimate]]
"""{condition, kind or group: {metric: ...}}"""


@dataclass(frozen=True)
class Laboratory:
    """What the laboratory says of all rows.

    estimates: {row: {``clean``, condition, kind or group: {metric of :mod:`lgaf.evaluate.laboratory.score`: ...}}};
    constants: {row with two branches: the one weight chosen for each seed's model}; levels: how many; protocol: lines
    to print; versions: where the numbers are from, of the one benchmark ``damage``.
    """

    estimates: dict[str, dict[str, dict[str, Measured]]]
    constants: dict[str, list[float]]
    levels: int
    protocol: list[str]
    versions: Versions

    def rivals(self, reference: str) -> set[str]:
        """The rows that are compared with the reference, itself too, see :meth:`Versions.rivals`."""
        return self.versions.rivals(NAME, reference)

    def old(self, row: str) -> bool:
        """Whether a row's numbers are of another version than there is now."""
        return self.versions.old(row, NAME)

    @property
    def branched(self) -> list[str]:
        """The rows with two branches."""
        return [row for row, names in self.estimates.items() if LOCAL + TAR in names[CLEAN]]


def read_laboratory(folder: Path, settings: ReportRun, now: Mapping[str, str]) -> Laboratory | None:
    """Read ``folder``/ROW/SEED of every row and seed that has a network; None where there is no laboratory.

    now: as of :func:`lgaf.report.report.report`.

    Raises:
        DataError: a file is missing or broken, or not of the same faces and resamples as the others of its version.
    """
    rows = [row for row in settings.rows if not row.imported]
    if not settings.damaged or not rows:
        return None
    estimates: dict[str, dict[str, dict[str, Measured]]] = {}
    constants: dict[str, list[float]] = {}
    protocol: list[str] = []
    firsts: dict[tuple[str, str], Replicates] = {}
    made: dict[tuple[str, str], dict[int, Made]] = {}
    stages: dict[str, tuple[str, str]] = {}
    for it in rows:
        row, tables, own = it.id, [], None
        for seed in settings.seeds_of(it):
            path = folder / row / str(seed) / REPLICATES
            found = read_replicates(path)
            summary = read_json(path.with_name(SUMMARY))
            mine = made.setdefault((row, NAME), {})[seed] = read_made(summary, path.with_name(SUMMARY))
            own = own or found
            same = all(found.paired_with(it) for it in (own, firsts.setdefault(mine.versions, found)))
            some = next(iter(found.estimates.values()))
            if not same or len(some.replicates) != settings.evaluate.replicates:
                raise DataError(f"{path}: of other faces or resamples than those asked for; run `dvc repro laboratory`")
            tables.append(with_means(found.estimates))
            protocol = protocol or summary["protocol"]
            if summary["constant"] is not None:
                constants.setdefault(row, []).append(summary["constant"])
        drawn = seed_draws(row, len(tables), settings.evaluate.replicates, settings.seed)
        estimates[row] = over_models(tables, drawn)
        stages[row] = ("embed", "laboratory") if it.trained else ("embed_given", "laboratory_given")
    levels = sum(name.rpartition("-")[0] == KINDS[0].name for name in estimates[rows[0].id])
    if brought := [row.label for row in settings.rows if row.imported]:
        protocol = [*protocol, f"not in the laboratory, which needs a network of its own: {', '.join(brought)}"]
    return Laboratory(estimates, constants, levels, protocol, Versions(made, {NAME: now[NAME]}, stages))


def with_means(estimates: Mapping[str, Estimate]) -> Table:
    """Conditions, and the means over the levels of each kind and over the kinds of each group."""
    table: Table = {}
    for key, estimate in estimates.items():
        name, _, metric = key.rpartition(" ")
        table.setdefault(name, {})[metric] = estimate
    for kind in KINDS:
        levels = [name for name in table if name.rpartition("-")[0] == kind.name]
        shared = table[levels[0]] if levels else {}
        means = {metric: mean([table[name][metric] for name in levels]) for metric in shared}
        table[kind.name] = means | table.get(kind.name, {})
    for group in GROUPS:
        if group not in table:
            kinds = [table[name] for name in kinds_of(group)]
            table[group] = {metric: mean([kind[metric] for kind in kinds]) for metric in kinds[0]}
    return table


def mean(estimates: Sequence[Estimate]) -> Estimate:
    """The plain mean over conditions of the same people."""
    return Estimate(
        value=float(np.mean([it.value for it in estimates])),
        n=sum(it.n for it in estimates),
        units=estimates[0].units,
        replicates=np.mean([it.replicates for it in estimates], axis=0),
    )


def by_level(laboratory: Laboratory, row: str, kind: str, metric: str) -> list[Estimate]:
    """A metric of a row without damage and at each level of a kind."""
    names = [CLEAN, *(condition(kind, level) for level in range(1, laboratory.levels + 1))]
    return [laboratory.estimates[row][name][metric].estimate for name in names]
