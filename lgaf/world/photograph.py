"""One photograph: a person in a scene, rendered whole, with everything that is true of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lgaf.world import hair, occluders, sheet
from lgaf.world.background import draw_background
from lgaf.world.basis import ORIGINS, Basis, lit, vertex_normals
from lgaf.world.camera import encode, take
from lgaf.world.canvas import unroll
from lgaf.world.cover import Picture, View, cover_head, cover_mouth, worn
from lgaf.world.mesh import Points, deform, project, rotation, turn
from lgaf.world.paint import Look, Subject, Surface, paint_head
from lgaf.world.raster import rasterise
from lgaf.world.scene import Scene, draw_light, linear_skin
from lgaf.world.shade import VIEW, Light, shade

SUPERSAMPLING = 1.25
"""Rendered pixels to a sensor's pixel, along a line."""
EARS = np.array([[-0.80, 7.32, 0.45], [0.80, 7.32, 0.45]])
"""Where the arms of glasses end on the base mesh."""
TRUTH = ("yaw", "pitch", "roll", "age", "light", "hidden", "deformation", "resolution", "noise", "blur", "male",
         "origin")  # fmt: skip


class Studio:
    """What all photographs share: the basis and what is worked out from it once."""

    def __init__(self, basis: Basis):
        self.basis = basis
        self.points = Points(basis)
        self.skull = sheet.Skull(basis)
        self.triangles = basis.triangles
        angle, _ = unroll(basis)
        y, z = basis.vertices[:, 1], basis.vertices[:, 2]
        eyes = basis.vertices[np.concatenate(self.points.eyes)]
        away = np.linalg.norm(basis.vertices[:, None] - eyes[None], axis=2).min(1)
        above = np.where(y > eyes[:, 1].mean() - 0.01, 1.0, 0.6)
        lashes = np.exp(-((away / 0.045) ** 2)) * above * (basis.part == 0) * 1.3
        self.face = (basis.part < 3) & (np.abs(angle) < 68) & (y > 6.3) & (y < 7.95) & (z > 0.6)
        self.eye_centres = np.stack([basis.vertices[eye].mean(0) for eye in self.points.eyes])
        self.fixed = np.column_stack([basis.vertices, basis.masks[:, 0], basis.openness, lashes, self.face])
        self.fixed = self.fixed.astype(np.float32)
        self.shadow_casters = basis.triangles_of("skin")
        self.shadow_casters = self.shadow_casters[(y[self.shadow_casters] > 5.9).all(1)]


@dataclass(frozen=True)
class Photograph:
    """A finished image and its truth."""

    image: bytes
    """JPEG."""
    landmarks: np.ndarray
    """(5, 2) float32 pixels: the person's right eye (left in a frontal image), left eye, nose, mouth corners."""
    truth: dict[str, float]
    """One number for every name in TRUTH."""


