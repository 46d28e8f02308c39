"""Figures of the damage laboratory, and the curves behind them: a panel, or a curve, a kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from lgaf.damage.kinds import KINDS
from lgaf.evaluate.laboratory.conditions import NAME, TAR, WEIGHT
from lgaf.report.curves import Curve, Line
from lgaf.report.laboratory import Laboratory, by_level
from lgaf.report.plots import percent_axis
from lgaf.report.style import GREY, Look, panels

HEIGHT = 2.1
TITLES = [f"{kind.name.replace('_', ' ')}: {kind.mild:g} to {kind.worst:g} {kind.unit}" for kind in KINDS]


def plot_rates(laboratory: Laboratory, look: Look, path: Path) -> None:
    """TAR of every row against the level, 0 undamaged."""
    levels = np.arange(laboratory.levels + 1)
    with panels(path, TITLES, f"Clean against damaged faces: {TAR} by kind and level", height=HEIGHT) as axes:
        for axis, kind in zip(axes, KINDS, strict=True):
            for row in laboratory.estimates:
                rates = [it.value for it in by_level(laboratory, row, kind.name, TAR)]
                axis.plot(levels, rates, **look.line(row))
            axis.set(xlabel="level", ylim=(0, None), xticks=levels)
            percent_axis(axis)


def plot_weights(laboratory: Laboratory, look: Look, path: Path, confidence: float) -> None:
    """Mean local weight of every row that has one against the level, with its interval."""
    levels = np.arange(laboratory.levels + 1)
    note = f"band: {100 * confidence:g} % interval; above the grey line the local feature weighs more"
    with panels(path, TITLES, "Weight of the local feature by kind and level", note, height=HEIGHT) as axes:
        for axis, kind in zip(axes, KINDS, strict=True):
            axis.axhline(0.5, color=GREY, linewidth=0.9)
            for row in laboratory.branched:
                found = by_level(laboratory, row, kind.name, WEIGHT)
                low, high = np.transpose([it.interval(confidence) for it in found])
                style = look.line(row)
                axis.plot(levels, [it.value for it in found], marker="o", markersize=4, **style)
                axis.fill_between(levels, low, high, color=style["color"], alpha=0.2, linewidth=0)
            axis.set(xlabel="level", xticks=levels)
        limits = [limit for axis in axes for limit in axis.get_ylim()]
        for axis in axes:
            axis.set_ylim(min(limits), max(limits))


def draw_damage(laboratory: Laboratory, look: Look, folder: Path, confidence: float) -> None:
    """Both figures; the second where a row has branches."""
    plot_rates(laboratory, look, folder / f"{NAME}-tar.png")
    if laboratory.branched:
        plot_weights(laboratory, look, folder / f"{NAME}-weight.png", confidence)


def damage_curves(laboratory: Laboratory, labels: Mapping[str, str]) -> Iterator[Curve]:
    """The same as curves."""
    levels = np.arange(laboratory.levels + 1)
    for kind in KINDS:
        shown = (TAR, "tar", [*laboratory.estimates]), (WEIGHT, "local_weight", laboratory.branched)
        for metric, name, rows in shown:
            lines = [
                Line(labels[row], levels, [it.value for it in by_level(laboratory, row, kind.name, metric)])
                for row in rows
            ]
            if lines:
                yield Curve(f"{NAME}-{name.replace('_', '-')}", kind.name, "level", name, lines)
