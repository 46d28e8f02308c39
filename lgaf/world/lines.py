"""Lines of a face, some from youth on and more with age, as grooves on which light plays."""

from __future__ import annotations

import numpy as np

from lgaf.world.canvas import SIZE, at, both, enlarge, soften, strokes


class Grooves:
    """A canvas on which lines are drawn that wobble a little, and what comes of them."""

    def __init__(self, random: np.random.Generator):
        self.random = random
        self.canvas = np.zeros((SIZE, SIZE), np.uint8)

    def draw(self, angle: np.ndarray, height: np.ndarray, strength: float, thickness: int = 2) -> None:
        """Draw a line that is faint at its ends; its strength is 0..1."""
        wobble = 0.006 * np.cumsum(self.random.normal(0, 0.5, len(angle)))
        points = at(angle, height + wobble)
        layer = np.zeros((SIZE, SIZE), np.uint8)
        for part, share in ((slice(None), 0.45), (slice(len(points) // 6, -(len(points) // 6)), 1.0)):
            strokes(layer, [points[part]], int(255 * np.clip(strength * share, 0, 1)), thickness)
        np.maximum(self.canvas, layer, out=self.canvas)

    def finish(self, dark: float, depth: float) -> tuple[np.ndarray, np.ndarray]:
        """Brightness and relief (SIZE, SIZE): grooves with soft banks."""
        narrow, wide = soften(self.canvas, 1.2), soften(self.canvas, 4.0)
        return -dark * (0.7 * narrow + 0.6 * wide), depth * (1.1 * wide - narrow)


def own_lines(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Brightness and relief of what is a person's from youth on: nasolabial folds, dimples, a line across the chin."""
    grooves = Grooves(random)
    fold, soft = random.beta(1.3, 2.2), random.gamma(1.4, 0.09)
    reach, bend = random.uniform(0.5, 1.0), random.uniform(0.5, 0.9)
    for side in (-1, 1):
        t = np.linspace(0, reach, 20)
        angle = 9.8 + random.normal(0, 0.4) + 8.6 * t**bend
        grooves.draw(side * angle, 6.90 - 0.31 * t, fold * random.uniform(0.8, 1.0), 2)
    if random.random() < 0.2:  # between the brows
        grooves.draw(random.choice([-2.5, 2.5]) * np.ones(8), np.linspace(7.40, 7.48, 8), random.uniform(0.2, 0.6))
    if random.random() < 0.15:  # dimples
        for side in (-1, 1):
            grooves.draw(side * (20 + np.linspace(0, 0.6, 8)), np.linspace(6.58, 6.66, 8), random.uniform(0.2, 0.7))
    tone, relief = grooves.finish(0.45, 0.024)
    cheek = both(15, 6.74, 3.6, 0.11, -0.018)
    return tone - enlarge(soft * cheek), relief


def lines_of_age(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Brightness and relief at about 70 years: forehead, frown, crow's feet, bags, folds, marionette lines, neck."""
    grooves = Grooves(random)
    along = np.linspace(-1, 1, 24)
    rise = (along + 1) / 2
    deep = random.uniform(0.35, 0.9)
    for k in range(random.integers(1, 6)):
        angle = along * random.uniform(14, 34) + random.normal(0, 5)
        height = 7.62 + 0.085 * k + random.uniform(-0.05, 0.06) * along**2
        grooves.draw(angle, height, deep * random.uniform(0.4, 1))
    for _ in range(random.integers(0, 3)):
        foot = random.normal(0, 3.0)
        grooves.draw(foot + along * random.uniform(-1, 1), 7.42 + along * random.uniform(0.03, 0.08),
                     random.uniform(0.3, 0.9))  # fmt: skip
    fold, feet, mouth = random.uniform(0.3, 1.0), random.uniform(0.2, 0.8), random.random()
    count, bag = random.integers(0, 5), random.uniform(0.1, 0.8)
    for side in (-1, 1):
        grooves.draw(side * (9.8 + 9.0 * rise**0.7), 6.90 - 0.34 * rise, fold, 3)
        for k in range(count):
            tilt = 0.09 - 0.055 * k + random.normal(0, 0.01)
            grooves.draw(side * (28.5 + 8 * rise), 7.27 + tilt * rise * 1.1, feet * random.uniform(0.6, 1))
        grooves.draw(side * (17 + 9 * along), 7.12 - 0.05 * (1 - along**2), bag)
        if mouth < 0.6:
            grooves.draw(side * (14.5 + 2.5 * rise), 6.57 - 0.18 * rise, mouth + 0.3)
        if random.random() < 0.3:
            grooves.draw(side * (26 + 3 * along), 6.6 + 0.16 * along, random.uniform(0.2, 0.5))
    tone, relief = grooves.finish(0.50, 0.026)
    jowls = 0.2 * random.random() * both(24, 6.42, 5, 0.08) + 0.2 * random.random() * both(12, 7.15, 5, 0.06, -0.012)
    return tone - enlarge(jowls + 0.25 * random.random() * both(20, 7.38, 9, 0.05)), relief
