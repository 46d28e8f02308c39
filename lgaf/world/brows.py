"""Eyebrows: hairs along a line above the orbit; line, width, density and direction are the person's."""

from __future__ import annotations

import cv2
import numpy as np

from lgaf.world.canvas import COLUMN, ROW, SIZE, at, soften, strokes

LEVELS = (110, 165, 225)
"""Darkness of single hairs on the canvas."""
HEIGHT = 7.445
"""Mean height of a brow's middle on the base mesh, a third of the eyes' distance above the eyes in photographs."""


def paint_brows(random: np.random.Generator, male: bool) -> np.ndarray:
    """(SIZE, SIZE) 0..1, how much of the skin the brows cover."""
    canvas = np.zeros((SIZE, SIZE), np.uint8)
    inner, outer = random.normal(7.0, 1.6), random.normal(30.5, 2.8)
    height = HEIGHT + random.normal(-0.012 if male else 0.012, 0.038)
    form = draw_form(random, male)
    thick = float(np.exp(random.normal(np.log(0.075 if male else 0.054), 0.45)))
    dense = float(np.clip(random.beta(2.2, 1.5), 0.12, 1))
    taper, fade = random.uniform(0.35, 0.95), random.uniform(0, 0.7)  # of the tail; of the hairs at its end
    soft_head = random.uniform(0, 0.25)
    length, spread = random.uniform(0.7, 1.3), random.uniform(0.6, 1.4)
    count = int(260 + 420 * dense)
    for side in (-1, 1):
        lift, t = random.normal(0, 0.008), random.uniform(0, 1, count)
        t = t[random.random(count) < np.clip(t / (soft_head + 0.01) + 0.25, 0, 1) * (1 - fade * t**3)]
        across = np.clip(random.normal(0, 0.33, len(t)), -0.6, 0.6)
        width = thick * np.interp(t, [0, 0.12, 0.4, 0.7, 1], [0.75, 1, 1, 0.8, 1 - taper])
        angle = inner + (outer - inner) * t
        y = height + lift + np.interp(t, np.linspace(0, 1, len(form)), form) + across * width
        # Hairs rise at the head, lie along the brow further out, and the upper row leans down to meet the lower.
        rise = np.interp(t, [0, 0.15, 0.5, 1], [1.25, 0.8, 0.25, -0.25]) - 0.8 * across + random.normal(0, 0.2, len(t))
        hair = 0.055 * length * random.uniform(0.6, 1.2, len(t)) * np.interp(t, [0, 0.5, 1], [0.8, 1.1, 0.8])
        dx, dy = hair * np.cos(rise * spread), hair * np.sin(rise * spread)
        first = at(side * angle, y)
        last = first + np.stack([side * dx / COLUMN, -dy / ROW], -1)
        lines = np.stack([first, last], 1)
        kind = random.integers(len(LEVELS), size=len(t))
        for k, level in enumerate(LEVELS):
            strokes(canvas, lines[kind == k], level)
    if random.random() < 0.12:  # brows that meet
        x, y = random.uniform(-inner, inner, 26), height + random.normal(0, 0.025, 26)
        strokes(canvas, np.stack([at(x, y), at(x + random.normal(0, 1, 26), y + 0.04)], 1), 120)
    if random.random() < 0.12:  # a notch
        where = random.uniform(0.45, 0.75)
        start, middle = inner + (outer - inner) * where, height + np.interp(where, np.linspace(0, 1, len(form)), form)
        strokes(canvas, [at(np.array([start, start + 1]), np.array([middle - 0.05, middle + 0.05]))], 0, 3)
    hairs, shade = soften(canvas, 0.9), soften(canvas, 3.2)
    return np.clip((0.75 * hairs + 0.65 * shade) * (0.55 + 0.65 * dense), 0, 0.93)


def draw_form(random: np.random.Generator, male: bool) -> np.ndarray:
    """Heights of a brow's middle line from its head to its tail: straight, arched, angled, or S-shaped."""
    t = np.linspace(0, 1, 24)
    peak = random.uniform(0.5, 0.78)
    kind = random.choice(4, p=[0.4, 0.3, 0.2, 0.1] if male else [0.2, 0.4, 0.28, 0.12])
    high = random.uniform(0.005, 0.03) if kind == 0 else random.uniform(0.03, 0.11)
    roof = np.minimum(t / peak, (1 - t) / (1 - peak))
    form = np.sin(roof * np.pi / 2) if kind in (0, 1) else roof
    if kind == 3:
        form = roof - 0.25 * np.sin(t * 2 * np.pi)
    slope = random.normal(-0.03, 0.04)
    return cv2.blur((high * (form - 0.5) + slope * (t - 0.5))[:, None], (1, 3))[:, 0]
