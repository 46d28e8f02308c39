"""Skin: all that is painted on a person's head, as maps on a cylinder about it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from lgaf.world import marks
from lgaf.world.brows import paint_brows
from lgaf.world.canvas import COLUMN, ROW, SIZE
from lgaf.world.eyes import lids
from lgaf.world.identity import Person
from lgaf.world.lines import lines_of_age, own_lines
from lgaf.world.lips import about_lips
from lgaf.world.nose import paint_nose


@dataclass(frozen=True)
class Skin:
    """A person's maps, (SIZE, SIZE) float32."""

    tone: np.ndarray
    """Logarithm of the factor on the skin's brightness."""
    aged: np.ndarray
    """What is added to it at an age of about 70."""
    brows: np.ndarray
    """0..1, how much of the skin the brows cover."""
    beard: np.ndarray
    """0..1, where a beard grows."""
    redness: np.ndarray
    """Added to the skin's redness, about -1..1."""
    oil: np.ndarray
    """Factor on the skin's gloss."""
    relief: np.ndarray
    """Heights in decimetres."""
    relief_aged: np.ndarray
    """What is added to them at an age of about 70."""

    def stack(self) -> np.ndarray:
        """(SIZE, SIZE, 12): tone, aged, brows, beard; redness, oil; slopes of the reliefs to the left and upwards."""
        layers = [self.tone, self.aged, self.brows, self.beard, self.redness, self.oil]
        for relief in (self.relief, self.relief_aged):
            layers.append(cv2.Sobel(relief, cv2.CV_32F, 1, 0, ksize=3) / (8 * COLUMN))
            layers.append(-cv2.Sobel(relief, cv2.CV_32F, 0, 1, ksize=3) / (8 * ROW))
        return np.ascontiguousarray(np.stack([*layers, *[np.zeros_like(self.tone)] * 2], -1, dtype=np.float32))


def paint(person: Person) -> Skin:
    """Paint a person's skin; the same person gives the same skin."""
    streams = np.random.default_rng([person.marks, 7]).spawn(11)
    lid_tone, lid_relief, lid_red = lids(streams[0], person.origin)
    lip_tone, lip_relief, lip_red = about_lips(streams[1], person.male)
    nose_tone, nose_relief, nose_red = paint_nose(streams[10])
    own_tone, own_relief = own_lines(streams[2])
    aged, relief_aged = lines_of_age(streams[3])
    fade = marks.below()
    pores = 0.0006 * streams[4].random() * streams[4].standard_normal((SIZE, SIZE), np.float32)
    parts = lid_tone + lip_tone + nose_tone + own_tone
    return Skin(
        tone=(marks.pattern(streams[5], person.male) + marks.blemishes(streams[6]) + parts) * fade,
        aged=aged * fade,
        brows=paint_brows(streams[7], person.male),
        beard=marks.beard(streams[8]) * fade if person.male else np.zeros((SIZE, SIZE), np.float32),
        redness=(marks.redness(streams[9]) + lid_red + lip_red + nose_red) * fade,
        oil=marks.oil(streams[4]),
        relief=lid_relief + lip_relief + nose_relief + own_relief + pores,
        relief_aged=relief_aged,
    )
