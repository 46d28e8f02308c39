"""Colours of a head: skin with its marks, lips, brows and beard; eyes; teeth; clothes."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from lgaf.world.identity import Person
from lgaf.world.scene import Scene, linear_skin
from lgaf.world.shade import VIEW, Light, shade, to_linear, to_srgb, tone
from lgaf.world.texture import AXIS, SWEEP, at

WIDTH = 1024
"""Look-ups are folded into rows of this many, since OpenCV has a limit."""


@dataclass(frozen=True)
class Subject:
    """A person with painted skin."""

    person: Person
    maps: np.ndarray
    """(SIZE, SIZE, 5) float32, Skin.stack() of texture.py."""


@dataclass(frozen=True)
class Surface:
    """What N pixels see of a head."""

    part: np.ndarray
    """(N,) index into basis.PARTS."""
    rest: np.ndarray
    """(N, 3) the point on the base mesh."""
    normal: np.ndarray
    """(N, 3) of any length."""
    lips: np.ndarray
    """(N,) 0..1."""
    openness: np.ndarray
    """(N,) 0..1, ambient occlusion."""
    lashes: np.ndarray
    """(N,) 0..1, darkness of the lids' edge."""
    shadow: np.ndarray
    """(N,) 1 where the first light arrives."""
    within: np.ndarray
    """(N,) degrees inside the hair's outline, see sheet.scalp."""
    cloth: np.ndarray
    """(N,) bool."""

    def __getitem__(self, chosen: np.ndarray) -> Surface:
        return Surface(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))


def paint_head(subject: Subject, scene: Scene, light: Light, seen: Surface, eye_centres: np.ndarray) -> np.ndarray:
    """Colours (N, 3) sRGB of head, eyes, mouth and clothes; ``eye_centres`` (2, 3) on the base mesh."""
    part, openness = seen.part, seen.openness
    normal = seen.normal / (np.linalg.norm(seen.normal, axis=1, keepdims=True) + 1e-6)
    albedo = np.empty((len(part), 3), np.float32)
    gloss = np.full(len(part), 0.045, np.float32)
    open_air = 0.15 + 0.85 * openness

    is_skin = part == 0
    albedo[is_skin], gloss[is_skin] = skin_colour(subject, scene, seen[is_skin])
    for k in (1, 2):
        eye = part == k
        albedo[eye], gloss[eye] = eye_colour(subject, scene, seen.rest[eye] - eye_centres[k - 1])
        open_air[eye] = np.clip(0.35 + 0.65 * openness[eye], 0, 1)
    albedo[part == 3] = to_linear(np.array([0.86, 0.82, 0.74]))
    gloss[part == 3] = 0.2
    albedo[part == 4] = to_linear(np.array([0.62, 0.30, 0.28]))
    inside = (part >= 3) | (is_skin & (openness < 0.05))
    open_air[inside] *= 0.6
    cloth = seen.cloth & is_skin
    if cloth.any():
        cloth_rest = seen.rest[cloth]
        weave = 1 + 0.10 * np.sin(cloth_rest[:, 0] * 9 + 3 * np.sin(cloth_rest[:, 1] * 4))
        albedo[cloth] = to_linear(scene.clothes) * weave[:, None]
        gloss[cloth] = 0.0
    sent, _ = shade(light, albedo, normal, open_air, seen.shadow, VIEW, gloss)
    return to_srgb(tone(sent))