def photograph(studio: Studio, subject: Subject, scene: Scene, frame: int, random: np.random.Generator) -> Photograph:
    """Render a person in a scene as a photograph of ``frame`` x ``frame`` pixels."""
    basis, points = studio.basis, studio.points
    light = scene.light or draw_light(random)
    vertices = subject.person.neutral(basis, scene.age) + basis.blend(scene.expression)
    if scene.deformation > 0:
        vertices = deform(basis, vertices, scene.deformation, random)
    head = rotation(scene.yaw, scene.pitch, scene.roll)
    torso = rotation(scene.yaw * random.uniform(0.2, 0.9), scene.pitch * 0.2, scene.roll * 0.2)
    pose = turn(vertices, basis, points, head, torso)
    posed = pose.apply(vertices, basis.vertices[:, 1])
    normals = vertex_normals(posed, studio.triangles)
    edge, plunge = random.uniform(5.55, 6.0), random.uniform(0, 0.5)
    dressed = (basis.part == 0) * np.clip(collar(basis.vertices, edge, plunge) / 0.1, 0, 1)
    posed += 0.05 * dressed[:, None] * normals
    posed[np.concatenate(points.eyes)] -= (0.012 * head[:, 2]).astype(np.float32)  # behind the lids of every shape

    size = max(48, round(frame * scene.capture * SUPERSAMPLING))
    eyes = float(np.linalg.norm(np.diff([vertices[eye].mean(0) for eye in points.eyes], axis=0)))
    focal = scene.interocular / frame * size * scene.distance / eyes
    corner = points.landmarks(project(posed, scene.distance, focal, np.zeros(2)))[:, :2]
    centre = np.array(scene.centre) * size - corner.mean(0)
    seen = project(posed, scene.distance, focal, centre)
    five = points.landmarks(seen)[:, :2]

    picture = Picture(draw_background(random, size, size))
    fragments = rasterise(seen, studio.triangles, size, size)
    shadow = lit(posed, studio.shadow_casters, light.directions[0], 96)
    wanted = scene.exposure * (0.45 / (0.2 + float(linear_skin(scene).mean()))) ** 0.5  # pale faces would burn out
    light = meter(light, normals[studio.face], basis.openness[studio.face], shadow[studio.face], wanted)
    style = worn(scene)
    within = hair.scalp(basis.vertices, style) if style else np.full(len(vertices), -90.0)
    values = fragments.interpolate(np.column_stack([studio.fixed, normals, shadow, within]).astype(np.float32))
    surface = Surface(
        pixel=fragments.pixel, part=basis.part[fragments.corners[:, 0]], rest=values[:, :3], lips=values[:, 3],
        openness=values[:, 4], lashes=values[:, 5], normal=values[:, 7:10], shadow=values[:, 10], within=values[:, 11],
        cloth=collar(values[:, :3], edge, plunge) > 0,
    )  # fmt: skip
    look = Look(head, size, scene.interocular / frame * size, studio.eye_centres)
    picture.colour[fragments.pixel] = paint_head(subject, scene, light, surface, look)
    picture.depth[fragments.pixel] = fragments.depth
    face = fragments.pixel[values[:, 6] > 0.5]

    view = View(pose, scene.distance, focal, centre)
    moved = vertices - basis.vertices
    cover_head(studio.skull, scene, light, picture, moved, view, random)
    if scene.mask:
        cover_mouth(basis, scene, light, picture, vertices, view, random)
    if scene.glasses:
        ears = EARS + moved[list(points.mouth)].mean(0) * [0, 1, 0]
        ears[:, 0] *= np.abs(vertices[studio.face, 0]).max() / np.abs(basis.vertices[studio.face, 0]).max()
        centres = np.stack([vertices[eye].mean(0) for eye in points.eyes])
        occluders.glasses(picture, view, scene, centres, ears, random)
    for kind in scene.things:
        occluders.thing(picture, kind, five, scene.skin, random)

    image = take(picture.image, scene, frame, random)
    hidden = float(picture.cover[face].mean()) if len(face) else 1.0
    return Photograph(
        image=encode(image, scene.quality),
        landmarks=((five + 0.5) * frame / size - 0.5).astype(np.float32),
        truth={
            "yaw": scene.yaw,
            "pitch": scene.pitch,
            "roll": scene.roll,
            "age": scene.age,
            "light": wanted,
            "hidden": hidden,
            "deformation": scene.deformation,
            "resolution": scene.interocular * scene.capture,
            "noise": scene.noise,
            "blur": scene.blur + scene.motion,
            "male": float(subject.person.male),
            "origin": float(ORIGINS.index(subject.person.origin)),
        },
    )


def meter(light: Light, normal: np.ndarray, openness: np.ndarray, shadow: np.ndarray, wanted: float) -> Light:
    """Scale the light so that a face (n vertices) receives ``wanted`` on average, as far as a camera can."""
    _, received = shade(light, np.ones((len(normal), 3), np.float32), normal, openness, shadow, VIEW, 0.0)
    gain = np.float32(np.clip(wanted / received.mean(), 0.4, 3.0))
    return Light(light.directions, light.colours * gain, light.sky * gain, light.ground * gain)


def collar(rest: np.ndarray, edge: float, plunge: float) -> np.ndarray:
    """(N,) how far below the collar points (N, 3) of the base mesh lie; the collar is lower in front by ``plunge``."""
    x, y, z = rest.T
    return edge - plunge * np.exp(-((x / 0.45) ** 2)) * (z > 0.2) - y
