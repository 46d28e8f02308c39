"""Sheets rendered over a picture: hair and headwear, masks and scarves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from lgaf.world import hair, sheet
from lgaf.world.basis import Basis, vertex_normals
from lgaf.world.canvas import value_noise
from lgaf.world.mesh import Pose, project
from lgaf.world.raster import rasterise
from lgaf.world.scene import Scene
from lgaf.world.shade import VIEW, Light, shade, to_linear, to_srgb, tone

MASKS = np.array([[0.55, 0.75, 0.85], [0.92, 0.93, 0.94], [0.08, 0.08, 0.09], [0.75, 0.55, 0.65]])
"""Colours of surgical masks, sRGB."""


class Picture:
    """A picture being made: colour (sRGB, 0..1), depth and how far each pixel is covered, size x size pixels, flat."""

    def __init__(self, background: np.ndarray):
        self.size = len(background)
        self.colour = background.reshape(-1, 3)
        self.depth = np.full(self.size**2, np.inf, np.float32)
        self.cover = np.zeros(self.size**2, np.float32)

    @property
    def image(self) -> np.ndarray:
        """(size, size, 3) the colours, a view."""
        return self.colour.reshape(self.size, self.size, 3)

    def plane(self, values: np.ndarray) -> np.ndarray:
        """(size, size) a view of flat values."""
        return values.reshape(self.size, self.size)


@dataclass(frozen=True)
class View:
    """How the head's frame comes into the picture."""

    pose: Pose
    distance: float
    focal: float
    centre: np.ndarray
    """(2,) pixels."""

    def place(self, points: np.ndarray) -> np.ndarray:
        """Points (n, 3) of the head's frame as column, row, depth (n, 3)."""
        return project(self.pose.apply(points, points[:, 1]), self.distance, self.focal, self.centre)


def cover_head(
    skull: sheet.Skull, scene: Scene, light: Light, picture: Picture, moved: np.ndarray, view: View,
    random: np.random.Generator,
) -> None:  # fmt: skip
    """Lay hair, and a cap or scarf over it, on a head displaced by ``moved`` (V, 3)."""
    styles = []
    if style := worn(scene):
        styles.append((style, scene.hair))
    if scene.headwear:
        styles = [(s, c) for s, c in styles if scene.headwear != "headscarf" and s.top < 0.15 and not s.knot]
        styles.append((hair.HEADWEAR[scene.headwear], random.uniform(0.03, 0.9, 3) ** 1.2))
    for style, colour in styles:
        strands, ends = combed(style, random)

        def alpha(along: np.ndarray, style: hair.Style = style, ends: np.ndarray = ends) -> np.ndarray:
            end = 1 - style.ragged * ends[np.clip(along[:, 0] * 511, 0, 511).astype(int)]
            shown = np.clip((end - along[:, 1]) / 0.03 + 0.5, 0, 1) if style.ragged else np.ones(len(along))
            return shown * np.clip(along[:, 1] / 0.04, 0, 1) if style.crown > 10 else shown

        for laid in hair.hair(skull, moved, style, random):
            lay(picture, laid, colour, strands, alpha, light, view, 0.0 if style.cloth else 0.22)


def worn(scene: Scene) -> hair.Style | None:
    """The hair of a scene; None for a shaven head."""
    return hair.worn(scene.style, scene.hairline, scene.corners, scene.crown, scene.part)


