"""The curves behind the plots as small CSV files, for `dvc plots show` and `dvc plots diff`.

One folder a kind, one file a benchmark, one line a point: x, y, and in ``row`` the row's name. Of a row with several
seeds the mean over them stands there. DVC draws each file and overlays the revisions asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lgaf.files import write_text
from lgaf.report.plots import CAUSES, History, Summary, counts_of, curves_of, having

DIGITS = 5
Lines = Mapping[str, tuple[Any, Any]]
"""Name in print -> x and y of its points."""


def slug(benchmark: str) -> str:
    """A benchmark's name as a file name: "world/lfw" is "world-lfw"."""
    return benchmark.replace("/", "-")


def write_lines(path: Path, x: str, y: str, lines: Lines) -> None:
    """Write lines as CSV, rounded so that another machine's last bits make no difference."""
    frames = [pd.DataFrame({x: at, y: values, "row": name}) for name, (at, values) in lines.items()]
    write_text(path, pd.concat(frames).round(DIGITS).to_csv(index=False, lineterminator="\n"))


def by_row(group: Sequence[Summary]) -> dict[str, list[Summary]]:
    """{row: the summaries of its seeds}."""
    found: dict[str, list[Summary]] = {}
    for summary in group:
        found.setdefault(summary["method"], []).append(summary)
    return found


def mean(values: Sequence[Any]) -> np.ndarray:
    """The mean over seeds."""
    return np.mean(np.asarray(values, float), axis=0)


def write_roc(summaries: Sequence[Summary], labels: Mapping[str, str], folder: Path) -> None:
    """True accept rate of each row on one grid of log10(false accept rate), which DVC cannot draw by itself."""
    for benchmark, group in having(summaries, "roc").items():
        lowest = min(float(min(rate for rate in s["roc"]["far"] if rate > 0)) for s in group)
        grid = np.linspace(np.log10(lowest), 0, 41)
        lines = {
            labels[row]: (grid, mean([on_grid(s["roc"], grid) for s in own])) for row, own in by_row(group).items()
        }
        write_lines(folder / "roc" / f"{slug(benchmark)}.csv", "log10_far", "tar", lines)


def on_grid(roc: Mapping[str, Sequence[float]], grid: np.ndarray) -> np.ndarray:
    """The curve, which is a staircase: at a rate between two steps, the true accept rate is that of the step below."""
    far, tar = (np.asarray(roc[key], float) for key in ("far", "tar"))
    order = np.lexsort((tar, far))
    place = np.searchsorted(far[order], 10**grid * (1 + 1e-9), side="right") - 1
    return np.where(place >= 0, tar[order][np.maximum(place, 0)], 0.0)


def write_cmc(summaries: Sequence[Summary], labels: Mapping[str, str], folder: Path) -> None:
    """Identification rate of each row at each rank, one file a probe set."""
    for benchmark, group in having(summaries, "cmc").items():
        for name, curve in curves_of(group[0]).items():
            rates = {row: [curves_of(s)[name]["rate"] for s in own] for row, own in by_row(group).items()}
            lines = {labels[row]: (curve["rank"], mean(found)) for row, found in rates.items()}
            path = folder / "cmc" / f"{'-'.join(filter(None, (slug(benchmark), name)))}.csv"
            write_lines(path, "rank", "rate", lines)


def write_histograms(summaries: Sequence[Summary], labels: Mapping[str, str], folder: Path) -> None:
    """Share of mated and of non-mated scores in each bin, by the bin's centre, counted over all seeds of a row."""
    for benchmark, group in having(summaries, "histogram").items():
        lines = {}
        for row, own in by_row(group).items():
            counts = counts_of(own)
            centres = (counts["edges"][1:] + counts["edges"][:-1]) / 2
            for kind, name in (("mated", "mated"), ("nonmated", "non-mated")):
                lines[f"{labels[row]}, {name}"] = centres, counts[kind] / max(counts[kind].sum(), 1)
        write_lines(folder / "histogram" / f"{slug(benchmark)}.csv", "cosine", "share", lines)


def write_reject(summaries: Sequence[Summary], labels: Mapping[str, str], folder: Path) -> None:
    """Error of each row at each rejected share."""
    for benchmark, group in having(summaries, "reject").items():
        rejected = group[0]["reject"]["fraction"]
        lines = {
            labels[row]: (rejected, mean([s["reject"]["error"] for s in own])) for row, own in by_row(group).items()
        }
        write_lines(folder / "reject" / f"{slug(benchmark)}.csv", "rejected", "error", lines)


def write_attention(summaries: Sequence[Summary], labels: Mapping[str, str], folder: Path) -> None:
    """Mean local weight of each row that has one, by the hidden fraction and by the deformation."""
    for cause in CAUSES:
        for benchmark, group in having(summaries, "attention", cause).items():
            lines = {}
            for row, own in by_row(group).items():
                found = [s["attention"][cause] for s in own]
                lines[labels[row]] = found[0]["centre"], mean([it["mean"] for it in found])
            write_lines(folder / f"attention-{cause}" / f"{slug(benchmark)}.csv", cause, "local_weight", lines)


def write_training(histories: Sequence[History], labels: Mapping[str, str], folder: Path) -> None:
    """Loss by epoch; losses of different heads do not share a scale."""
    lines: dict[str, tuple[Any, Any]] = {}
    for row in dict.fromkeys(row for row, _ in histories):
        own = [history for name, history in histories if name == row]
        losses = mean([[epoch.loss for epoch in history] for history in own])
        lines[labels[row]] = [epoch.epoch for epoch in own[0]], losses
    write_lines(folder / "training" / "loss.csv", "epoch", "loss", lines)


def write_curves(
    summaries: Sequence[Summary], histories: Sequence[History], labels: Mapping[str, str], folder: Path
) -> None:
    """Write all of the above under ``folder``; ``labels``: {row: name in print}."""
    for write in (write_roc, write_cmc, write_histograms, write_reject, write_attention):
        write(summaries, labels, folder)
    if histories:
        write_training(histories, labels, folder)
