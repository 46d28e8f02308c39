"""Labelled rows of small images as one JPEG or PNG."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from lgaf.files import atomic

MARGIN = 110
"""Pixels left of the images, for the labels."""
QUALITY = 85


def write_tiles(rows: Sequence[tuple[str, Sequence[np.ndarray]]], path: str | Path, tile: int, columns: int) -> None:
    """Write rows of a label and (S, S, 3) uint8 RGB images, each shown ``tile`` pixels large.

    columns: how many a row has room for; path: a PNG if it ends in .png, else a JPEG.

    Raises:
        DataError: ``path`` cannot be written.
    """
    strips = []
    for label, images in rows:
        strip = np.full((tile, MARGIN + columns * tile, 3), 255, np.uint8)
        for line, word in enumerate(label.split(" ", 1)):
            cv2.putText(strip, word, (6, 2 * tile // 5 + 20 * line), cv2.FONT_HERSHEY_SIMPLEX, 0.42, 0, 1, cv2.LINE_AA)
        for column, image in enumerate(images):
            way = cv2.INTER_AREA if image.shape[0] >= tile else cv2.INTER_NEAREST
            shown = cv2.resize(image, (tile, tile), interpolation=way)
            strip[:, MARGIN + column * tile : MARGIN + (column + 1) * tile] = shown
        strips.append(strip)
    sheet = cv2.cvtColor(np.concatenate(strips), cv2.COLOR_RGB2BGR)
    kind = ".png" if Path(path).suffix == ".png" else ".jpg"
    _, content = cv2.imencode(kind, sheet, [cv2.IMWRITE_JPEG_QUALITY, QUALITY] if kind == ".jpg" else [])
    with atomic(path) as temporary:
        temporary.write_bytes(content.tobytes())
