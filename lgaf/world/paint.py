"""Colours of a head: skin with its marks, lips, brows and beard; eyes; teeth; clothes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from lgaf.world.canvas import AXIS, SWEEP, at
from lgaf.world.eyes import Eye, draw_eye, eye_colour, lid_shadow
from lgaf.world.identity import Person
from lgaf.world.lips import Mouth, draw_mouth, tooth_colour
from lgaf.world.scene import Scene, linear_skin
from lgaf.world.shade import VIEW, Light, glint, shade, to_linear, to_srgb, tone

WIDTH = 1024
"""Look-ups are folded into rows of this many, since OpenCV has a limit."""
DEPTH = np.array([0.85, 1.0, 1.08], np.float32)
"""Channels' share in what darkens skin: shadows and pigment are warm."""


@dataclass(frozen=True)
class Subject:
    """A person with painted skin."""

    person: Person
    maps: np.ndarray
    """(SIZE, SIZE, 12) float32, Skin.stack() of texture.py."""

    @cached_property
    def eye(self) -> Eye:
        """The person's eyeballs."""
        skin = float(to_linear(self.person.looks.skin).mean())
        return draw_eye(np.random.default_rng([self.person.marks, 8]), self.person.origin, self.person.male, skin)

    @cached_property
    def mouth(self) -> Mouth:
        """The person's lips and teeth."""
        return draw_mouth(np.random.default_rng([self.person.marks, 9]), self.person.male)

    @cached_property
    def hairs(self) -> tuple[float, float, float]:
        """Darkness of the brows against the hair, strength of the brows, and of the shadow of a shaved beard."""
        random = np.random.default_rng([self.person.marks, 10])
        return random.uniform(0.15, 0.8), random.uniform(0.65, 1.05), max(0.0, random.uniform(-0.15, 0.42))


