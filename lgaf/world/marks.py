"""Marks and colours of skin: pores, mottling, freckles, moles, scars, patches, acne, redness, oil, beard."""

from __future__ import annotations

import cv2
import numpy as np

from lgaf.world.canvas import BOTTOM, SIZE, TOP, at, both, coarse, enlarge, soften, spot, strokes, value_noise


def pattern(random: np.random.Generator, male: bool) -> np.ndarray:
    """Brightness of the large parts of a face, which differs by person: forehead, nose, cheeks, chin, temples."""
    parts = (
        (spot(0, 7.75, 30, 0.22), 0.02, 0.12), (spot(0, 7.46, 5, 0.07), -0.05, 0.14),
        (both(25, 7.02, 9, 0.10), 0.08, 0.13), (both(26, 6.75, 9, 0.14), -0.05, 0.16),
        (spot(0, 6.75, 13, 0.06), -0.08 if male else 0.0, 0.12),
        (spot(0, 6.32, 12, 0.09), -0.02, 0.13), (both(45, 7.35, 12, 0.25), -0.05, 0.13),
        (both(40, 6.7, 14, 0.2), -0.05, 0.13),
    )  # fmt: skip
    return enlarge(np.sum([random.normal(mean, width) * part for part, mean, width in parts], 0))


def blemishes(random: np.random.Generator) -> np.ndarray:
    """Brightness of mottling, freckles, few small moles, patches, scars."""
    even = random.uniform(0.3, 1.2)
    tone = even * (0.035 * value_noise(random, SIZE, SIZE, 14) + 0.03 * value_noise(random, SIZE, SIZE, 55))
    tone += random.uniform(0.3, 1) * 0.035 * random.standard_normal((SIZE, SIZE), np.float32)
    dark = np.zeros((SIZE, SIZE), np.uint8)
    if random.random() < 0.25:
        count, level = int(random.uniform(60, 400)), random.uniform(25, 80)
        where = at(random.normal(0, 24, count), random.normal(7.0, random.uniform(0.1, 0.3), count))
        for (x, y), size in zip(where, random.uniform(0.6, 1.5, count), strict=True):
            cv2.circle(dark, (int(x * 16), int(y * 16)), int(16 * size), level * (0.6 + 0.4 * size), -1, cv2.LINE_AA, 4)
    for _ in range(random.poisson(1.4)):
        x, y = at(random.uniform(-55, 55), random.uniform(6.45, 7.9))
        cv2.circle(dark, (int(x * 16), int(y * 16)), int(16 * random.uniform(0.9, 2.2)),
                   random.uniform(70, 170), -1, cv2.LINE_AA, 4)  # fmt: skip
    tone -= soften(dark, 0.9) * 1.2
    a, h = coarse()
    for _ in range(random.poisson(0.5)):  # patches of pigment, or pale ones
        reach = np.hypot((a - random.uniform(-60, 60)) / random.uniform(4, 13),
                         (h - random.uniform(6.5, 7.9)) / random.uniform(0.05, 0.17))  # fmt: skip
        reach = reach + 0.3 * value_noise(random, len(h), a.shape[1], 18)
        tone += enlarge(np.clip(1.6 - 1.6 * reach, 0, 1)) * random.choice([-0.28, -0.18, 0.15])
    if random.random() < 0.12:
        start = np.array([random.uniform(-50, 50), random.uniform(6.5, 7.9)])
        turn, length = random.uniform(0, np.pi), random.uniform(0.1, 0.3)
        along = np.linspace(0, 1, 8)
        scar = np.zeros((SIZE, SIZE), np.uint8)
        angle, height = start[0] + 57 * length * along * np.cos(turn), start[1] + length * along * np.sin(turn)
        strokes(scar, [at(angle, height)], 255)
        soft = soften(scar, 1.0)
        tone += soft * 0.3 - 0.3 * np.roll(soft, (2, 2), (0, 1))
    return tone


def redness(random: np.random.Generator) -> np.ndarray:
    """Cheeks, nose and chin are redder than the forehead, by the person's own measure; some have spots."""
    red = 0.25 * value_noise(random, SIZE, SIZE, 10)
    parts = (both(24, 6.98, 12, 0.14), spot(0, 6.92, 6, 0.09), spot(0, 6.35, 11, 0.08), both(32, 6.7, 12, 0.15))
    red += enlarge(np.sum([random.uniform(-0.1, 0.9) * part for part in parts], 0))
    if random.random() < 0.15:
        spots = np.zeros((SIZE, SIZE), np.uint8)
        for x, y in at(random.normal(0, 28, 30), random.uniform(6.3, 7.8, 30)):
            cv2.circle(spots, (int(x * 16), int(y * 16)), int(16 * random.uniform(0.8, 2.0)), 200, -1, cv2.LINE_AA, 4)
        red += 1.6 * soften(spots, 1.0)
    return red


def oil(random: np.random.Generator) -> np.ndarray:
    """Factor on the skin's gloss: matte or oily, and more so on forehead and nose."""
    base, zone = random.uniform(0.3, 1.1), random.uniform(0, 1.4)
    shine = spot(0, 7.7, 18, 0.18) + spot(0, 7.0, 4, 0.25) + 0.6 * both(24, 7.02, 6, 0.07)
    return enlarge(base + zone * shine)


def beard(random: np.random.Generator) -> np.ndarray:
    """Where a beard grows and how densely: moustache, chin, jaw and sideburns in the person's proportions."""
    a, height = coarse()
    angle = np.abs(a)
    edge = random.uniform(6.50, 6.85)  # the beard's upper edge on the cheeks
    jaw = 1 / (1 + np.exp(-(edge + 0.006 * np.maximum(angle - 22, 0) - height) * 22))
    jaw = jaw * (1 - np.exp(-((angle / 17) ** 4)) * (height > 6.42))
    side = np.exp(-(((angle - 72) / 12) ** 2)) * (height < 7.4) * (height > 6.6)
    chin = np.exp(-((angle / random.uniform(8, 20)) ** 2) - ((height - 6.34) / 0.12) ** 2)
    lip = np.exp(-((angle / random.uniform(11, 17)) ** 4) - ((height - 6.755) / random.uniform(0.04, 0.065)) ** 2)
    grown = np.max([jaw * random.uniform(0.1, 1), side * random.uniform(0, 1), chin * random.uniform(0.2, 1),
                    lip * random.uniform(0.2, 1)], 0)  # fmt: skip
    speckle = 0.8 + 0.28 * random.standard_normal((SIZE, SIZE), np.float32) + 0.15 * value_noise(random, SIZE, SIZE, 25)
    return np.clip(cv2.GaussianBlur(enlarge(grown) * speckle, (0, 0), 0.7), 0, 1)


def below() -> np.ndarray:
    """(SIZE, 1) 1, and 0 at the maps' lower edge, below which skin is plain."""
    return np.clip((SIZE - 1 - np.arange(SIZE, dtype=np.float32)) / (0.12 / (TOP - BOTTOM) * SIZE), 0, 1)[:, None]
