"""Hair and headwear: hairline, volume over the head, parting, fringe, curls, hanging hair, buns and tails."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from lgaf.world.sheet import CENTRE, REACH, TURNS, Sheet, Skull, grid

SCALP_ROWS, HANGING_ROWS = 18, 8
HAIRLINE = np.array(
    [[0, 60], [22, 60], [36, 64], [48, 70], [60, 80], [70, 92], [77, 100], [88, 96], [108, 106], [140, 126], [180, 132]]
)
"""Angle about the vertical -> angle from the crown at which hair ends."""


@dataclass(frozen=True)
class Style:
    """A way to wear hair, or something on the head."""

    top: float
    """Thickness on top, in decimetres."""
    side: float
    """Thickness at the sides and the back."""
    front: float = 0.0
    """Degrees by which the front hangs below the hairline (a fringe) or, negative, is combed away from it."""
    sides: float = 0.0
    """Decimetres hanging at the sides."""
    back: float = 0.0
    """Decimetres hanging at the back."""
    curl: float = 0.0
    """0 straight .. 1 curly."""
    ragged: float = 0.0
    """Share of the sheet's length over which strands end."""
    parted: bool = False
    """Combed from a parting to either side."""
    knot: str = ""
    """"bun" or "tail": the hair is tied behind."""
    cloth: bool = False
    """A cap or scarf: smooth, with a clean edge."""
    lift: float = 0.0
    """Degrees by which the whole edge is raised."""
    corners: float = 0.0
    """Degrees by which the temples' corners recede."""
    crown: float = 0.0
    """Degrees from the crown that are bald."""
    part: float = 0.0
    """Where the parting is, in degrees towards the person's left."""
    burns: float = 0.0
    """Degrees by which sideburns are longer."""


HAIR_STYLES = {
    "crop": Style(0.035, 0.025, 0, ragged=0.05),
    "short": Style(0.10, 0.06, 3, curl=0.3, ragged=0.12),
    "side": Style(0.15, 0.07, 4, curl=0.2, ragged=0.12, parted=True),
    "back": Style(0.15, 0.06, -3, curl=0.1, ragged=0.06),
    "tousled": Style(0.17, 0.11, 8, curl=0.8, ragged=0.22),
    "fringe": Style(0.11, 0.11, 15, 0.05, 0.1, 0.1, 0.14),
    "receding": Style(0.07, 0.07, -10, curl=0.1, ragged=0.14),
    "afro": Style(0.34, 0.30, 2, curl=1.0, ragged=0.05),
    "curls": Style(0.20, 0.18, 5, 0.15, 0.2, 1.0, 0.16),
    "pixie": Style(0.11, 0.09, 12, 0.1, 0.0, 0.3, 0.22, parted=True),
    "bob": Style(0.12, 0.15, 4, 0.8, 0.6, 0.2, 0.06, parted=True),
    "long": Style(0.10, 0.10, 1, 1.5, 1.6, 0.3, 0.10, parted=True),
    "waves": Style(0.13, 0.16, 2, 1.3, 1.5, 0.8, 0.10, parted=True),
    "long curls": Style(0.2, 0.24, 3, 1.0, 1.0, 1.0, 0.12),
    "long fringe": Style(0.11, 0.11, 15, 1.4, 1.5, 0.3, 0.10),
    "tail": Style(0.06, 0.04, 0, 0.0, 0.0, 0.1, 0.05, knot="tail"),
    "bun": Style(0.07, 0.04, 0, 0.0, 0.0, 0.1, 0.05, knot="bun"),
}  # fmt: skip
HEADWEAR = {
    "beanie": Style(0.12, 0.10, 2, cloth=True, lift=4),
    "headscarf": Style(0.13, 0.10, 0, 1.1, 1.3, 0.2, cloth=True),
    "cap": Style(0.10, 0.08, 4, cloth=True, lift=8),
}


def worn(name: str, hairline: float, corners: float, crown: float, part: float) -> Style | None:
    """A style as a person wears it: on a hairline, receded, parted; None for a shaven head."""
    if name not in HAIR_STYLES:
        return None
    style = HAIR_STYLES[name]
    front = min(style.front, 0.0) if crown > 10 else style.front  # no fringe grows from a bald crown
    cover = min(crown, 45.0) if style.sides > 0.5 or style.knot else crown
    return replace(style, front=front + hairline, corners=corners, crown=cover, part=part, burns=0.9 * abs(part) % 9)


def outline(turn: np.ndarray, style: Style) -> np.ndarray:
    """Degrees from the crown at which hair of a style leaves the skin, at degrees about the vertical."""
    swept = 14 * np.sign(style.part) if style.parted and style.front > 0 else 0.0
    frontal = np.exp(-(((turn + swept) / 42) ** 4))
    return base_line(turn, style) - style.lift + frontal * style.front


def base_line(turn: np.ndarray, style: Style) -> np.ndarray:
    """The hairline itself, before anything is combed over it."""
    away = np.abs(turn)
    line = np.interp(away, *HAIRLINE.T) + style.burns * np.exp(-(((away - 77) / 6) ** 2))
    line = line - style.corners * np.exp(-(((away - 34) / 15) ** 2))
    bare = 1 / (1 + np.exp((away - 52) / 5))  # a bald crown opens to the front
    return line - max(style.crown - 25, 0) * bare


