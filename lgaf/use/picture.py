"""A picture of a comparison: both photos, the faces and points that were found, and the decision."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from lgaf.files import atomic
from lgaf.formats.image import encode
from lgaf.use.compare import Comparison
from lgaf.use.photos import Photo

HEIGHT, WIDTH, MARGIN = 420, 560, 12
"""Room for a photo, and the space around it, in pixels."""
LINE = 22
"""Pixels from one line of text to the next."""
BOX, POINT, INK = (0, 158, 115), (230, 159, 0), (30, 30, 30)


def write_picture(found: Comparison, path: Path) -> None:
    """Write a PNG.

    Raises:
        DataError: ``path`` cannot be written.
    """
    panels = [panel(photo, norm) for photo, norm in zip(found.photos, found.embedded.norms, strict=True)]
    both = np.concatenate(panels, axis=1)
    foot = np.full((2 * LINE + MARGIN, both.shape[1], 3), 255, np.uint8)
    write(foot, f"similarity {found.similarity:.3f}: {found.decision}", LINE, 0.55)
    threshold = "" if isinstance(found.threshold, str) else f"threshold {found.threshold}"
    write(foot, threshold, 2 * LINE, 0.42)
    with atomic(path) as temporary:
        temporary.write_bytes(encode(np.concatenate([both, foot])))


def panel(photo: Photo, norm: float) -> np.ndarray:
    """A photo that fits into its room, with box and points, its name and quality above it."""
    height, width = photo.image.shape[:2]
    scale = min(HEIGHT / height, WIDTH / width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    shown = cv2.resize(photo.image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    left, top, right, bottom = np.rint((photo.face.box + 0.5) * scale - 0.5).astype(int).tolist()
    cv2.rectangle(shown, (left, top), (right, bottom), BOX, 2)
    for x, y in np.rint((photo.face.points + 0.5) * scale - 0.5).astype(int).tolist():
        cv2.circle(shown, (x, y), 3, POINT, -1, cv2.LINE_AA)
    room = np.full((HEIGHT + LINE + 2 * MARGIN, WIDTH + 2 * MARGIN, 3), 255, np.uint8)
    write(room, f"{photo.path.name}   quality {norm:.2f}", LINE, 0.45)
    x, y = MARGIN + (WIDTH - size[0]) // 2, LINE + MARGIN
    room[y : y + size[1], x : x + size[0]] = shown
    return room


def write(image: np.ndarray, text: str, y: int, size: float) -> None:
    """A line of text, cut where the image ends; OpenCV's letters are ASCII."""
    plain = text.encode("ascii", "replace").decode()
    while cv2.getTextSize(plain, cv2.FONT_HERSHEY_SIMPLEX, size, 1)[0][0] > image.shape[1] - 2 * MARGIN:
        plain = plain[:-4] + "..."
    cv2.putText(image, plain, (MARGIN, y), cv2.FONT_HERSHEY_SIMPLEX, size, INK, 1, cv2.LINE_AA)
