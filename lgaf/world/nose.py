"""Noses: nostrils, wings, tip and bridge, as a person's shading and relief."""

from __future__ import annotations

import numpy as np

from lgaf.world.canvas import SIZE, at, both, enlarge, soften, spot, strokes


def paint_nose(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Brightness, relief and redness (SIZE, SIZE)."""
    dark, wide = random.uniform(0.5, 1.0), random.uniform(0.5, 1.2)
    holes = np.zeros((SIZE, SIZE), np.uint8)
    rim = np.zeros((SIZE, SIZE), np.uint8)
    crease, droop = random.uniform(0, 190), random.uniform(-0.01, 0.012)
    t = np.linspace(0, 1, 16)
    for side in (-1, 1):
        a = side * (4.0 + wide * np.linspace(-1.3, 1.3, 9))
        strokes(holes, [at(a, 6.863 + droop + 0.008 * np.sin(np.linspace(0, np.pi, 9)))], 255, 3)
        strokes(rim, [at(side * (7.6 + 1.5 * np.sin(t * np.pi * 0.8)), 6.825 + 0.12 * t)], crease, 2)
    line, broad = soften(rim, 1.1), soften(rim, 3.0)
    soft = random.normal(0.0, 0.16) * spot(0, 7.17, 2.0, 0.16)
    soft += random.normal(-0.10, 0.18) * both(5.6, 7.14, 2.4, 0.15)
    soft += random.normal(-0.16, 0.18) * spot(0, 6.93, 3.0, 0.05)
    soft += random.normal(0.05, 0.18) * both(6.4, 6.90, 1.8, 0.04)
    soft -= random.uniform(0.1, 0.6) * spot(0, 6.855, 4.5, 0.022)
    soft -= random.uniform(0, 0.25) * spot(0, 7.31, 6.0, 0.04)
    tone = enlarge(soft) - 1.9 * dark * soften(holes, 1.1) - 0.45 * line - 0.35 * broad
    bulb, bridge = 0.02 * random.normal(), 0.012 * random.normal()
    relief = enlarge(bulb * spot(0, 6.93, 2.5, 0.05) + bridge * spot(0, 7.2, 2, 0.1)) - 0.016 * line
    return 1.4 * tone, 1.4 * relief, enlarge(random.uniform(0, 0.8) * spot(0, 6.92, 6, 0.08))
