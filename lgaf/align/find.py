"""The face that a photo is of: detected, chosen among several, its five points read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lgaf.align.detector import Detector, choose
from lgaf.align.refine import Refiner
from lgaf.align.settings import Alignment


@dataclass(frozen=True)
class Found:
    """The face that was chosen, in pixels of the photo.

    box: (4,) float32 left, top, right, bottom; points: (5, 2), ordered as :class:`lgaf.align.detector.Detection` has
    them; count: how many faces there were to choose from.
    """

    box: np.ndarray
    points: np.ndarray
    count: int


class Finder:
    """Finds the face of one photo after the other, as ``settings`` say; not to be shared between threads."""

    def __init__(self, settings: Alignment):
        self.settings = settings
        self.detector = Detector(settings.detect_size, settings.min_score)
        self.refine = Refiner() if settings.refine else None

    def __call__(self, image: np.ndarray) -> Found:
        """The face of an image (H, W, 3) uint8 RGB.

        Raises:
            ValueError: there is none; why.
        """
        faces = self.detector.detect(image)
        face = choose(faces, self.settings.face, image)
        if face is None:
            raise ValueError(f"no face of score {self.settings.min_score} or more")
        return Found(face.box, self.refine(image, face) if self.refine else face.points, len(faces))
