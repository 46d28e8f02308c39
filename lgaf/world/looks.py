"""A person's colours and habits: tone of skin, hair and how it is worn, beard, make-up, glasses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

TONES = np.array([[244, 208, 188], [228, 184, 158], [207, 158, 126], [172, 121, 89], [126, 84, 60], [86, 57, 43]]) / 255
"""Skin, light to dark, sRGB."""
MELANIN = {"african": (3.9, 0.75), "asian": (1.5, 0.6), "caucasian": (0.8, 0.65)}
"""Mean and spread of where on TONES the people of an origin lie; they overlap."""
HAIRS = np.array(
    [[20, 17, 16], [36, 26, 21], [58, 40, 28], [88, 60, 38], [128, 92, 56], [178, 142, 92], [206, 180, 132]]
) / 255  # fmt: skip
"""Hair, black to fair, sRGB."""
RED = np.array([132, 62, 34]) / 255
FAIRNESS = {"african": (0.1, 0.4), "asian": (0.1, 0.4), "caucasian": (2.6, 1.6)}
"""Mean and spread of where on HAIRS the people of an origin lie."""
MENS = {
    "crop": 3, "short": 4, "tousled": 2, "fringe": 1.2, "side": 3, "back": 1.5, "receding": 1.5, "long": 0.6,
    "bun": 0.2,
}  # fmt: skip
WOMENS = {
    "bob": 2.5, "long": 3, "long fringe": 2, "waves": 2, "tail": 1.8, "bun": 1.2, "pixie": 1, "tousled": 0.5,
    "side": 0.5,
}  # fmt: skip
CURLY = {"crop": 3, "afro": 2, "short": 1.5, "curls": 2.5, "long curls": 1.5, "bun": 1}
"""Styles and how often they are worn."""
ALIKE = {
    "short": ("side", "tousled", "crop"), "side": ("short", "back"), "tousled": ("short", "fringe"), "back": ("side",),
    "bob": ("side",), "long": ("tail", "waves", "bun"), "waves": ("long", "tail"), "long fringe": ("long", "tail"),
    "tail": ("long", "bun"), "bun": ("tail", "long"), "afro": ("curls",), "curls": ("afro",), "long curls": ("bun",),
}  # fmt: skip
"""Style -> how else the same hair is worn."""


@dataclass(frozen=True)
class Looks:
    """What of a person's colours and habits stays from image to image."""

    skin: np.ndarray
    """(3,) sRGB, 0..1."""
    hair: np.ndarray
    """(3,) sRGB, 0..1, before it turns grey."""
    greying: float
    """The age at which half of it is grey."""
    style: str
    """How the hair is mostly worn."""
    hairline: float
    """Degrees by which the forehead's hairline lies lower (positive) or higher than most people's."""
    corners: float
    """Degrees by which the temples' corners recede at the age of 70."""
    bald: float
    """The age at which the crown is bald."""
    part: float
    """Where the hair is parted, in degrees towards the person's left."""
    beard: float
    """0 shaven .. 1 a full beard, as mostly worn."""
    makeup: float
    """0 none .. 1 much, as mostly worn."""
    glasses: float
    """How often they are worn, 0..1."""


def draw_looks(random: np.random.Generator, male: bool, shares: dict[str, float]) -> Looks:
    """Draw a person's looks from sex and shares of origins (origin -> weight)."""

    skin = between(TONES, lie(random, MELANIN, shares)) * (1 + random.normal(0, 1, 3) * [0.015, 0.025, 0.035])
    hair = between(HAIRS, lie(random, FAIRNESS, shares))
    if random.random() < 0.10 * shares.get("caucasian", 0):
        hair = 0.3 * hair + 0.7 * RED * random.uniform(0.7, 1.3)
    if not male and random.random() < 0.15:  # dyed
        hair = between(HAIRS, random.uniform(1, 6))
    hair = np.clip(hair * random.uniform(0.85, 1.15) * (1 + random.normal(0, 0.04, 3)), 0.03, 0.95)
    kinds = MENS if male else WOMENS
    if random.random() < 0.85 * shares.get("african", 0):
        kinds = CURLY
    style = str(random.choice(list(kinds), p=np.array(list(kinds.values())) / sum(kinds.values())))
    shaven = not male or random.random() < 0.5
    return Looks(
        skin=np.clip(skin, 0.1, 0.97),
        hair=hair,
        greying=float(random.normal(57, 10)),
        style=style,
        hairline=float(random.normal(3, 4.0)),
        corners=float(random.gamma(2, 8) if male else random.gamma(1.5, 3)),
        bald=float(random.uniform(30, 120)) if male else 200.0,
        part=float(random.choice([-1, 1]) * random.choice([random.uniform(2, 10), random.uniform(18, 40)])),
        beard=0.0 if shaven else float(random.uniform(0.15, 1)),
        makeup=0.0 if male else float(np.clip(random.normal(0.3, 0.3), 0, 0.9)),
        glasses=float(random.choice([0.0, 0.03, 0.9], p=[0.6, 0.24, 0.16])),
    )


def lie(random: np.random.Generator, table: dict[str, tuple[float, float]], shares: dict[str, float]) -> float:
    """A normal draw whose mean and spread are those of the origins, by their shares."""
    mean, spread = (sum(table[origin][k] * share for origin, share in shares.items()) for k in (0, 1))
    return float(random.normal(mean, spread))


def between(table: np.ndarray, place: float) -> np.ndarray:
    """(3,) the colour at a place, not always whole, among a table's rows."""
    rows = np.arange(len(table))
    return np.array([np.interp(place, rows, column) for column in table.T])
