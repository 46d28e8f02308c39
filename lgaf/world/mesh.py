"""A person's head in space: expression, local deformation, pose, camera, the five landmarks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lgaf.world.basis import Basis

NECK = (5.7, 6.7)
"""Between these heights (y) the torso's rotation turns into the head's."""
PIVOT = np.array([0, 6.6, 0.25])
"""The head turns about this point of the base mesh."""
MOUTH_MASK = 0
EYE_DISTANCE = 0.616
"""Distance of the base mesh's eyes."""


@dataclass(frozen=True)
class Points:
    """Vertices of the base mesh that the renderer refers to."""

    basis: Basis

    @cached_property
    def eyes(self) -> tuple[np.ndarray, np.ndarray]:
        """Vertices of the person's right eyeball, of the left one."""
        return self.basis.vertices_of("eye_right"), self.basis.vertices_of("eye_left")

    @cached_property
    def openings(self) -> tuple[np.ndarray, np.ndarray]:
        """The edges of the lids of either eye: where annotators see the eye's middle."""
        skin = self.basis.vertices_of("skin")
        edges = []
        for eye in self.eyes:
            away = self.basis.vertices[skin][:, None] - self.basis.vertices[eye][None]
            near = skin[np.linalg.norm(away, axis=2).min(1) < 0.04]
            edges.append(near[self.basis.vertices[near, 2] > 1.3])
        return edges[0], edges[1]

    @cached_property
    def nose(self) -> int:
        """The tip of the nose: the middle of its ball, a little above the foremost point, as annotators mark it."""
        x, y, z = self.basis.vertices.T
        among = (np.abs(x) < 0.1) & (y > 6.7) & (y < 7.1) & (self.basis.part == 0)
        foremost = self.basis.vertices[np.argmax(np.where(among, z, -np.inf))]
        away = np.linalg.norm(self.basis.vertices - foremost - [0, 0.08, -0.02], axis=1)
        return int(np.argmin(np.where(among, away, np.inf)))

    @cached_property
    def mouth(self) -> tuple[int, int]:
        """The corners of the mouth."""
        x = np.where(self.basis.masks[:, MOUTH_MASK] > 0.5, self.basis.vertices[:, 0], 0)
        return int(np.argmin(x)), int(np.argmax(x))

    def landmarks(self, vertices: np.ndarray) -> np.ndarray:
        """(5, C): right eye, left eye (the person's), nose, mouth corners right and left, of per-vertex values."""
        eyes = [vertices[edge].mean(0) for edge in self.openings]
        return np.stack([*eyes, vertices[self.nose], *vertices[list(self.mouth)]])


def deform(basis: Basis, vertices: np.ndarray, strength: float, random: np.random.Generator) -> np.ndarray:
    """Move parts of the face elastically: a few smooth bumps, the largest of ``strength`` eye distances."""
    moved = np.zeros_like(vertices)
    front = np.flatnonzero((basis.part == 0) & (basis.vertices[:, 2] > 1.0) & (basis.vertices[:, 1] > 6.2))
    for _ in range(random.integers(3, 7)):
        centre = basis.vertices[random.choice(front)]
        away = ((basis.vertices - centre) ** 2).sum(1, keepdims=True)
        toward = random.normal(0, 1, 3) * [1, 1, 0.6]
        moved += np.exp(-away / (2 * random.uniform(0.12, 0.3) ** 2)) * toward
    moved *= strength * EYE_DISTANCE / np.linalg.norm(moved[front], axis=1).max()
    return (vertices + moved).astype(np.float32)


def rotation(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """(3, 3): yaw (to the image's right), then pitch (downwards), then roll, in degrees."""
    (cy, cp, cr), (sy, sp, sr) = (f(np.radians([yaw, pitch, roll])) for f in (np.cos, np.sin))
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return about_z @ about_x @ about_y


@dataclass(frozen=True)
class Pose:
    """Head and torso turned about the neck, the middle of the eyes at the origin."""

    head: np.ndarray
    """(3, 3) rotation of the head."""
    torso: np.ndarray
    """(3, 3) rotation of the torso."""
    pivot: np.ndarray
    """(3,) the point that stays."""
    origin: np.ndarray
    """(3,) where the turned eyes' middle is."""

    def apply(self, vertices: np.ndarray, heights: np.ndarray) -> np.ndarray:
        """Turn points (n, 3); ``heights`` (n,) are theirs on the base mesh and say how far the neck takes part."""
        share = np.clip((heights - NECK[0]) / (NECK[1] - NECK[0]), 0, 1)[:, None]
        share = share * share * (3 - 2 * share)
        local = vertices - self.pivot
        turned = local @ self.head.T
        if share.min() < 1:
            turned = share * turned + (1 - share) * (local @ self.torso.T)
        return (turned - self.origin).astype(np.float32)


def turn(vertices: np.ndarray, basis: Basis, points: Points, head: np.ndarray, torso: np.ndarray) -> Pose:
    """The pose of a head (V, 3) by two rotations."""
    pivot = PIVOT + (vertices - basis.vertices)[points.nose] * [0, 1, 1]
    eyes = np.concatenate([vertices[eye] for eye in points.eyes]).mean(0)
    return Pose(head, torso, pivot, head @ (eyes - pivot))


def project(posed: np.ndarray, distance: float, focal: float, centre: np.ndarray) -> np.ndarray:
    """(V, 3): column, row, depth in a pinhole camera ``distance`` away whose pixels are 1/focal radians."""
    depth = distance - posed[:, 2]
    return np.stack(
        [posed[:, 0] / depth * focal + centre[0], -posed[:, 1] / depth * focal + centre[1], depth], 1
    ).astype(np.float32)
