"""The curves behind the plots as small CSV files, for `dvc plots show` and `dvc plots diff`.

One folder a kind, one file a benchmark, one column a method; DVC draws each file and overlays the revisions asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from lgaf.files import write_text
from lgaf.report.plots import CAUSES, Summary, curves_of, having

DIGITS = 5


def slug(benchmark: str) -> str:
    """A benchmark's name as a file name: "world/lfw" is "world-lfw"."""
    return benchmark.replace("/", "-")


def write_table(path: Path, columns: Mapping[str, Sequence[float] | np.ndarray | pd.Series]) -> None:
    """Write columns of equal length as CSV, rounded so that another machine's last bits make no difference."""
    frame = pd.DataFrame(columns).round(DIGITS)
    write_text(path, frame.to_csv(index=False, lineterminator="\n"))


def write_roc(summaries: Sequence[Summary], folder: Path) -> None:
    """True accept rate of each method on one grid of log10(false accept rate), which DVC cannot draw by itself."""
    for benchmark, group in having(summaries, "roc").items():
        lowest = min(float(min(rate for rate in s["roc"]["far"] if rate > 0)) for s in group)
        grid = np.linspace(np.log10(lowest), 0, 41)
        columns: dict[str, np.ndarray] = {"log10_far": grid}
        for summary in group:
            far, tar = (np.asarray(summary["roc"][key], float) for key in ("far", "tar"))
            order = np.lexsort((tar, far))
            # The curve is a staircase: at a rate between two steps, the true accept rate is that of the step below.
            place = np.searchsorted(far[order], 10**grid * (1 + 1e-9), side="right") - 1
            columns[summary["method"]] = np.where(place >= 0, tar[order][np.maximum(place, 0)], 0.0)
        write_table(folder / "roc" / f"{slug(benchmark)}.csv", columns)


def write_cmc(summaries: Sequence[Summary], folder: Path) -> None:
    """Identification rate of each method at each rank, one file a probe set."""
    for benchmark, group in having(summaries, "cmc").items():
        for name in curves_of(group[0]):
            columns = {"rank": curves_of(group[0])[name]["rank"]}
            columns |= {s["method"]: curves_of(s)[name]["rate"] for s in group}
            write_table(folder / "cmc" / f"{'-'.join(filter(None, (slug(benchmark), name)))}.csv", columns)


def write_histograms(summaries: Sequence[Summary], folder: Path) -> None:
    """Share of mated and of non-mated scores in each bin, by the bin's centre."""
    for benchmark, group in having(summaries, "histogram").items():
        edges = np.asarray(group[0]["histogram"]["edges"], float)
        columns: dict[str, np.ndarray] = {"cosine": (edges[1:] + edges[:-1]) / 2}
        for summary in group:
            for kind in ("mated", "nonmated"):
                counts = np.asarray(summary["histogram"][kind], float)
                columns[f"{summary['method']}_{kind}"] = counts / max(counts.sum(), 1)
        write_table(folder / "histogram" / f"{slug(benchmark)}.csv", columns)


def write_reject(summaries: Sequence[Summary], folder: Path) -> None:
    """Error of each method at each rejected share."""
    for benchmark, group in having(summaries, "reject").items():
        columns = {"rejected": group[0]["reject"]["fraction"]}
        columns |= {summary["method"]: summary["reject"]["error"] for summary in group}
        write_table(folder / "reject" / f"{slug(benchmark)}.csv", columns)


def write_attention(summaries: Sequence[Summary], folder: Path) -> None:
    """Mean local weight of each method that has one, and its error, by the hidden fraction and the deformation."""
    for cause in CAUSES:
        for benchmark, group in having(summaries, "attention", cause).items():
            columns = {cause: group[0]["attention"][cause]["centre"]}
            for summary in group:
                columns[summary["method"]] = summary["attention"][cause]["mean"]
                columns[f"{summary['method']}_error"] = summary["attention"][cause]["error"]
            write_table(folder / f"attention-{cause}" / f"{slug(benchmark)}.csv", columns)


def write_training(histories: Mapping[str, pd.DataFrame], folder: Path) -> None:
    """Loss by epoch, one file a method: losses of different heads do not share a scale."""
    for method, history in histories.items():
        write_table(folder / "training" / f"{method}.csv", {"epoch": history["epoch"], "loss": history["loss"]})


def write_curves(summaries: Sequence[Summary], histories: Mapping[str, pd.DataFrame], folder: Path) -> None:
    """Write all of the above under ``folder``."""
    for write in (write_roc, write_cmc, write_histograms, write_reject, write_attention):
        write(summaries, folder)
    write_training(histories, folder)
