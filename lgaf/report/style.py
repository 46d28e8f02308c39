"""One look for all plots: a fixed colour and line a method, colour-blind safe (Okabe and Ito), no decoration."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lgaf.files import atomic

COLOURS = {
    "lgaf": "#0072B2",
    "arcface": "#E69F00",
    "adaface": "#009E73",
    "magface": "#CC79A7",
    "cosface": "#56B4E9",
}
DASHES = {"lgaf": "-", "arcface": "--", "adaface": "-.", "magface": (0, (1, 1)), "cosface": (0, (5, 1, 1, 1, 1, 1))}
OTHER = "#D55E00"
GREY = "#777777"
WIDTH = 10.0  # inches; 100 dots each, so that a page 800 pixels wide hardly shrinks the letters
RC: Any = {
    "font.size": 11,
    "axes.titlesize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "lines.linewidth": 1.8,
    "legend.frameon": False,
    "figure.dpi": 100,
    "savefig.dpi": 100,
}


def line_of(method: str) -> dict[str, Any]:
    """Colour and dashes of a method's line."""
    return {"color": COLOURS.get(method, OTHER), "linestyle": DASHES.get(method, ":")}


@contextmanager
def panels(
    path: Path, titles: list[str], title: str, note: str = "", height: float = 2.7, columns: int = 3
) -> Iterator[list[Axes]]:
    """Small multiples, one panel a title, saved to ``path`` as PNG on leaving; equal inputs give equal bytes.

    note: lines in small print below the legend, wrapped to the width.
    """
    columns = min(columns, len(titles))
    rows = -(-len(titles) // columns)
    width = WIDTH if columns > 1 else WIDTH * 0.7
    lines = [piece for line in note.splitlines() for piece in textwrap.wrap(line, int(width * 14))]
    foot = 0.5 + 0.17 * len(lines)  # inches below the panels
    with plt.rc_context(RC):
        figure, grid = plt.subplots(rows, columns, figsize=(width, height * rows + 0.5 + foot), squeeze=False)
        try:
            axes = list(grid.flat)
            for spare in axes[len(titles) :]:
                spare.axis("off")
            for axis, name in zip(axes, titles, strict=False):
                axis.set_title(name, loc="left")
            yield axes[: len(titles)]
            figure.suptitle(title, x=0.01, ha="left", fontsize=13)
            foot_share = foot / figure.get_figheight()
            legend(figure, axes[: len(titles)], foot_share)
            figure.text(0.01, 0.01, "\n".join(lines), fontsize=9, color="#555555", va="bottom")
            figure.tight_layout(rect=(0, foot_share, 1, 1))
            save(figure, path)
        finally:
            plt.close(figure)


def legend(figure: Figure, axes: list[Axes], top: float) -> None:
    """One legend for all panels, below them; ``top`` is where it begins, as a share of the figure's height."""
    found: dict[str, Any] = {}
    for axis in axes:
        for handle, label in zip(*axis.get_legend_handles_labels(), strict=True):
            found.setdefault(label, handle)
    if found:
        place: dict[str, Any] = {"loc": "upper center", "bbox_to_anchor": (0.5, top), "borderaxespad": 0.0}
        figure.legend(list(found.values()), list(found), ncols=min(len(found), 5), **place)


def save(figure: Figure, path: Path) -> None:
    """Write a PNG without a date or a version in it."""
    with atomic(path) as temporary:
        figure.savefig(temporary, format="png", metadata={"Software": None})