def skin_colour(subject: Subject, scene: Scene, seen: Surface) -> tuple[np.ndarray, np.ndarray]:
    """Albedo (N, 3) and gloss (N,) of skin with lips, brows, beard, marks and the wrinkles of the scene's age."""
    lips = seen.lips
    maps = look_up(subject.maps, seen.rest)
    base = linear_skin(scene)
    old = np.clip((scene.age - 28) / 42, 0, 1.15)
    detail = maps[:, 0] + maps[:, 1] * old
    detail[lips > 0.5] *= 0.3
    albedo = base * np.exp(detail)[:, None]
    red = np.array([0.10, -0.10, -0.08], np.float32) * (0.6 + 0.4 * base.mean())
    albedo *= 1 + maps[:, 4:5] * red
    painted = np.random.default_rng(subject.person.marks + 1)
    pink = painted.uniform(0.3, 1.0) + 0.3 * scene.makeup
    lip = base * np.array([0.78, 0.42, 0.42]) * painted.uniform(0.6, 1.1) + np.array([0.06, 0.01, 0.015])
    if scene.makeup > 0.3:
        lip = lip * (1 - scene.makeup) + scene.makeup * np.array([0.42, 0.03, 0.06])
    share = np.clip(lips * pink, 0, 1)[:, None]
    albedo += share * (lip - albedo)
    hair = to_linear(scene.hair) * 0.6
    brow = maps[:, 2:3]
    albedo += brow * (np.minimum(hair, base * 0.6) - albedo)
    if scene.beard > 0:
        grown = np.clip(maps[:, 3:4] * scene.beard * 1.15, 0, 0.92) * (1 - np.clip(lips * 1.5, 0, 1))[:, None]
        albedo += grown * (np.minimum(hair * 1.2, base * 0.7) - albedo)
    shaved = 0.9 * np.clip((seen.within + 12 * maps[:, 0]) / 5, 0, 1)[:, None]
    albedo += shaved * (hair - albedo)
    dark = np.clip(seen.lashes * (0.75 + 0.3 * scene.makeup), 0, 0.95)[:, None]
    albedo += dark * (np.array([0.015, 0.011, 0.01]) - albedo)
    gloss = np.full(len(lips), 0.05, np.float32) * (1 - brow[:, 0]) + 0.10 * np.clip(lips, 0, 1)
    return albedo, gloss.astype(np.float32)


def eye_colour(subject: Subject, scene: Scene, away: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Albedo (N, 3) and gloss (N,) of an eyeball, at points (N, 3) from its centre: white, iris, rim, pupil."""
    away = away / np.linalg.norm(away, axis=1, keepdims=True) + 1e-6
    a, b = np.radians(scene.gaze)
    gaze = np.array([np.sin(a) * np.cos(b), -np.sin(b), np.cos(a) * np.cos(b)], np.float32)
    angle = np.arccos(np.clip(away @ gaze, -1, 1))
    iris = to_linear(np.clip(subject.person.iris, 0, 1))
    ring = np.clip((angle - 0.2) / 0.3, 0, 1)[:, None]
    ray = 1 + 0.25 * np.sin(np.arctan2(away[:, 1] - gaze[1], away[:, 0] - gaze[0]) * 17)[:, None]
    inner = iris * ray * (1.25 - 0.9 * ring**2)
    white = to_linear(np.array([0.86, 0.83, 0.81])) * (1 - 0.25 * np.clip((angle - 0.7) / 0.6, 0, 1))[:, None]
    blend = np.clip((angle - 0.47) / 0.06, 0, 1)[:, None]
    albedo = inner * (1 - blend) + white * blend
    albedo *= np.clip((angle - 0.17) / 0.05, 0.03, 1)[:, None]
    return albedo, np.where(angle < 0.6, 0.22, 0.06).astype(np.float32)


def look_up(maps: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """(N, 5) a skin's maps at points (N, 3) of the base mesh."""
    angle = np.degrees(np.arctan2(rest[:, 0], rest[:, 2] - AXIS))
    where = np.zeros((-(-len(rest) // WIDTH) * WIDTH, 2), np.float32)
    where[: len(rest)] = at(np.clip(angle, 1 - SWEEP, SWEEP - 1), rest[:, 1])
    column, row = (np.ascontiguousarray(where[:, k]).reshape(-1, WIDTH) for k in (0, 1))
    four = cv2.remap(maps[..., :4], column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    last = cv2.remap(maps[..., 4], column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.column_stack([four.reshape(-1, 4), last.ravel()])[: len(rest)]