@dataclass(frozen=True)
class Surface:
    """What N pixels see of a head."""

    pixel: np.ndarray
    """(N,) flat indices into the picture."""
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
    """(N,) degrees inside the hair's outline, see hair.scalp."""
    cloth: np.ndarray
    """(N,) bool."""

    def __getitem__(self, chosen: np.ndarray) -> Surface:
        return Surface(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class Look:
    """How a head is seen."""

    head: np.ndarray
    """(3, 3) its rotation."""
    size: int
    """Width of the picture."""
    scale: float
    """Pixels between the eyes."""
    eye_centres: np.ndarray
    """(2, 3) right and left, on the base mesh."""


def paint_head(subject: Subject, scene: Scene, light: Light, seen: Surface, look: Look) -> np.ndarray:
    """Colours (N, 3) sRGB of head, eyes, mouth and clothes."""
    part = seen.part
    normal = seen.normal / (np.linalg.norm(seen.normal, axis=1, keepdims=True) + 1e-6)
    albedo = np.empty((len(part), 3), np.float32)
    gloss = np.full(len(part), 0.045, np.float32)
    open_air = 0.15 + 0.85 * seen.openness
    shadow = seen.shadow.copy()
    catch = np.zeros(len(part), np.float32)

    skin = np.flatnonzero(part == 0)
    albedo[skin], gloss[skin], normal[skin] = skin_colour(subject, scene, seen[skin], normal[skin], look.head)
    dim = float(np.clip(linear_skin(scene).mean() / 0.35, 0.12, 1.0))  # dark skin goes with dark eyes
    for k in (1, 2):
        eye = np.flatnonzero(part == k)
        away = seen.rest[eye] - look.eye_centres[k - 1]
        albedo[eye], gloss[eye] = eye_colour(subject.eye, scene.gaze, dim, away)
        lid = lid_shadow(seen.pixel[eye], look.size, look.scale)
        open_air[eye] = lid * (0.45 + 0.45 * seen.openness[eye])
        shadow[eye] *= lid
        catch[eye] = np.clip(lid, 0.2, 1)
    teeth, tongue = np.flatnonzero(part == 3), np.flatnonzero(part == 4)
    albedo[teeth], gloss[teeth] = tooth_colour(subject.mouth, seen.rest[teeth]), 0.12
    albedo[tongue] = to_linear(np.array([0.55, 0.25, 0.24]))
    # Occlusion is known of the closed mouth alone; of an open one light reaches the teeth and hardly the throat.
    open_air[teeth], shadow[teeth] = 0.72, 0.5
    open_air[tongue], shadow[tongue] = 0.22, 0.15
    throat = skin[seen.openness[skin] < 0.05]
    open_air[throat] *= 0.35
    cloth = np.flatnonzero(seen.cloth & (part == 0))
    if len(cloth):
        cloth_rest = seen.rest[cloth]
        weave = 1 + 0.10 * np.sin(cloth_rest[:, 0] * 9 + 3 * np.sin(cloth_rest[:, 1] * 4))
        albedo[cloth] = to_linear(scene.clothes) * weave[:, None]
        gloss[cloth] = 0.0
    sent, _ = shade(light, albedo, normal, open_air, shadow, VIEW, gloss)
    eyes = np.flatnonzero(catch)
    sent[eyes] += catch[eyes, None] * (glint(light, normal[eyes])[:, None] + 0.02 * light.sky)  # what a wet eye mirrors
    return to_srgb(tone(sent))


def skin_colour(
    subject: Subject, scene: Scene, seen: Surface, normal: np.ndarray, head: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Albedo (N, 3), gloss (N,) and normals (N, 3) of skin with lips, brows, beard, marks and the lines of its age."""
    lips = seen.lips
    maps, angle = look_up(subject.maps, seen.rest)
    base = linear_skin(scene)
    old = np.float32(np.clip((scene.age - 28) / 42, 0, 1.15))
    detail = maps[:, 0] + maps[:, 1] * old
    albedo = base * np.exp(detail[:, None] * DEPTH)
    red = np.array([0.10, -0.10, -0.08], np.float32) * (0.6 + 0.4 * base.mean())
    albedo *= 1 + maps[:, 4:5] * red
    share = np.clip(lips * min(1, subject.mouth.strength + 0.3 * scene.makeup), 0, 1)[:, None]
    upper = np.clip((seen.rest[:, 1] - 6.60) / 0.02, 0, 1)  # turned away from the light, and darker
    lip = base * subject.mouth.tint * (1 - np.float32(subject.mouth.shade) * upper)[:, None]
    if scene.makeup > 0.3:
        lip = lip + 0.8 * scene.makeup * (np.array([0.36, 0.03, 0.06], np.float32) - lip)
    albedo += share * (lip * np.exp(0.6 * detail)[:, None] - albedo)
    dark, strength, shaved = subject.hairs
    hair = to_linear(scene.hair)
    brow = maps[:, 2:3] * np.float32(strength)
    albedo += brow * (np.minimum(hair * np.float32(dark), base * 0.55) - albedo)
    grown = np.clip(maps[:, 3:4] * max(shaved, scene.beard * 1.15), 0, 0.92) * (1 - np.clip(lips * 1.5, 0, 1))[:, None]
    albedo += grown * (np.minimum(hair * 0.7, base * 0.5) - albedo)
    crop = 0.9 * np.clip((seen.within + 12 * maps[:, 0]) / 5, 0, 1)[:, None]
    albedo += crop * (hair * 0.6 - albedo)
    lash = np.clip(seen.lashes * np.float32(subject.eye.lashes * (0.8 + 0.3 * scene.makeup)), 0, 0.95)[:, None]
    albedo += lash * (np.array([0.015, 0.011, 0.01], np.float32) - albedo)
    gloss = 0.05 * maps[:, 5] * (1 - brow[:, 0]) + 0.08 * np.clip(lips, 0, 1)
    slope = maps[:, 6:8] + maps[:, 8:10] * old
    radians = np.radians(angle)
    left = np.stack([np.cos(radians), np.zeros_like(radians), -np.sin(radians)], -1) * slope[:, :1]
    left[:, 1] = slope[:, 1]
    normal = normal - left @ head.T.astype(np.float32)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    return albedo, gloss, normal


def look_up(maps: np.ndarray, rest: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(N, C) a skin's maps, C a multiple of 4, at points (N, 3) of the base mesh, and the points' angles in degrees."""
    angle = np.degrees(np.arctan2(rest[:, 0], rest[:, 2] - AXIS))
    where = np.zeros((-(-len(rest) // WIDTH) * WIDTH, 2), np.float32)
    where[: len(rest)] = at(np.clip(angle, 1 - SWEEP, SWEEP - 1), rest[:, 1])
    column, row = (np.ascontiguousarray(where[:, k]).reshape(-1, WIDTH) for k in (0, 1))
    found = [
        cv2.remap(maps[..., k : k + 4], column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).reshape(-1, 4)
        for k in range(0, maps.shape[-1], 4)
    ]
    return np.concatenate(found, 1)[: len(rest)], angle
