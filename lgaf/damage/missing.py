"""Missing regions: a share of the face covered, exactly as large as asked for as far as the cover's form allows.

Each generator takes a face, the hidden share in [0, 1] and random numbers, and returns the image and the share that
is hidden, measured on the cover. Training covers upright rectangles and ellipses with colour, shading and grain,
and keeps an upright rectangle on black (AdaFace's crop); forms, fillings and places here are others.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from lgaf.damage.face import Face, filled, paste
from lgaf.damage.stuff import cloth, clouds, colour, folded, skin

Damaged = tuple[np.ndarray, float]
STEPS = 10
"""Halvings until a cover's size is known to 1 / 1,024 of its range."""


def grow(face: Face, share: float, form: Callable[[float], np.ndarray]) -> np.ndarray:
    """The cover ``form(g)``, which grows with g in [0, 1], that hides ``share`` of the face, or the largest."""
    low, high = 0.0, 1.0
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if face.hidden(form(middle)) < share else (low, middle)
    return form(high)


def laid(face: Face, cover: np.ndarray, over: np.ndarray) -> Damaged:
    """The face under a cover, and the share that is hidden."""
    return paste(face.image, cover, over), face.hidden(cover)


def on_face(face: Face, count: int, rng: np.random.Generator) -> np.ndarray:
    """(count, 2) places on the face, x and y in pixels."""
    place = np.argwhere(face.oval)
    return place[rng.integers(len(place), size=count)][:, ::-1].astype(np.float64)


def turned(corners: np.ndarray, angle: float) -> np.ndarray:
    """(N, 2) corners turned about the origin."""
    cos, sin = np.cos(angle), np.sin(angle)
    return corners @ np.array([[cos, sin], [-sin, cos]])


def rectangles(face: Face, share: float, rng: np.random.Generator) -> Damaged:
    """Two to four rectangles of cloth, at any angle."""
    count = int(rng.integers(2, 5))
    places, angles = on_face(face, count, rng), rng.uniform(0, np.pi, count)
    aspects = np.exp(rng.uniform(-0.9, 0.9, count))
    square = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], float)
    units = [turned(square * [a, 1 / a], angle) for a, angle in zip(aspects, angles, strict=True)]

    def form(growth: float) -> np.ndarray:
        return filled(face.size, *(at + growth * face.size * it for at, it in zip(places, units, strict=True)))

    return laid(face, grow(face, share, form), cloth(face.size, rng))


def shapes(face: Face, share: float, rng: np.random.Generator) -> Damaged:
    """One to three blobs with a free outline, of clouds of colour."""
    count, turn = int(rng.integers(1, 4)), np.linspace(0, 2 * np.pi, 60, endpoint=False)
    places, outlines = on_face(face, count, rng), []
    for _ in range(count):
        waves = rng.normal(0, 0.3, 5) / np.arange(1, 6)
        radius = np.exp(np.cos(np.outer(turn, np.arange(2, 7)) + rng.uniform(0, 2 * np.pi, 5)) @ waves)
        outlines.append(np.stack([np.cos(turn), np.sin(turn)], axis=1) * radius[:, None])

    def form(growth: float) -> np.ndarray:
        return filled(face.size, *(at + growth * face.size * it for at, it in zip(places, outlines, strict=True)))

    return laid(face, grow(face, share, form), clouds(face.size, rng))


def mask(face: Face, share: float, rng: np.random.Generator) -> Damaged:
    """A cloth mask over mouth and chin; the more it hides the higher it is drawn, at most to the eyes."""
    left, right, _, mouth_left, mouth_right = face.points
    mouth, eyes = (mouth_left + mouth_right) / 2, (left + right) / 2
    down, across = mouth - eyes, right - left
    slant = rng.normal(0, 0.05)
    bulge = rng.uniform(0.05, 0.3)

    def form(growth: float) -> np.ndarray:
        top = eyes + down * (1.75 - 1.75 * growth)
        edge = [top - across * 1.2 + down * slant, top - down * bulge * min(growth, 1 - growth),
                top + across * 1.2 - down * slant]  # fmt: skip
        chin = [eyes + across * 1.1 + down * 1.5, eyes + across * 0.55 + down * 2.2,
                eyes - across * 0.55 + down * 2.2, eyes - across * 1.1 + down * 1.5]  # fmt: skip
        return filled(face.size, np.array([*edge, *chin]))

    return laid(face, grow(face, share, form), folded(face.size, rng))


