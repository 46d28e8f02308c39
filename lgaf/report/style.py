"""One look for all plots: a colour and dashes a row, colour-blind safe (Okabe and Ito), no decoration."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lgaf.files import atomic

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000")
# Seven colours and five dashes, which have no divisor in common: together they begin anew at the 36th row.
DASHES = ("-", "--", "-.", (0, (1, 1.6)), (0, (5, 1, 1, 1, 1, 1)))
GREY = "#777777"
WIDTH = 10.0  # inches; 100 dots each, so that a page 800 pixels wide hardly shrinks the letters
LINE, THIN = 1.8, 1.0
RC: Any = {
    "font.size": 11,
    "axes.titlesize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "lines.linewidth": LINE,
    "legend.frameon": False,
    "figure.dpi": 100,
    "savefig.dpi": 100,
}


@dataclass(frozen=True)
class Look:
    """How rows are drawn: by their place in the list, thirty-five of them apart; one thin line a seed.

    labels: {id: name in print}, in the order of rows; seeds: how many lines a row has.
    """

    labels: dict[str, str]
    seeds: int

    def line(self, row: str) -> dict[str, Any]:
        """Colour, dashes and width of a row's lines, and its name, which the legend has once."""
        place = list(self.labels).index(row)
        dashes = DASHES[place % len(DASHES)]
        width = LINE if self.seeds == 1 else THIN
        return {"color": COLOURS[place % len(COLOURS)], "linestyle": dashes, "linewidth": width,
                "label": self.label(row)}  # fmt: skip

    def label(self, row: str) -> str:
        """A row's name, not read as a formula between dollars, nor hidden from legends by an underscore in front."""
        label = self.labels[row].replace("$", r"\$")
        return f" {label}" if label.startswith("_") else label


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
    with plt.rc_context(RC):
        figure, grid = plt.subplots(rows, columns, squeeze=False)
        try:
            axes = list(grid.flat)
            for spare in axes[len(titles) :]:
                spare.axis("off")
            for axis, name in zip(axes, titles, strict=False):
                axis.set_title(name, loc="left")
            yield axes[: len(titles)]
            figure.suptitle(title, x=0.01, ha="left", fontsize=13)
            handles = named(axes[: len(titles)])
            abreast = names_abreast(handles, width)
            foot = 0.25 + 0.25 * -(-len(handles) // abreast) + 0.17 * len(lines)  # inches below the panels
            figure.set_size_inches(width, height * rows + 0.5 + foot)
            foot_share = foot / figure.get_figheight()
            legend(figure, handles, foot_share, abreast)
            figure.text(0.01, 0.01, "\n".join(lines), fontsize=9, color="#555555", va="bottom")
            figure.tight_layout(rect=(0, foot_share, 1, 1))
            save(figure, path)
        finally:
            plt.close(figure)


def named(axes: list[Axes]) -> dict[str, Any]:
    """{name: a line of it} of all panels."""
    found: dict[str, Any] = {}
    for axis in axes:
        for handle, label in zip(*axis.get_legend_handles_labels(), strict=True):
            found.setdefault(label, handle)
    return found


def names_abreast(handles: dict[str, Any], width: float) -> int:
    """How many names stand beside each other in a legend of ``width`` inches."""
    longest = max(map(len, handles), default=1)
    return max(1, min(len(handles), 5, int(width / (0.6 + 0.075 * longest))))


def legend(figure: Figure, handles: dict[str, Any], top: float, columns: int) -> None:
    """One legend for all panels, below them; ``top`` is where it begins, as a share of the figure's height."""
    if handles:
        place: dict[str, Any] = {"loc": "upper center", "bbox_to_anchor": (0.5, top), "borderaxespad": 0.0}
        figure.legend(list(handles.values()), list(handles), ncols=columns, **place)


def save(figure: Figure, path: Path) -> None:
    """Write a PNG without a date or a version in it."""
    with atomic(path) as temporary:
        figure.savefig(temporary, format="png", metadata={"Software": None})
