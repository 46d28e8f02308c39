"""What each stage of a run took, where it ran in this folder: time and memory, as the stages have left them to say."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from pydantic import TypeAdapter, ValidationError

from lgaf.costs import Cost, place_of
from lgaf.report.page.run import Grid
from lgaf.report.settings import ReportRun
from lgaf.report.sources import TRAIN, Model, Training

Stage = tuple[str, ...]
"""A stage and its arguments."""
NOT_RECORDED = "not recorded: made by an earlier run, or elsewhere"
MEASURES = ["seconds", "CPU seconds", "largest process, MB", "cores", "started (UTC)"]


class Costs(NamedTuple):
    """The section of the page."""

    total: str
    """All of it in a sentence."""
    stages: Grid
    """A line a stage, whatever its arguments: how many of its runs are recorded, and what they took together."""
    runs: Grid
    """A line a stage and its arguments."""


def costs(settings: ReportRun, models: Sequence[Model], folder: Path) -> Costs:
    """What is recorded below ``folder``, which DVC does not track on purpose: it is no result, and may be missing.

    A stage that DVC took from its cache has none, unless it also ran in this folder. One that is broken is as one that
    is missing, since no number hangs on it.
    """
    found = {stage: read_cost(place_of(folder, *stage)) for stage in stages(settings, models)}
    grouped = {name: [found[stage] for stage in runs] for name, runs in groupby(found, key=lambda stage: stage[0])}
    known = [cost for cost in found.values() if cost]
    said = f"Recorded: {len(known)} of {len(found)} runs of stages"
    if known:
        one = together(known)
        said += f", {one.seconds:,.0f} seconds, {one.cpu_seconds:,.0f} CPU seconds"
        said += f"; the largest process held {one.peak_memory / 1e6:,.0f} MB"
    return Costs(
        total=f"{said}.",
        stages=(["stage", "recorded", *MEASURES], [line(name, costs) for name, costs in grouped.items()]),
        runs=(
            ["stage", "arguments", *MEASURES],
            [[stage[0], " ".join(stage[1:]) or "-", *cells(cost)] for stage, cost in found.items()],
        ),
    )


def stages(settings: ReportRun, models: Sequence[Model]) -> list[Stage]:
    """Every stage before the report with its arguments, in the order in which data flow."""
    own = [model for model in models if model.of == model.row]
    trained = [model for model in own if isinstance(model.origin, Training)]
    given = [model for model in own if not isinstance(model.origin, Training)]
    names = settings.benchmarks
    return [
        ("settings",),
        ("basis",),
        ("photos",),
        *(("align", name) for name in (TRAIN, *names)),
        *(("train", model.row, str(model.seed)) for model in trained),
        ("damage",),
        *(("embed", model.row, str(model.seed)) for model in trained),
        *(("embed_given", model.row) for model in given),
        *(("score", model.row, name, str(model.seed)) for model in own for name in names),
        *(("rescore", row) for row in dict.fromkeys(model.row for model in models if model.of != model.row)),
        *(("laboratory", model.row, str(model.seed)) for model in own),
        ("maps",),
    ]


def read_cost(path: Path) -> Cost | None:
    """A stage's record, None where there is none or it is broken."""
    try:
        return TypeAdapter(Cost).validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def together(found: Sequence[Cost]) -> Cost:
    """What several runs took, one after the other; the fewest cores."""
    return Cost(
        started=min(cost.started for cost in found),
        seconds=sum(cost.seconds for cost in found),
        cpu_seconds=sum(cost.cpu_seconds for cost in found),
        peak_memory=max(cost.peak_memory for cost in found),
        cores=min(cost.cores for cost in found),
    )


def line(name: str, found: Sequence[Cost | None]) -> list[str]:
    """A stage's line."""
    known = [cost for cost in found if cost]
    count = f"{len(known)} of {len(found)}" if known else NOT_RECORDED
    return [name, count, *cells(together(known) if known else None)]


def cells(cost: Cost | None) -> list[str]:
    """The cells of MEASURES."""
    if cost is None:
        return ["-"] * len(MEASURES)
    return [f"{cost.seconds:,.1f}", f"{cost.cpu_seconds:,.1f}", f"{cost.peak_memory / 1e6:,.0f}", str(cost.cores),
            cost.started[:16].replace("T", " ")]  # fmt: skip
