"""Numbers as others published them, each with where it was read; the only source of published numbers here.

``published.csv`` is kept exactly as collected, oddities of the sources included. ``lgaf_published.csv`` has the same
columns and the rows of the LGAF paper, whose tables could not be read: their ``value`` is empty and shown as "not
available". A reader of the paper fills the values in there, in per cent as printed, and nowhere else.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files

from lgaf.errors import DataError

NOT_AVAILABLE = "not available"
PROVENANCE = ("primary", "rerun", "secondary")  # by the method's authors, re-trained by others, quoted: best first
METHODS = {"arcface": "ArcFace", "adaface": "AdaFace", "magface": "MagFace"}
BACKBONES = ("R50", "R100")
TRAIN_SETS = ("MS1MV2", "MS1MV3", "WebFace4M", "WebFace12M")


@dataclass(frozen=True)
class Published:
    """One row of the file, every field the text as it stands there; ``value`` is in per cent, "" where unknown."""

    method: str
    backbone: str
    train_set: str
    benchmark: str
    metric: str
    value: str
    provenance: str
    note: str
    source: str
    repository: str
    commit: str
    path: str


@dataclass(frozen=True)
class Line:
    """The published numbers of one model from one source: (benchmark, metric) -> value as printed there."""

    method: str
    backbone: str
    train_set: str
    provenance: str
    note: str
    source: str
    repository: str
    commit: str
    values: dict[tuple[str, str], str]


def parse(text: str, name: str) -> list[Published]:
    """Read rows from CSV text.

    Raises:
        DataError: a wrong header, a row of another length, a value that is no percentage, an unknown provenance.
    """
    header = [field.name for field in fields(Published)]
    reader = csv.reader(text.splitlines())
    if (found := next(reader, [])) != header:
        raise DataError(f"{name}: the header is {','.join(found)!r}; it must be {','.join(header)!r}")
    rows = []
    for number, cells in enumerate(reader, start=2):
        if len(cells) != len(header):
            raise DataError(f"{name}: line {number}: {len(cells)} cells; a row has {len(header)}")
        row = Published(*cells)
        # A plain decimal, not whatever float() takes ("nan", "1e2"): the text is printed as it stands.
        if row.value and not (re.fullmatch(r"\d{1,3}(\.\d+)?", row.value) and float(row.value) <= 100):
            raise DataError(f"{name}: line {number}: value {row.value!r}; write per cent as 99.13, or leave it empty")
        if row.provenance not in PROVENANCE:
            raise DataError(f"{name}: line {number}: provenance {row.provenance!r}; one of {', '.join(PROVENANCE)}")
        rows.append(row)
    return rows


@cache
def read_published(name: str = "published.csv") -> tuple[Published, ...]:
    """All rows of ``published.csv``, or of ``lgaf_published.csv``, in the file's order."""
    return tuple(parse((files("lgaf.report") / name).read_text(encoding="utf-8"), name))


def about(rows: Sequence[Published], benchmarks: Collection[str]) -> list[Published]:
    """The rows of the named benchmarks."""
    return [row for row in rows if row.benchmark in benchmarks]


def display_method(name: str) -> str:
    """A method's name without its setting: "AdaFace (m=0.4)" and "ArcFace (mxnet)" become "AdaFace", "ArcFace".

    Only the three baselines, and only by their margin or framework: "ArcFace (combined)" and "ArcFace + CFSM" are other
    methods, and "AdaFace re-train" is not the published model.
    """
    match = re.fullmatch(r"(\w+) \((?:m=[\d.]+|mxnet|paddle)\)", name)
    return match[1] if match and match[1].lower() in METHODS else name


def display_backbone(name: str) -> str:
    """One spelling for the improved ResNets: IR101, IR_101, iResNet-100 and r100 are R100; IR50 is R50; and so on.

    A plain "ResNet50" is another network and keeps its name.
    """
    match = re.fullmatch(r"(?:IR_?|r|R|iresnet-?)(\d+)", name, flags=re.IGNORECASE)
    if not match:
        return name
    return f"R{100 if match[1] == '101' else match[1]}"


def lines(rows: Sequence[Published]) -> list[Line]:
    """Gather the rows of one model from one source into one line, in the file's order."""
    found: dict[tuple[str, ...], list[Published]] = {}
    for row in rows:
        model = (row.method, row.backbone, row.train_set)
        found.setdefault((*model, row.provenance, row.note, row.source, row.repository, row.commit), []).append(row)
    return [
        Line(
            method=first.method,
            backbone=first.backbone,
            train_set=first.train_set,
            provenance=first.provenance,
            note=first.note,
            source=first.source,
            repository=first.repository,
            commit=first.commit,
            values={(row.benchmark, row.metric): row.value for row in group},
        )
        for group in found.values()
        for first in group[:1]
    ]


def choose(rows: Sequence[Published], columns: Collection[tuple[str, str]]) -> list[Line]:
    """The lines worth printing beside our own for these (benchmark, metric) columns; the CSV has them all.

    Of the baselines at R50 and R100 on the usual training sets, one line for each model: the best provenance, then
    the most columns filled. Where that leaves nothing (SCFace, whose sources name no backbone), every line.
    """
    candidates = [line for line in lines(rows) if any(column in line.values for column in columns)]
    best: dict[tuple[str, str, str], Line] = {}
    for line in candidates:
        key = (display_method(line.method), display_backbone(line.backbone), line.train_set)
        if key[0].lower() not in METHODS or key[1] not in BACKBONES or key[2] not in TRAIN_SETS:
            continue

        def rank(item: Line) -> tuple[int, int]:
            return PROVENANCE.index(item.provenance), -sum(column in item.values for column in columns)

        if key not in best or rank(line) < rank(best[key]):
            best[key] = line
    order = sorted(
        best, key=lambda key: (list(METHODS).index(key[0].lower()), BACKBONES.index(key[1]), TRAIN_SETS.index(key[2]))
    )
    return [best[key] for key in order] or candidates