def sunglasses(face: Face, share: float, rng: np.random.Generator) -> Damaged:
    """Dark glasses, from small round ones to a visor, with a bridge and a faint reflection."""
    left, right = face.points[:2]
    turn, power = np.linspace(0, 2 * np.pi, 40, endpoint=False), rng.uniform(2, 5)
    cos, sin = np.cos(turn), np.sin(turn)
    lens = np.stack([np.sign(cos) * np.abs(cos) ** (2 / power), np.sign(sin) * np.abs(sin) ** (2 / power)], axis=1)
    lens *= [1, rng.uniform(0.7, 0.95)]
    bar = np.array([[-0.5, -0.06], [0.5, -0.06], [0.5, 0.06], [-0.5, 0.06]])

    def form(growth: float) -> np.ndarray:
        lenses = (eye + lens * face.eyes * 1.6 * growth for eye in (left, right))
        return filled(face.size, (left + right) / 2 + bar * face.eyes, *lenses)

    dark = colour(rng) * 0.25
    shine = np.linspace(rng.uniform(0.8, 1.8), 0.8, face.size)[:, None, None]
    return laid(face, grow(face, share, form), np.broadcast_to(dark * shine, face.image.shape))


def hand(face: Face, share: float, rng: np.random.Generator) -> Damaged:
    """A hand, or in four of ten cases a dark thing with a light edge such as a telephone, pushed in from one side."""
    angle = rng.uniform(0, 2 * np.pi)
    inward, aside = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    middle = np.argwhere(face.oval).mean(axis=0)[::-1]
    target = middle + 0.4 * (on_face(face, 1, rng)[0] - middle)
    thing, reach, size = rng.random() < 0.4, rng.uniform(1.1, 1.4) * face.eyes, face.size
    fan, bend = rng.uniform(0.1, 0.22), rng.normal(0, 0.1)
    lengths = rng.uniform(1.0, 1.4, 4)

    def form(growth: float) -> np.ndarray:
        tip = target + inward * (growth * 4 - 1.9) * size
        if thing:
            box = [tip + aside * reach, tip - aside * reach, tip - aside * reach - inward * 3 * size,
                   tip + aside * reach - inward * 3 * size]  # fmt: skip
            return filled(size, np.array(box))
        cover = np.zeros((size, size), np.uint8)
        palm = tip - inward * 1.2 * reach
        stroke(cover, palm, palm - inward * 3 * size, 1.5 * reach)
        for finger, length in enumerate(lengths):
            spread = (finger - 1.5) * fan + bend
            root = palm + aside * (finger - 1.5) * 0.4 * reach
            pointing = inward * np.cos(spread) + aside * np.sin(spread)
            stroke(cover, root, root + pointing * length * reach, 0.34 * reach)
        return cover

    cover = grow(face, share, form)
    if thing:
        rim = (cover - cv2.erode(cover, np.ones((3, 3), np.uint8))) / 255
        return laid(face, cover, colour(rng) * 0.3 + rim[..., None] * colour(rng))
    soft = cv2.GaussianBlur(cover, (0, 0), face.eyes / 8)
    shade = 1 - 0.35 * (cover.astype(np.float32) - soft) / 255  # darker towards its edges
    return laid(face, cover, skin(rng) * np.clip(shade, 0.6, 1)[..., None])


def stroke(cover: np.ndarray, start: np.ndarray, end: np.ndarray, width: float) -> None:
    """Draw a line with round ends into a cover (S, S) uint8."""
    size = cover.shape[0]
    first, last = (tuple(np.round(np.clip(at, -4 * size, 5 * size) * 16).astype(int).tolist()) for at in (start, end))
    cv2.line(cover, first, last, 255, max(1, round(width)), cv2.LINE_AA, shift=4)


def crop(face: Face, share: float, rng: np.random.Generator) -> Damaged:
    """The photograph ends across the face: a straight edge at any angle, black beyond it as alignment leaves it."""
    angle = rng.uniform(0, 2 * np.pi)
    outward, along = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    middle, far = np.full(2, face.size / 2), 3 * face.size

    def form(growth: float) -> np.ndarray:
        edge = middle + outward * face.size * (1 - 2 * growth)
        return filled(face.size, np.array([edge + along * far, edge + (along + outward) * far,
                                            edge + (outward - along) * far, edge - along * far]))  # fmt: skip

    return laid(face, grow(face, share, form), np.zeros(3, np.float32))
