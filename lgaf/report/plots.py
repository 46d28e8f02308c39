"""Plots of a run as PNG. Each function draws one kind from the summaries of every model, one panel a benchmark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Sized
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, PercentFormatter

from lgaf.report.sources import Epoch
from lgaf.report.style import GREY, Look, panels

Summary = Mapping[str, Any]
History = tuple[str, Sequence[Epoch]]
"""A row, and the epochs of one of its trainings."""
MATED, NONMATED = "#0072B2", "#D55E00"
CAUSES = {"hidden": "hidden fraction of the face", "deformation": "strength of the deformation"}


def having(summaries: Sequence[Summary], block: str, part: str | None = None) -> dict[str, list[Summary]]:
    """{benchmark: its summaries that have ``block``, and ``part`` of it}, in the order of the summaries."""
    found: dict[str, list[Summary]] = {}
    for summary in summaries:
        if summary.get(block) and (part is None or summary[block].get(part)):
            found.setdefault(summary["benchmark"], []).append(summary)
    return found


def percent_axis(axis: Axes, which: str = "y", decimals: int = 0) -> None:
    """Label fractions in per cent."""
    (axis.yaxis if which == "y" else axis.xaxis).set_major_formatter(PercentFormatter(1.0, decimals=decimals))


def floor_of(values: Sequence[float]) -> float:
    """Where a rate's axis starts: a little under the lowest value, so that good systems can be told apart."""
    low = min(values)
    return max(0.0, low - 0.08 * (1.02 - low))


def marker_of(points: Sized) -> str | None:
    """A dot where a line of a single point would not be seen."""
    return "o" if len(points) == 1 else None


def plot_roc(summaries: Sequence[Summary], look: Look, path: Path) -> None:
    """True accept rate against false accept rate, the latter logarithmic."""
    found = having(summaries, "roc")
    with panels(path, list(found), "ROC: true accept rate at each false accept rate") as axes:
        for axis, group in zip(axes, found.values(), strict=True):
            lowest = []
            for summary in group:
                far, tar = (np.asarray(summary["roc"][key], float) for key in ("far", "tar"))
                seen = far > 0  # a rate of zero has no logarithm
                style = look.line(summary["method"])
                axis.step(far[seen], tar[seen], where="post", marker=marker_of(far[seen]), **style)
                lowest.append(float(tar[seen].min()))
            axis.set(xscale="log", ylim=(floor_of(lowest), 1.02), xlabel="false accept rate", ylabel="true accept rate")
            percent_axis(axis)


def curves_of(summary: Summary) -> dict[str, Mapping[str, Any]]:
    """{probe set: its CMC}; a benchmark with one unnamed set has "" only."""
    cmc = summary["cmc"]
    return {"": cmc} if "rank" in cmc else dict(cmc)


def plot_cmc(summaries: Sequence[Summary], look: Look, path: Path) -> None:
    """Identification rate against rank, one panel a probe set."""
    found = having(summaries, "cmc")
    groups = {
        f"{benchmark} {name}".strip(): [(s["method"], curves_of(s)[name]) for s in group if name in curves_of(s)]
        for benchmark, group in found.items()
        for name in curves_of(group[0])
    }
    with panels(path, list(groups), "CMC: probes whose mate is among the first r of the gallery") as axes:
        for axis, curves in zip(axes, groups.values(), strict=True):
            for row, curve in curves:
                axis.plot(curve["rank"], curve["rate"], **look.line(row))
            lowest = floor_of([min(curve["rate"]) for _, curve in curves])
            axis.set(ylim=(lowest, 1.02), xlabel="rank r", ylabel="identification rate")
            percent_axis(axis)


def counts_of(group: Sequence[Summary]) -> dict[str, np.ndarray]:
    """The bins' ``edges``, and ``mated`` and ``nonmated`` scores counted over all seeds of one row."""
    found = {kind: np.sum([s["histogram"][kind] for s in group], axis=0) for kind in ("mated", "nonmated")}
    return {"edges": np.asarray(group[0]["histogram"]["edges"], float), **found}


