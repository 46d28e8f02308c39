"""Skin: a person's brows, moles, freckles, scars, beard and wrinkles, painted on a cylinder about the head."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from lgaf.world.basis import Basis
from lgaf.world.identity import Person

SIZE = 448
"""Columns and rows of the maps."""
AXIS = 0.35
"""Depth (z) of the cylinder's axis."""
SWEEP = 110.0
"""The maps end at this angle on either side of the nose, in degrees."""
TOP, BOTTOM = 8.4, 6.2
"""Heights (y) of the maps' first and last row."""


@dataclass(frozen=True)
class Skin:
    """A person's maps, (SIZE, SIZE) float32."""

    tone: np.ndarray
    """Logarithm of the factor on the skin's brightness: moles, freckles, scars, mottling."""
    wrinkles: np.ndarray
    """The same, for an age of about 70."""
    brows: np.ndarray
    """0..1, how much of the skin the brows cover."""
    beard: np.ndarray
    """0..1, where a beard grows."""
    redness: np.ndarray
    """Added to the skin's redness, about -1..1."""

    def stack(self) -> np.ndarray:
        """(SIZE, SIZE, 5) for one look-up: tone, wrinkles, brows, beard, redness."""
        return np.ascontiguousarray(np.stack([self.tone, self.wrinkles, self.brows, self.beard, self.redness], -1))


def unroll(basis: Basis) -> tuple[np.ndarray, np.ndarray]:
    """Angle in degrees (0 at the nose, towards the person's left positive) and height of every vertex, (V,) each."""
    x, y, z = basis.vertices.T
    return np.degrees(np.arctan2(x, z - AXIS)), y


def at(angle: np.ndarray | float, height: np.ndarray | float) -> np.ndarray:
    """Column and row of the maps, (..., 2), of an angle and a height."""
    column = (np.asarray(angle) / SWEEP + 1) / 2 * (SIZE - 1)
    row = (TOP - np.asarray(height)) / (TOP - BOTTOM) * (SIZE - 1)
    return np.stack([column, row], -1)


def value_noise(random: np.random.Generator, height: int, width: int, cells: float) -> np.ndarray:
    """(height, width) smooth noise in about -1..1 with ``cells`` bumps along the longer side."""
    scale = cells / max(height, width)
    small = random.standard_normal((max(2, round(height * scale) + 1), max(2, round(width * scale) + 1)))
    return cv2.resize(small.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)


def strokes(canvas: np.ndarray, lines: list[np.ndarray], value: float, thickness: int) -> None:
    """Draw anti-aliased poly-lines (n, 2) onto a uint8 canvas."""
    for line in lines:
        points = np.rint(line * 16).astype(np.int32)
        cv2.polylines(canvas, [points], False, value, thickness, cv2.LINE_AA, 4)


def paint(person: Person) -> Skin:
    """Paint a person's skin; the same person gives the same skin."""
    random = np.random.default_rng(person.marks)
    fade = np.clip((SIZE - 1 - np.arange(SIZE, dtype=np.float32)) / 24, 0, 1)[:, None]  # the neck below is plain
    return Skin(
        tone=blemishes(random) * fade,
        wrinkles=wrinkles(random) * fade,
        brows=brows(random, person.male),
        beard=beard(random) * fade if person.male else np.zeros((SIZE, SIZE), np.float32),
        redness=redness(random) * fade,
    )


