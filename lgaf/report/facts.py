"""What stands with a row beside its numbers, and with the whole run."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from lgaf.given.manifest import Manifest
from lgaf.imported.manifest import Imported
from lgaf.report.settings import ReportRow, ReportRun
from lgaf.report.sources import Model, Training

TITLES = {
    "backbone": "backbone",
    "parameters": "parameters (M)",
    "train_set": "training set",
    "train_images": "training images",
    "seeds": "seeds",
    "precision": "precision",
    "device": "trained on",
}
"""What is printed of a row -> how it is headed."""
UNKNOWN = "-"
"""What stands in the place of what is not known of a row that was trained elsewhere."""


@dataclass(frozen=True)
class Row:
    """One row as text, ready to print."""

    id: str
    label: str
    network: str
    head: str
    fusion: str
    """"" for a plain network."""
    backbone: str
    parameters: str
    """Trained weights of the network, in millions."""
    train_set: str
    train_images: str
    seeds: str
    """Seeds of training."""
    precision: str
    """Precision of the numbers in training."""
    device: str
    origin: str = ""
    """Licence and source of a network that was trained elsewhere; "" of one that was trained here."""


@dataclass(frozen=True)
class Run:
    """What stands with our numbers: how they came about."""

    rows: tuple[Row, ...]
    reference: str
    """Id of the row that the others are compared with."""
    seeds: tuple[int, ...]
    """Seeds of training."""
    seed: int
    """Seed of the bootstrap."""
    replicates: int
    confidence: float
    machine: str
    """Where the report was made."""

    @property
    def labels(self) -> dict[str, str]:
        """{id: name in print}."""
        return {row.id: row.label for row in self.rows}

    def differing(self) -> list[str]:
        """The keys of TITLES in which rows differ; the others hold for all rows."""
        return [key for key in TITLES if len({getattr(row, key) for row in self.rows}) > 1]

    def of(self, ids: Collection[str]) -> Run:
        """The run of some rows alone; where the reference is none of them, the first is compared with the others."""
        rows = tuple(row for row in self.rows if row.id in ids)
        return replace(self, rows=rows, reference=self.reference if self.reference in ids else rows[0].id)


def run_of(settings: ReportRun, models: Sequence[Model], train_set: str, machine: str) -> Run:
    """The run's facts, from the settings and from what training left."""
    rows: list[Row] = []
    for row in settings.rows:
        origins = [model.origin for model in models if model.row == row.id]
        trainings = [it for it in origins if isinstance(it, Training)]
        if not trainings:
            rows.extend(given_row(row, it) for it in origins if not isinstance(it, Training))
            continue
        rows.append(
            Row(
                id=row.id,
                label=row.label,
                network=row.network,
                head=row.head,
                fusion=row.fusion or "",
                backbone=listed(it.backbone for it in trainings),
                parameters=listed(f"{it.parameters / 1e6:.2f}" for it in trainings),
                train_set=listed(f"{train_set}{after(it)}" for it in trainings),
                train_images=listed(f"{it.images:,} of {it.identities:,} people" for it in trainings),
                seeds=listed(str(seed) for seed in settings.seeds),
                precision=listed(it.precision for it in trainings),
                device=listed(it.device for it in trainings),
            )
        )
    evaluate = settings.evaluate
    return Run(
        rows=tuple(rows),
        reference=settings.reference,
        seeds=settings.seeds,
        seed=settings.seed,
        replicates=evaluate.replicates,
        confidence=evaluate.confidence,
        machine=machine,
    )


def given_row(row: ReportRow, given: Manifest | Imported) -> Row:
    """A row that was trained elsewhere; of its training nothing is known here but what the manifest says."""
    unknown = dict.fromkeys(("parameters", "train_images", "seeds", "precision", "device"), UNKNOWN)
    return Row(id=row.id, label=row.label, network=row.network, head="", fusion="", backbone=f"{given.format} file",
               train_set=given.train_set, **unknown, origin=f"{given.source}, {given.licence}")  # fmt: skip


def after(training: Training) -> str:
    """What a training set's name is followed by where training did not start from random weights."""
    start = training.started_from
    return "" if start is None else f", started from {start['file']} ({start['take']})"


def listed(texts: Iterable[str]) -> str:
    """Each text once; of a row's seeds more than one where they were trained differently."""
    return ", ".join(dict.fromkeys(texts))