def scalp(rest: np.ndarray, style: Style) -> np.ndarray:
    """(N,) degrees by which points (N, 3) of the base mesh lie within the hair of a style; negative outside."""
    x, y, z = (rest - CENTRE).T
    turn = np.degrees(np.arctan2(x, z))
    tilt = np.degrees(np.arctan2(np.hypot(x, z), y))
    inside = np.minimum(outline(turn, style), base_line(turn, style)) - tilt
    return np.minimum(inside, tilt - style.crown) if style.crown else inside


def hair(skull: Skull, moved: np.ndarray, style: Style, random: np.random.Generator) -> list[Sheet]:
    """Hair or headwear of a style on a head displaced by ``moved`` (V, 3) from the base mesh."""
    turn = np.linspace(-180, 180, TURNS)
    line = np.maximum(outline(turn, style), 4)
    s = np.linspace(0.01, 1, SCALP_ROWS)[:, None]
    start = np.minimum(style.crown, line - 3)
    tilt = np.clip(start + s * (line - start), 0, REACH - 1)
    length = hanging(turn, style)
    above = thickness(turn, tilt, s, length, style, random)
    points = skull.surface(moved, np.broadcast_to(turn, tilt.shape), tilt, above.astype(np.float32))
    sheets = []
    if style.knot:
        sheets.append(knot(skull, moved, style.knot, random))
    if length.max() <= 0:
        return [*sheets, grid(points)]
    to_side = np.clip((np.abs(turn) - 62) / 25, 0, 1)
    to_back = np.clip((np.abs(turn) - 95) / 35, 0, 1)
    u = np.linspace(0, 1, HANGING_ROWS + 1)[1:, None]
    falling = np.repeat(points[-1:], HANGING_ROWS, 0)
    falling[..., 1] -= u * length
    wave = style.curl * 0.07 * np.sin(u * random.uniform(7, 12) + turn / 9 + random.uniform(0, 6))
    flare = (random.uniform(0.06, 0.2) * np.sin(u * np.pi * random.uniform(0.6, 0.9)) + wave) * to_side
    falling[..., 0] += flare * np.sin(np.radians(turn))
    falling[..., 2] += flare * np.cos(np.radians(turn)) - 0.15 * u * to_side * (1 - to_back)
    return [*sheets, grid(np.concatenate([points, falling]))]


def hanging(turn: np.ndarray, style: Style) -> np.ndarray:
    """(C,) decimetres by which hair hangs below the hairline, at degrees about the vertical."""
    to_side = np.clip((np.abs(turn) - 62) / 25, 0, 1)
    to_back = np.clip((np.abs(turn) - 95) / 35, 0, 1)
    return style.sides * to_side * (1 - to_back) + style.back * to_back


def thickness(
    turn: np.ndarray, tilt: np.ndarray, s: np.ndarray, length: np.ndarray, style: Style, random: np.random.Generator
) -> np.ndarray:
    """(R, C) decimetres of hair above the skin: more on top, less towards the edge, locks, a furrow at the parting."""
    low = np.clip((tilt - 35) / 40, 0, 1)
    body = style.top * (1 - low) + style.side * low
    edge = 1 - (0.3 if style.cloth else 0.85) * np.clip((s - 0.7) / 0.3, 0, 1) ** 1.5 * np.clip(1 - length * 4, 0, 1)
    if style.cloth:
        return 0.015 + body * edge
    if style.parted and style.part:  # the heavier side rises from the parting, across the head
        lean = np.sin(np.radians(turn - style.part)) * -np.sign(style.part)
        body = body * (1 + 0.45 * lean * (1 - low))
        furrow = np.exp(-(((turn - style.part) / 5) ** 2)) * np.clip((tilt - 4) / 8, 0, 1)
        body = body * (1 - 0.6 * furrow * (1 - low))
    coarse = cv2.resize(random.standard_normal((5, 9)).astype(np.float32), (TURNS, SCALP_ROWS))
    locks = cv2.resize(random.standard_normal((7, 30)).astype(np.float32), (TURNS, SCALP_ROWS))
    bumps = (0.10 + 0.15 * style.curl) * coarse + (0.08 + 0.16 * style.curl) * locks
    bumps[:, -1] = bumps[:, 0]
    above = 0.015 + body * edge * (1 + bumps)
    above[-1] -= 0.02  # roots go into the skin
    if style.crown:
        above[0] -= 0.02
    return above


def knot(skull: Skull, moved: np.ndarray, kind: str, random: np.random.Generator) -> Sheet:
    """A bun behind or on top of the head, or a tail that hangs from there."""
    high = random.uniform(20, 75)
    at = skull.surface(moved, np.array([[180.0]]), np.array([[high]]), np.array([[0.08]], np.float32))[0, 0]
    size = random.uniform(0.20, 0.34)
    longitude, latitude = np.meshgrid(np.linspace(-np.pi, np.pi, 25), np.linspace(0.05, np.pi - 0.05, 13))
    ball = np.stack([np.sin(longitude) * np.sin(latitude), np.cos(latitude), np.cos(longitude) * np.sin(latitude)], -1)
    if kind == "tail":
        fall = (latitude / np.pi)[..., None]
        drop = np.array([random.normal(0, 0.25), -random.uniform(0.8, 1.6), -0.15]) * fall
        return grid(at + ball * size * [0.6, 0.6, 0.6] + drop)
    return grid(at + ball * size * [1.0, 0.85, 0.8])
