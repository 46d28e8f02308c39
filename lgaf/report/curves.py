"""The curves of a run: what `dvc plots show` and `dvc plots diff` draw from small CSV files, and the page from these.

One folder a kind, one file a benchmark, one line a point: x, y, and in ``row`` the row's name. Of a row with several
seeds the mean over them stands there. DVC draws each file and overlays the revisions asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from lgaf.files import write_text
from lgaf.report.plots import CAUSES, History, Summary, counts_of, curves_of, having

DIGITS = 5


class Line(NamedTuple):
    """One line: its row's name in print, x and y of its points; of a row with several lines, which of them it is."""

    row: str
    x: Any
    y: Any
    part: str = ""

    @property
    def name(self) -> str:
        """What the line is called."""
        return f"{self.row}, {self.part}" if self.part else self.row


class Curve(NamedTuple):
    """The lines of one kind on one benchmark, probe set or kind of damage."""

    kind: str
    name: str
    x: str
    y: str
    lines: Sequence[Line]

    @property
    def path(self) -> str:
        """Its file below the folder of curves: "world/lfw" is world-lfw.csv."""
        return f"{self.kind}/{self.name.replace('/', '-').replace(' ', '-')}.csv"


def write_curves(curves: Iterable[Curve], folder: Path) -> None:
    """Write curves as CSV, rounded so that another machine's last bits make no difference."""
    for curve in curves:
        frames = [pd.DataFrame({curve.x: it.x, curve.y: it.y, "row": it.name}) for it in curve.lines]
        text = pd.concat(frames).round(DIGITS).to_csv(index=False, lineterminator="\n")
        write_text(folder / curve.path, text)


def by_row(group: Sequence[Summary]) -> dict[str, list[Summary]]:
    """{row: the summaries of its seeds}."""
    found: dict[str, list[Summary]] = {}
    for summary in group:
        found.setdefault(summary["method"], []).append(summary)
    return found


def mean(values: Sequence[Any]) -> np.ndarray:
    """The mean over seeds."""
    return np.mean(np.asarray(values, float), axis=0)


def roc(summaries: Sequence[Summary], labels: Mapping[str, str]) -> Iterator[Curve]:
    """True accept rate of each row on one grid of log10(false accept rate), which DVC cannot draw by itself."""
    for benchmark, group in having(summaries, "roc").items():
        lowest = min(float(min(rate for rate in s["roc"]["far"] if rate > 0)) for s in group)
        grid = np.linspace(np.log10(lowest), 0, 41)
        lines = [
            Line(labels[row], grid, mean([on_grid(s["roc"], grid) for s in own])) for row, own in by_row(group).items()
        ]
        yield Curve("roc", benchmark, "log10_far", "tar", lines)


def on_grid(roc: Mapping[str, Sequence[float]], grid: np.ndarray) -> np.ndarray:
    """The curve, which is a staircase: at a rate between two steps, the true accept rate is that of the step below."""
    far, tar = (np.asarray(roc[key], float) for key in ("far", "tar"))
    order = np.lexsort((tar, far))
    place = np.searchsorted(far[order], 10**grid * (1 + 1e-9), side="right") - 1
    return np.where(place >= 0, tar[order][np.maximum(place, 0)], 0.0)


def cmc(summaries: Sequence[Summary], labels: Mapping[str, str]) -> Iterator[Curve]:
    """Identification rate of each row at each rank, one curve a probe set."""
    for benchmark, group in having(summaries, "cmc").items():
        for name, curve in curves_of(group[0]).items():
            rates = {row: [curves_of(s)[name]["rate"] for s in own] for row, own in by_row(group).items()}
            lines = [Line(labels[row], curve["rank"], mean(found)) for row, found in rates.items()]
            yield Curve("cmc", f"{benchmark} {name}".strip(), "rank", "rate", lines)


def histograms(summaries: Sequence[Summary], labels: Mapping[str, str]) -> Iterator[Curve]:
    """Share of mated and of non-mated scores in each bin, by the bin's centre, counted over all seeds of a row."""
    for benchmark, group in having(summaries, "histogram").items():
        lines = []
        for row, own in by_row(group).items():
            counts = counts_of(own)
            centres = (counts["edges"][1:] + counts["edges"][:-1]) / 2
            for kind, part in (("mated", "mated"), ("nonmated", "non-mated")):
                lines.append(Line(labels[row], centres, counts[kind] / max(counts[kind].sum(), 1), part))
        yield Curve("histogram", benchmark, "cosine", "share", lines)


def reject(summaries: Sequence[Summary], labels: Mapping[str, str]) -> Iterator[Curve]:
    """Error of each row at each rejected share."""
    for benchmark, group in having(summaries, "reject").items():
        rejected = group[0]["reject"]["fraction"]
        lines = [Line(labels[row], rejected, mean([s["reject"]["error"] for s in own]))
                 for row, own in by_row(group).items()]  # fmt: skip
        yield Curve("reject", benchmark, "rejected", "error", lines)


def attention(summaries: Sequence[Summary], labels: Mapping[str, str]) -> Iterator[Curve]:
    """Mean local weight of each row that has one, by the hidden fraction and by the deformation."""
    for cause in CAUSES:
        for benchmark, group in having(summaries, "attention", cause).items():
            lines = []
            for row, own in by_row(group).items():
                found = [s["attention"][cause] for s in own]
                lines.append(Line(labels[row], found[0]["centre"], mean([it["mean"] for it in found])))
            yield Curve(f"attention-{cause}", benchmark, cause, "local_weight", lines)


def training(histories: Sequence[History], labels: Mapping[str, str]) -> Iterator[Curve]:
    """Loss by epoch; losses of different heads do not share a scale."""
    lines = []
    for row in dict.fromkeys(row for row, _ in histories):
        own = [history for name, history in histories if name == row]
        losses = mean([[epoch.loss for epoch in history] for history in own])
        lines.append(Line(labels[row], [epoch.epoch for epoch in own[0]], losses))
    if lines:
        yield Curve("training", "loss", "epoch", "loss", lines)


def curves(summaries: Sequence[Summary], histories: Sequence[History], labels: Mapping[str, str]) -> Iterator[Curve]:
    """All of the above; ``labels``: {row: name in print}."""
    for made in (roc, cmc, histograms, reject, attention):
        yield from made(summaries, labels)
    yield from training(histories, labels)