def plot_histograms(summaries: Sequence[Summary], look: Look, path: Path) -> None:
    """Cosine scores of mated and non-mated comparisons of one row, each scaled to an area of one."""
    found = having(summaries, "histogram")
    title = f"Scores of {look.label(summaries[0]['method'])}: density of cosine similarity"
    with panels(path, list(found), title, height=2.3) as axes:
        for axis, group in zip(axes, found.values(), strict=True):
            histogram = counts_of(group)
            edges = histogram["edges"]
            for name, label, colour in (("nonmated", "non-mated", NONMATED), ("mated", "mated", MATED)):
                density = histogram[name] / max(histogram[name].sum(), 1) / np.diff(edges)
                axis.stairs(density, edges, fill=True, alpha=0.35, color=colour)
                axis.stairs(density, edges, color=colour, linewidth=1.4, label=label)
            axis.set(xlabel="cosine similarity", yticks=[])
            axis.grid(False)
            axis.spines["left"].set_visible(False)


def plot_reject(summaries: Sequence[Summary], look: Look, path: Path) -> None:
    """Error against the share of trials rejected for low quality; what counts as an error is printed below."""
    found = having(summaries, "reject")
    rules: dict[str, list[str]] = {}
    for benchmark, group in found.items():
        rules.setdefault(group[0]["reject"]["rule"], []).append(benchmark)
    note = "\n".join(f"{', '.join(names)}: {rule}" for rule, names in rules.items())
    with panels(path, list(found), "Error versus reject: faces of the lowest norm rejected first", note) as axes:
        for axis, group in zip(axes, found.values(), strict=True):
            for summary in group:
                curve = summary["reject"]
                axis.plot(curve["fraction"], curve["error"], **look.line(summary["method"]))
            axis.set(ylim=(0, None), xlabel="rejected", ylabel="error")
            percent_axis(axis)
            percent_axis(axis, "x")


def plot_attention(summaries: Sequence[Summary], look: Look, path: Path, cause: str) -> None:
    """Mean weight of the local feature against ``cause``, a key of CAUSES."""
    found = having(summaries, "attention", cause)
    note = "mean of the images in a bin, band of one standard error; above the grey line the local feature weighs more"
    with panels(path, list(found), f"Weight of the local feature against the {CAUSES[cause]}", note) as axes:
        for axis, group in zip(axes, found.values(), strict=True):
            axis.axhline(0.5, color=GREY, linewidth=0.9)
            for summary in group:
                curve = summary["attention"][cause]
                centre, mean, error = (np.asarray(curve[key], float) for key in ("centre", "mean", "error"))
                style = look.line(summary["method"])
                axis.plot(centre, mean, marker="o", markersize=4, **style)
                axis.fill_between(centre, mean - error, mean + error, color=style["color"], alpha=0.2, linewidth=0)
            axis.set(xlabel=CAUSES[cause], ylabel="local weight")
        limits = [limit for axis in axes for limit in axis.get_ylim()]
        for axis in axes:
            axis.set_ylim(min(limits), max(limits))


TRAINING = {
    "loss": "mean training loss (heads do not share a scale)",
    "images_per_second": "images per second",
}


def plot_training(histories: Sequence[History], look: Look, path: Path) -> None:
    """Loss and speed against the epoch."""
    with panels(path, list(TRAINING.values()), "Training", columns=2, height=3.2) as axes:
        for axis, name in zip(axes, TRAINING, strict=True):
            for row, history in histories:
                epochs = [epoch.epoch for epoch in history]
                values = [getattr(epoch, name) for epoch in history]
                axis.plot(epochs, values, marker=marker_of(epochs), **look.line(row))
            axis.set(xlabel="epoch", ylim=(0, 1.08 * axis.get_ylim()[1]))
            axis.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
