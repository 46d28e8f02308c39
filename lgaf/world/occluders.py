"""Things in front of a face: glasses in space; hands, phones and patches in the image plane."""

from __future__ import annotations

import cv2
import numpy as np

from lgaf.world.cover import Picture, View
from lgaf.world.scene import Scene


def blend(image: np.ndarray, cover: np.ndarray, colour: np.ndarray, alpha: np.ndarray) -> None:
    """Lay ``colour`` (3,) or (H, W, 3) over ``image`` by ``alpha`` (H, W) and note it in ``cover``, both in place."""
    image += alpha[..., None] * (np.asarray(colour, np.float32) - image)
    np.maximum(cover, alpha, out=cover)


def glasses(
    picture: Picture, view: View, scene: Scene, eyes: np.ndarray, ears: np.ndarray, random: np.random.Generator
) -> None:
    """Draw glasses on the posed head.

    Args:
        picture: changed in place.
        view: from the head's frame to the picture.
        scene: its ``glasses`` are "glasses" or "sunglasses".
        eyes: (2, 3) centres of the eyeballs in the head's frame.
        ears: (2, 3) where the arms end, same frame.
        random: for form and colour.
    """
    image, cover, depth = picture.image, picture.plane(picture.cover), picture.plane(picture.depth)
    dark = scene.glasses == "sunglasses"
    wide, tall = random.uniform(0.23, 0.29), random.uniform(0.14, 0.22)
    square = random.uniform(2, 5)
    plain = random.uniform(0.03, 0.3) + random.uniform(-0.03, 0.08, 3)
    colour = plain if random.random() < 0.92 else random.uniform(0.2, 0.8, 3)
    turn = np.linspace(0, 2 * np.pi, 40)
    form = np.stack([np.sign(np.cos(turn)) * np.abs(np.cos(turn)) ** (2 / square) * wide,
                     np.sign(np.sin(turn)) * np.abs(np.sin(turn)) ** (2 / square) * tall], 1)  # fmt: skip
    scale = image.shape[0] / 375
    gap = np.abs(eyes[1, 0] - eyes[0, 0])
    rims, frame_lines = [], []
    for side, eye in zip((-1, 1), eyes, strict=True):
        centre = eye + np.array([side * 0.02, -0.03, 0.30])
        away = side * form[:, 0]
        bent = np.stack([side * away, form[:, 1], -0.10 * (away / wide) * (away > 0) - 0.02 * (away < 0)], 1)
        rims.append(centre + bent)
        outer = centre + np.array([side * wide, 0.3 * tall, -0.10])
        frame_lines.append(np.linspace(outer, ears[(side + 1) // 2], 24))
    across = np.linspace(-1, 1, 9)
    bridge = np.stack([across * max(gap / 2 - wide, 0.05), 0.03 + 0.03 * np.cos(1.5 * across), np.full(9, 0.33)], 1)
    bridge += eyes.mean(0)
    tint = np.array([0.02, 0.02, 0.03]) + random.uniform(0, 0.08, 3)
    opaque = random.uniform(0.8, 0.98) if dark else random.uniform(0.03, 0.12)
    thick = random.uniform(1.2, 3.2) * scale * scene.interocular / 46 * 1.3
    canvas = np.zeros(image.shape[:2], np.uint8)
    for rim in rims:
        points = view.place(rim)
        lens = np.zeros_like(canvas)
        cv2.fillPoly(lens, [np.rint(points[:, :2] * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
        behind = depth < points[:, 2].min() - 0.15  # the nose hides the far lens
        lens[behind] = 0
        blend(image, cover, tint if dark else np.array([0.85, 0.9, 0.95]), lens.astype(np.float32) / 255 * opaque)
    for line in (*[np.concatenate([rim, rim[:1]]) for rim in rims], bridge, *frame_lines):
        points = view.place(line)
        column = np.clip(np.rint(points[:, 0]).astype(int), 0, depth.shape[1] - 1)
        row = np.clip(np.rint(points[:, 1]).astype(int), 0, depth.shape[0] - 1)
        seen = points[:, 2] < depth[row, column] + 0.12
        for k in np.flatnonzero(seen[:-1] & seen[1:]):
            ends = np.rint(points[k : k + 2, :2] * 16).astype(np.int32)
            cv2.line(canvas, ends[0].tolist(), ends[1].tolist(), 255, max(1, round(thick)), cv2.LINE_AA, 4)
    blend(image, cover, colour, canvas.astype(np.float32) / 255)


def thing(picture: Picture, kind: str, five: np.ndarray, skin: np.ndarray, random: np.random.Generator) -> None:
    """Hold a hand, fingers, a phone or a patch before the face whose five points (5, 2) are given."""
    image, cover = picture.image, picture.plane(picture.cover)
    eyes, height = np.linalg.norm(five[1] - five[0]), np.linalg.norm(five[:2].mean(0) - five[3:].mean(0))
    unit = float(max(eyes, 0.7 * height))
    middle = five.mean(0)
    canvas = np.zeros(image.shape[:2], np.uint8)
    if kind in ("hand", "fingers"):
        goal = five[random.integers(5)] + random.normal(0, 0.25, 2) * unit
        toward = np.radians(random.uniform(-65, 65) + (180 if random.random() < 0.15 else 0))
        along = np.array([np.sin(toward), -np.cos(toward)])
        across = np.array([along[1], -along[0]]) * -1
        width = 0.30 * unit
        palm = goal - along * unit * (0.6 if kind == "hand" else 1.0)
        tone = np.clip(np.asarray(skin) * random.uniform(0.75, 1.05), 0, 1)
        shading = np.full(image.shape[:2], 0.0, np.float32)
        for k in range(4):
            root = palm + across * (k - 1.5) * width * 1.05
            tip = root + (along + across * (k - 1.5) * 0.10) * unit * [1.05, 1.25, 1.2, 0.9][k]
            finger = np.zeros_like(canvas)
            segment(finger, root - along * 0.2 * unit, tip, width)
            edge = cv2.GaussianBlur(finger, (0, 0), max(0.6, width / 5)).astype(np.float32) / 255
            shading = np.where(finger > 0, edge, shading)
            canvas = np.maximum(canvas, finger)
        back = np.zeros_like(canvas)
        segment(back, palm - along * unit * 0.25, palm - along * unit * 0.9, width * 4.6)
        segment(back, palm - along * unit * 1.2, palm - along * unit * 4, width * 2.6)
        shading = np.where((back > 0) & (canvas == 0), 0.95, shading)
        canvas = np.maximum(canvas, back)
        colour: np.ndarray = tone * (0.55 + 0.45 * shading[..., None])
    elif kind == "phone":
        centre = middle + random.normal(0, 0.6, 2) * unit
        box = (centre.tolist(), [unit * random.uniform(1.0, 1.3), unit * 2.2], random.uniform(-35, 35))
        cv2.fillPoly(canvas, [np.rint(cv2.boxPoints(box) * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
        colour = random.uniform(0.02, 0.25, 3)
    else:
        centre = middle + random.normal(0, 0.55, 2) * unit
        if random.random() < 0.5:
            box = (centre.tolist(), (random.uniform(0.4, 1.2, 2) * unit).tolist(), random.uniform(0, 180))
            points = cv2.boxPoints(box)
        else:
            turn = np.linspace(0, 2 * np.pi, 14)[:-1]
            points = centre + (np.stack([np.cos(turn), np.sin(turn)]) * unit * random.uniform(0.25, 0.7, 13)).T
        cv2.fillPoly(canvas, [np.rint(points * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
        grain = cv2.resize(random.uniform(-0.2, 0.2, (9, 9, 3)).astype(np.float32), canvas.shape[::-1])
        colour = np.clip(random.uniform(0.05, 0.9, 3) + grain, 0, 1)
    alpha = cv2.GaussianBlur(canvas, (0, 0), 0.7).astype(np.float32) / 255
    fall = np.roll(cv2.GaussianBlur(canvas, (0, 0), max(1.0, unit / 10)), int(unit / 12), 0).astype(np.float32) / 255
    image *= 1 - 0.35 * fall[..., None]
    blend(image, cover, colour, alpha)


def segment(canvas: np.ndarray, start: np.ndarray, end: np.ndarray, width: float) -> None:
    """A thick line with round ends."""
    ends = [np.rint(p * 16).astype(int).tolist() for p in (start, end)]
    cv2.line(canvas, ends[0], ends[1], 255, max(1, round(width)), cv2.LINE_AA, 4)
