"""Maps laid over faces, as one JPEG."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from lgaf.files import atomic

COLOURS = "viridis"
SCALE = Normalize(0.0, 2.0, clip=True)
"""One for all maps of all pictures, so that they compare: 1 is a visible cell, and the mean of a head's map."""
COVER = 0.55
"""How much of the face a map hides."""
TILE, LABEL, FOOT, HEAD, LINE = 1.05, 1.5, 1.0, 0.45, 0.2
"""Inches: side of a face, room for what stands left of it, below all, above all, and for each line of the title."""
LETTERS = 10
"""Letters of the title that an inch has room for."""


def draw_maps(path: Path, title: str, faces: np.ndarray, labels: Sequence[str], maps: Mapping[str, np.ndarray]) -> None:
    """Draw a row of panels a face: the face, then each map laid over it, a square a cell; equal inputs, equal bytes.

    Args:
        path: the JPEG to write.
        title: stands above all.
        faces: (B, S, S, 3) uint8 RGB.
        labels: what stands left of each face.
        maps: {title of a column: (B, h, w)}.

    Raises:
        DataError: ``path`` cannot be written.
    """
    across, down = 1 + len(maps), len(faces)
    width = LABEL + TILE * across
    lines = textwrap.wrap(title, int(LETTERS * width))
    top = HEAD + LINE * len(lines)
    height = top + TILE * down + FOOT
    figure = Figure(figsize=(width, height), dpi=100)
    grid = figure.add_gridspec(down, across, left=LABEL / width, right=0.995, bottom=FOOT / height,
                               top=1 - top / height, wspace=0.04, hspace=0.04)  # fmt: skip
    place = {"x": 0.1 / width, "y": 1 - 0.1 / height, "ha": "left", "va": "top"}
    figure.suptitle("\n".join(lines), **place, fontsize=12, parse_math=False)
    for row, (face, label) in enumerate(zip(faces, labels, strict=True)):
        for column, (name, values) in enumerate([("face", None), *maps.items()]):
            axes = figure.add_subplot(grid[row, column], xticks=[], yticks=[])
            if values is None:
                axes.imshow(face)
                axes.set_ylabel(label, rotation=0, ha="right", va="center", fontsize=9)
            else:
                lay_over(axes, face, values[row])
            if row == 0:
                axes.set_title(name.replace(", ", "\n"), fontsize=9)
    bar = figure.add_axes((LABEL / width, 0.68 / height, 1 - LABEL / width - 0.02, 0.12 / height))
    figure.colorbar(ScalarMappable(SCALE, COLOURS), bar, orientation="horizontal", extend="max").set_label(
        "visibility: 0 hidden, 1 visible\nattention of a head: 1 is its mean over the map", fontsize=9
    )
    with atomic(path) as temporary:
        figure.savefig(temporary, format="jpeg", pil_kwargs={"quality": 85})


def lay_over(axes: Axes, face: np.ndarray, values: np.ndarray) -> None:
    """Show a (h, w) map over a face without its colours, which would mix with the map's."""
    height, width = face.shape[:2]
    axes.imshow(face.mean(axis=2), "gray", vmin=0, vmax=255)
    axes.imshow(values, COLOURS, SCALE, alpha=COVER, interpolation="nearest", extent=(0, width, height, 0))