def blemishes(random: np.random.Generator) -> np.ndarray:
    """Mottling, freckles, moles, a birthmark, scars."""
    tone = 0.035 * value_noise(random, SIZE, SIZE, 14) + 0.03 * value_noise(random, SIZE, SIZE, 60)
    tone += 0.03 * random.standard_normal((SIZE, SIZE)).astype(np.float32)
    dark = np.zeros((SIZE, SIZE), np.uint8)
    if random.random() < 0.35:
        count = int(random.uniform(60, 420))
        where = at(random.normal(0, 24, count), random.normal(7.0, random.uniform(0.1, 0.35), count))
        for x, y in where:
            cv2.circle(dark, (int(x * 16), int(y * 16)), int(16 * random.uniform(0.6, 1.7)),
                       int(random.uniform(40, 110)), -1, cv2.LINE_AA, 4)  # fmt: skip
    for _ in range(random.poisson(4)):
        x, y = at(random.uniform(-55, 55), random.uniform(6.45, 7.9))
        cv2.circle(dark, (int(x * 16), int(y * 16)), int(16 * random.uniform(2.0, 6.5)),
                   int(random.uniform(130, 250)), -1, cv2.LINE_AA, 4)  # fmt: skip
    tone -= cv2.GaussianBlur(dark, (0, 0), 0.8).astype(np.float32) / 255 * 1.4
    rows, columns = np.mgrid[:SIZE, :SIZE].astype(np.float32)
    if random.random() < 0.4:  # a birthmark or a pale patch
        x, y = at(random.uniform(-60, 60), random.uniform(6.5, 7.9))
        reach = np.hypot(columns - x, (rows - y) * random.uniform(0.6, 1.6)) / random.uniform(14, 36)
        reach += 0.25 * value_noise(random, SIZE, SIZE, 30)
        tone += np.clip(4 - 4 * reach, 0, 1) * (random.choice([-0.55, -0.4, 0.3]))
    for _ in range(int(random.random() < 0.4) + int(random.random() < 0.15)):
        start = np.array([random.uniform(-50, 50), random.uniform(6.5, 7.9)])
        turn, length = random.uniform(0, np.pi), random.uniform(0.12, 0.4)
        along = np.linspace(0, 1, 8)
        bend = random.normal(0, 0.15) * np.sin(along * np.pi)
        angle = start[0] + 57 * length * (along * np.cos(turn) + bend * np.sin(turn))
        height = start[1] + length * (along * np.sin(turn) - bend * np.cos(turn))
        scar = np.zeros((SIZE, SIZE), np.uint8)
        strokes(scar, [at(angle, height)], 255, int(random.integers(2, 5)))
        soft = cv2.GaussianBlur(scar, (0, 0), 0.9).astype(np.float32) / 255
        tone += soft * 0.4 - 0.55 * np.roll(soft, (2, 2), (0, 1))
    rings = random.uniform(0, 0.35)  # shadows under the eyes
    for side in (-1, 1):
        x, y = at(side * 18, 7.10)
        tone -= rings * np.exp(-(((columns - x) / 26) ** 2) - ((rows - y) / 10) ** 2)
    return tone.astype(np.float32)


def wrinkles(random: np.random.Generator) -> np.ndarray:
    """Lines of the forehead, between the brows, at the eyes, from nose to mouth, on the cheeks."""
    canvas = np.zeros((SIZE, SIZE), np.uint8)
    along = np.linspace(-1, 1, 24)

    def line(angle: np.ndarray, height: np.ndarray, strength: float, thickness: int = 2) -> None:
        wobble = 0.012 * np.cumsum(random.normal(0, 0.5, len(angle)))
        layer = np.zeros((SIZE, SIZE), np.uint8)
        strokes(layer, [at(angle, height + wobble)], int(np.clip(strength, 0, 1) * 255), thickness)
        np.maximum(canvas, layer, out=canvas)

    for k in range(random.integers(2, 6)):
        width = random.uniform(14, 34)
        line(along * width + random.normal(0, 5), 7.68 + 0.085 * k + random.uniform(-0.05, 0.06) * along**2,
             random.uniform(0.4, 0.9))  # fmt: skip
    for _ in range(random.integers(0, 4)):
        foot = random.normal(0, 3.5)
        line(foot + along * random.uniform(-1, 1), 7.42 + along * random.uniform(0.05, 0.11), random.uniform(0.5, 1))
    fold = random.uniform(0.4, 1.0)
    for side in (-1, 1):
        rise = (along + 1) / 2
        line(side * (13 + random.normal(0, 1) + (9 + random.normal(0, 1.5)) * rise**0.7), 6.93 - 0.36 * rise, fold, 3)
        for k in range(random.integers(1, 5)):
            tilt = 0.10 - 0.07 * k + random.normal(0, 0.01)
            line(side * (32 + 11 * rise), 7.28 + tilt * rise * 1.2, random.uniform(0.4, 0.9))
        bag = random.uniform(0.2, 0.9)
        line(side * (18 + 11 * along), 7.08 - 0.05 * (1 - along**2) + random.normal(0, 0.015), bag)
        if random.random() < 0.5:
            line(side * (24 + 3 * along), 6.6 + 0.16 * along, random.uniform(0.2, 0.6))
    soft = cv2.GaussianBlur(canvas, (0, 0), 1.3).astype(np.float32) / 255
    wide = cv2.GaussianBlur(canvas, (0, 0), 3.5).astype(np.float32) / 255
    return 0.55 * np.roll(wide, 3, 0) - 1.0 * soft - 0.35 * wide