def combed(style: hair.Style, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Brightness of strands (64, 512), roots first, and how early each ends (512,), 0..1: in locks, each ragged."""
    if style.cloth:
        return value_noise(random, 64, 512, 30) * 0.3, np.zeros(512, np.float32)
    fine = cv2.blur(value_noise(random, 64, 512, 300), (1, 31)) * 1.7
    locks = cv2.blur(value_noise(random, 64, 512, 70), (1, 15)) * (0.4 + 0.3 * style.curl)
    tangle = 0.5 * style.curl * value_noise(random, 64, 512, 90)
    slant = (np.linspace(0, 1, 64)[:, None] * random.normal(0, 14) + np.arange(512)).astype(np.float32) % 512
    rows = np.repeat(np.arange(64, dtype=np.float32)[:, None], 512, 1)
    strands = cv2.remap(fine + locks + tangle, slant, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    strands = strands - 0.5 * np.linspace(1, 0, 64)[:, None] ** 4
    hairs = random.random(512).astype(np.float32) ** 2
    wide, narrow = (np.abs(value_noise(random, 1, 512, cells)[0]) for cells in (34, 90))
    return strands, np.clip(0.35 * hairs + 0.4 * wide + 0.3 * narrow, 0, 1)


def cover_mouth(
    basis: Basis, scene: Scene, light: Light, picture: Picture, vertices: np.ndarray, view: View,
    random: np.random.Generator,
) -> None:  # fmt: skip
    """Lay a surgical mask or a scarf over mouth and chin."""
    if scene.mask == "mask":
        top, bottom, wide = random.uniform(7.0, 7.12), 6.26, random.uniform(60, 72)
        colour = MASKS[random.integers(len(MASKS))]
    else:
        top, bottom, wide = random.uniform(6.6, 7.05), 6.05, 100
        colour = random.uniform(0.05, 0.85, 3)
    laid = sheet.face_mask(basis, vertices, top, bottom, wide)
    folds = 0.5 * np.sin(np.linspace(0, 9 if scene.mask == "mask" else 4, 64) * np.pi)[:, None]
    folds = folds + 0.5 * value_noise(random, 64, 512, 12)
    lay(picture, laid, colour, folds * 0.35, lambda along: np.ones(len(along)), light, view, 0.0, 0.15)


def lay(
    picture: Picture, laid: sheet.Sheet, colour: np.ndarray, pattern: np.ndarray,
    alpha: Callable[[np.ndarray], np.ndarray], light: Light, view: View, gloss: float, slack: float = 0.01,
) -> None:  # fmt: skip
    """Render a sheet over the picture where it is nearer, or farther by less than ``slack``."""
    seen = view.place(laid.vertices)
    fragments = rasterise(seen, laid.triangles, picture.size, picture.size)
    fragments = fragments[fragments.depth < picture.depth[fragments.pixel] + slack]
    if not len(fragments):
        return
    posed = view.pose.apply(laid.vertices, laid.vertices[:, 1])
    normals = vertex_normals(posed, laid.triangles[: len(laid.triangles) // 2])
    values = fragments.interpolate(np.column_stack([laid.along, normals]).astype(np.float32))
    along, normal = values[:, :2], values[:, 2:5]
    normal = normal / (np.linalg.norm(normal, axis=1, keepdims=True) + 1e-6)
    inner = normal[:, 2] < -0.05
    normal = np.where(inner[:, None], -normal, normal)
    rows, columns = pattern.shape
    texture = pattern[(along[:, 1] * (rows - 1)).astype(int), (along[:, 0] * (columns - 1)).astype(int)]
    albedo = to_linear(colour) * np.exp(np.clip(texture * 0.5, -1.2, 1.2))[:, None]
    open_air = np.where(inner, 0.35, 0.9).astype(np.float32)
    sheen = gloss * np.clip(0.5 + 0.5 * texture, 0, 1) * ~inner
    sent, _ = shade(light, albedo, normal, open_air, np.where(inner, 0.2, 1.0).astype(np.float32), VIEW,
                    sheen * (0.2 + to_linear(colour).mean()), 0.2)  # fmt: skip
    share = alpha(along).astype(np.float32)
    layer = np.zeros(picture.size**2, np.float32)
    layer[fragments.pixel] = share
    soft = cv2.GaussianBlur(picture.plane(layer), (0, 0), picture.size / 90)
    fall = np.roll(soft, picture.size // 100, 0).ravel() * np.isfinite(picture.depth)
    picture.colour *= 1 - 0.45 * (fall * (1 - layer))[:, None]
    pixel = fragments.pixel
    picture.colour[pixel] += share[:, None] * (to_srgb(tone(sent)) - picture.colour[pixel])
    solid = share > 0.5
    picture.depth[pixel[solid]] = fragments.depth[solid]
    np.maximum.at(picture.cover, pixel, share)