def brows(random: np.random.Generator, male: bool) -> np.ndarray:
    """Two brows of short strokes; form, thickness, height and density are the person's."""
    canvas = np.zeros((SIZE, SIZE), np.uint8)
    inner, outer = random.uniform(2.5, 10.0), random.uniform(25, 41)
    height, slope = 7.50 + random.normal(0, 0.04), random.normal(-0.02, 0.04)
    arch, peak = random.uniform(0.0, 0.10), random.uniform(0.45, 0.8)
    thick = random.uniform(0.03, 0.125) * (1.15 if male else 0.8)
    dense = random.uniform(0.45, 1.0)
    count = int(340 * dense)
    gap = random.uniform(0.3, 0.7) if random.random() < 0.12 else None  # a notch
    for side in (-1, 1):
        lift = random.normal(0, 0.012)
        for t in random.uniform(0, 1, count):
            if gap is not None and side > 0 and abs(t - gap) < 0.05:
                continue
            here = thick * (0.75 + 0.5 * np.exp(-(((t - 0.3) / 0.3) ** 2)) - 0.75 * t**2.5)
            angle = inner + (outer - inner) * t
            y = height + lift + slope * t + arch * (1 - abs(t - peak) / max(peak, 1 - peak)) - 0.07 * max(t - peak, 0)
            y += random.uniform(-0.5, 0.5) * here
            lean = np.array([4.2 * (0.35 + t), 0.055 * (1 - 1.5 * t)]) * random.uniform(0.6, 1.1)
            ends = at(np.array([angle, angle + lean[0]]) * side, np.array([y, y + lean[1]]))
            strokes(canvas, [ends], int(random.uniform(120, 255)), 1)
    if random.random() < 0.1:  # brows that meet
        for t in random.uniform(-1, 1, 40):
            ends = at(np.array([t * inner, t * inner + 1]), np.array([height, height + 0.05]) + random.normal(0, 0.03))
            strokes(canvas, [ends], 130, 1)
    soft = cv2.GaussianBlur(canvas, (0, 0), 1.0).astype(np.float32) / 255
    under = cv2.GaussianBlur(canvas, (0, 0), 3.0).astype(np.float32) / 255
    return np.clip((0.9 * soft + 0.75 * under) * (0.55 + 0.6 * dense), 0, 0.95)


def beard(random: np.random.Generator) -> np.ndarray:
    """Where a beard grows and how densely: moustache, chin, jaw and sideburns in the person's proportions."""
    rows, columns = np.mgrid[:SIZE, :SIZE].astype(np.float32)
    angle = np.abs((columns / (SIZE - 1) * 2 - 1) * SWEEP)
    height = TOP - rows / (SIZE - 1) * (TOP - BOTTOM)
    edge = random.uniform(6.55, 6.85)  # the beard's upper edge on the cheeks
    jaw = 1 / (1 + np.exp(-(edge + 0.006 * np.maximum(angle - 22, 0) - height) * 22))
    jaw *= 1 - np.exp(-((angle / 17) ** 4)) * (height > 6.42)
    side = np.exp(-(((angle - 72) / 12) ** 2)) * (height < 7.4) * (height > 6.6)
    chin = np.exp(-((angle / random.uniform(10, 22)) ** 2) - ((height - 6.30) / 0.16) ** 2)
    lip = np.exp(-((angle / random.uniform(11, 18)) ** 4) - ((height - 6.80) / random.uniform(0.05, 0.09)) ** 2)
    grown = np.max([jaw * random.uniform(0, 1), side * random.uniform(0, 1), chin * random.uniform(0.2, 1),
                    lip * random.uniform(0.2, 1)], 0)  # fmt: skip
    speckle = 0.75 + 0.3 * random.standard_normal((SIZE, SIZE)) + 0.2 * value_noise(random, SIZE, SIZE, 25)
    return np.clip(cv2.GaussianBlur((grown * speckle).astype(np.float32), (0, 0), 0.7), 0, 1)


def redness(random: np.random.Generator) -> np.ndarray:
    """Cheeks, nose and chin are redder than the forehead, by the person's own measure."""
    rows, columns = np.mgrid[:SIZE, :SIZE].astype(np.float32)
    red = 0.25 * value_noise(random, SIZE, SIZE, 10)
    for angle, height, wide, tall in ((32, 6.95, 45, 40), (-32, 6.95, 45, 40), (0, 6.95, 18, 26), (0, 6.35, 40, 20)):
        x, y = at(angle, height)
        red += random.uniform(0.2, 0.9) * np.exp(-(((columns - x) / wide) ** 2) - ((rows - y) / tall) ** 2)
    return red.astype(np.float32)
