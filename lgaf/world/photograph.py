"""One photograph: a person in a scene, rendered whole, with everything that is true of it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from lgaf.world import occluders, sheet
from lgaf.world.background import draw_background
from lgaf.world.basis import Basis, lit, vertex_normals
from lgaf.world.camera import encode, take
from lgaf.world.identity import Person
from lgaf.world.mesh import EYE_DISTANCE, Points, Pose, deform, project, rotation, turn
from lgaf.world.raster import Fragments, rasterise
from lgaf.world.scene import HAIR_STYLES, HEADWEAR, Scene, draw_light, linear_skin
from lgaf.world.shade import Light, shade, to_linear, to_srgb
from lgaf.world.texture import SIZE, Skin, at, unroll, value_noise

SUPERSAMPLING = 1.25
"""Rendered pixels to a sensor's pixel, along a line."""
TRUTH = ("yaw", "pitch", "roll", "age", "light", "hidden", "deformation", "resolution", "noise", "blur")
VIEW = np.array([0, 0, 1], np.float32)


class Studio:
    """What all photographs share: the basis and what is worked out from it once."""

    def __init__(self, basis: Basis):
        self.basis = basis
        self.points = Points(basis)
        self.skull = sheet.Skull(basis)
        self.triangles = basis.triangles
        angle, height = unroll(basis)
        y, z = basis.vertices[:, 1], basis.vertices[:, 2]
        eyes = basis.vertices[np.concatenate(self.points.eyes)]
        away = np.linalg.norm(basis.vertices[:, None] - eyes[None], axis=2).min(1)
        above = np.where(y > eyes[:, 1].mean() - 0.01, 1.0, 0.35)
        lashes = np.exp(-((away / 0.045) ** 2)) * above * (basis.part == 0) * 1.3
        self.face = (basis.part < 3) & (np.abs(angle) < 68) & (y > 6.3) & (y < 7.95) & (z > 0.6)
        self.eye_centres = np.stack([basis.vertices[eye].mean(0) for eye in self.points.eyes])
        self.fixed = np.column_stack([basis.vertices, basis.masks[:, 0], basis.openness, lashes, self.face])
        self.fixed = self.fixed.astype(np.float32)
        self.shadow_casters = basis.triangles_of("skin")
        self.shadow_casters = self.shadow_casters[(y[self.shadow_casters] > 5.9).all(1)]


@dataclass(frozen=True)
class Subject:
    """A person with painted skin."""

    person: Person
    skin: Skin
    maps: np.ndarray
    """skin.stack()"""


@dataclass(frozen=True)
class Photograph:
    """A finished image and its truth."""

    image: bytes
    """JPEG."""
    landmarks: np.ndarray
    """(5, 2) float32 pixels: the person's right eye (left in a frontal image), left eye, nose, mouth corners."""
    truth: dict[str, float]
    """One number for every name in TRUTH."""


class Exposure:
    """The picture being made: colour, depth and how far each pixel is covered, (size, size) each."""

    def __init__(self, background: np.ndarray):
        self.size = len(background)
        self.colour = background.reshape(-1, 3)
        self.depth = np.full(self.size**2, np.inf, np.float32)
        self.cover = np.zeros(self.size**2, np.float32)

    @property
    def image(self) -> np.ndarray:
        return self.colour.reshape(self.size, self.size, 3)

    def plane(self, values: np.ndarray) -> np.ndarray:
        return values.reshape(self.size, self.size)


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
    eyes = np.linalg.norm(np.diff([vertices[eye].mean(0) for eye in points.eyes], axis=0))
    focal = scene.interocular / frame * size * scene.distance / eyes
    corner = points.landmarks(project(posed, scene.distance, focal, np.zeros(2)))[:, :2]
    centre = np.array(scene.centre) * size - corner.mean(0)
    seen = project(posed, scene.distance, focal, centre)
    five = points.landmarks(seen)[:, :2]

    exposure = Exposure(draw_background(random, size, size))
    fragments = rasterise(seen, studio.triangles, size, size)
    shadow = lit(posed, studio.shadow_casters, light.directions[0], 96)
    wanted = scene.exposure * (0.45 / (0.2 + float(linear_skin(scene).mean()))) ** 0.25  # pale faces burn out
    light = meter(light, normals[studio.face], basis.openness[studio.face], shadow[studio.face], wanted)
    style = HAIR_STYLES.get(scene.style)
    within = sheet.scalp(basis.vertices, style) if style else np.full(len(vertices), -90.0)
    values = fragments.interpolate(np.column_stack([studio.fixed, normals, shadow, within]).astype(np.float32))
    cloth = collar(values[:, :3], edge, plunge) > 0
    colour = paint_head(studio, subject, scene, light, fragments, values, cloth)
    exposure.colour[fragments.pixel] = colour
    exposure.depth[fragments.pixel] = fragments.depth
    face = fragments.pixel[values[:, 6] > 0.5]

    def place(sheet_points: np.ndarray) -> np.ndarray:
        return project(pose.apply(sheet_points, sheet_points[:, 1]), scene.distance, focal, centre)

    moved = vertices - basis.vertices
    cover_head(studio, scene, light, exposure, moved, pose, place, random)
    if scene.mask:
        cover_mouth(studio, scene, light, exposure, vertices, pose, place, random)
    if scene.glasses:
        ears = np.array([[-0.80, 7.32, 0.45], [0.80, 7.32, 0.45]]) + moved[list(points.mouth)].mean(0) * [0, 1, 0]
        centres = np.stack([vertices[eye].mean(0) for eye in points.eyes])
        ears[:, 0] *= np.abs(vertices[studio.face, 0]).max() / np.abs(basis.vertices[studio.face, 0]).max()
        occluders.glasses(exposure.image, exposure.plane(exposure.cover), exposure.plane(exposure.depth),
                          place, scene, centres, ears, random)  # fmt: skip
    for kind in scene.things:
        occluders.thing(exposure.image, exposure.plane(exposure.cover), kind, five, scene.skin, random)

    image = take(exposure.image, scene, frame, random)
    hidden = float(exposure.cover[face].mean()) if len(face) else 1.0
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


def look_up(maps: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """(N, 5) a skin's maps at points (N, 3) of the base mesh."""
    angle = np.degrees(np.arctan2(rest[:, 0], rest[:, 2] - 0.35))
    where = at(np.clip(angle, -109, 109), rest[:, 1]).astype(np.float32)
    rows = -(-len(where) // 1024)
    padded = np.zeros((rows * 1024, 2), np.float32)
    padded[: len(where)] = where
    padded = padded.reshape(rows, 1024, 2)
    one = cv2.remap(maps[..., :4], padded, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    two = cv2.remap(maps[..., 4], padded, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.column_stack([one.reshape(-1, 4), two.ravel()])[: len(where)]


def paint_head(
    studio: Studio, subject: Subject, scene: Scene, light: Light, fragments: Fragments, values: np.ndarray,
    cloth: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Colours (N, 3) sRGB of head, eyes, mouth and clothes."""
    rest, openness = values[:, :3], values[:, 4]
    normal = values[:, 7:10]
    normal = normal / (np.linalg.norm(normal, axis=1, keepdims=True) + 1e-6)
    part = studio.basis.part[fragments.corners[:, 0]]
    albedo = np.empty((len(fragments), 3), np.float32)
    gloss = np.full(len(fragments), 0.045, np.float32)
    open_air = 0.15 + 0.85 * openness

    is_skin = part == 0
    albedo[is_skin], gloss[is_skin] = skin_colour(subject, scene, values[is_skin])
    for k in (1, 2):
        eye = part == k
        albedo[eye], gloss[eye] = eye_colour(studio, subject, scene, rest[eye], k - 1)
        open_air[eye] = np.clip(0.35 + 0.65 * openness[eye], 0, 1)
    albedo[part == 3] = to_linear(np.array([0.86, 0.82, 0.74]))
    gloss[part == 3] = 0.2
    albedo[part == 4] = to_linear(np.array([0.62, 0.30, 0.28]))
    inside = (part >= 3) | (is_skin & (openness < 0.05))
    open_air[inside] *= 0.6
    cloth = cloth & is_skin
    if cloth.any():
        cloth_rest = rest[cloth]
        weave = 1 + 0.10 * np.sin(cloth_rest[:, 0] * 9 + 3 * np.sin(cloth_rest[:, 1] * 4))
        albedo[cloth] = to_linear(scene.clothes) * weave[:, None]
        gloss[cloth] = 0.0
    sent, _ = shade(light, albedo, normal, open_air, values[:, 10], VIEW, gloss)
    return to_srgb(tone(sent))


def tone(linear: np.ndarray) -> np.ndarray:
    """Roll bright light off softly instead of clipping it."""
    return np.where(linear < 0.6, linear, 0.6 + 0.4 * np.tanh((linear - 0.6) / 0.4))


def skin_colour(
    subject: Subject, scene: Scene, values: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Albedo (N, 3) and gloss (N,) of skin with lips, brows, beard, marks and the wrinkles of the scene's age."""
    lips, lash, within = values[:, 3], values[:, 5], values[:, 11]
    maps = look_up(subject.maps, values[:, :3])
    base = linear_skin(scene)
    old = np.clip((scene.age - 28) / 42, 0, 1.15)
    detail = maps[:, 0] + maps[:, 1] * old
    detail[lips > 0.5] *= 0.3
    albedo = base * np.exp(detail)[:, None]
    red = np.array([0.10, -0.10, -0.08], np.float32) * (0.6 + 0.4 * base.mean())
    albedo *= 1 + maps[:, 4:5] * red
    painted = np.random.default_rng(subject.person.marks + 1)
    pink = painted.uniform(0.45, 0.95) + 0.3 * scene.makeup
    lip = base * np.array([0.78, 0.42, 0.42]) * painted.uniform(0.75, 1.0) + np.array([0.06, 0.01, 0.015])
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
    shaved = 0.9 * np.clip((within + 12 * maps[:, 0]) / 5, 0, 1)[:, None]
    albedo += shaved * (hair - albedo)
    dark = np.clip(lash * (0.75 + 0.3 * scene.makeup), 0, 0.95)[:, None]
    albedo += dark * (np.array([0.015, 0.011, 0.01]) - albedo)
    gloss = np.full(len(values), 0.05, np.float32) * (1 - brow[:, 0]) + 0.10 * np.clip(lips, 0, 1)
    return albedo, gloss.astype(np.float32)


def eye_colour(
    studio: Studio, subject: Subject, scene: Scene, rest: np.ndarray, side: int
) -> tuple[np.ndarray, np.ndarray]:
    """Albedo (N, 3) and gloss (N,) of an eyeball: white, iris with a dark rim, pupil."""
    away = rest - studio.eye_centres[side]
    away /= np.linalg.norm(away, axis=1, keepdims=True) + 1e-6
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


def cover_head(
    studio: Studio, scene: Scene, light: Light, exposure: Exposure, moved: np.ndarray, pose: Pose, place: object,
    random: np.random.Generator,
) -> None:  # fmt: skip
    """Lay hair, and a cap or scarf over it, on the head."""
    styles = []
    if scene.style in HAIR_STYLES:
        style = HAIR_STYLES[scene.style]
        styles.append((style, scene.hair))
    if scene.headwear:
        styles = [(s, c) for s, c in styles if scene.headwear != "headscarf" and s.volume < 0.15]
        styles.append((HEADWEAR[scene.headwear], random.uniform(0.03, 0.9, 3) ** 1.2))
    for style, colour in styles:
        laid = sheet.hair(studio.skull, moved, style, random)
        strands = value_noise(random, 64, 512, 260) if not style.cloth else value_noise(random, 64, 512, 30) * 0.3
        if not style.cloth:
            strands = 0.6 * cv2.blur(strands, (1, 31)) * 3 + 0.5 * value_noise(random, 64, 512, 50 + 60 * style.curl)
        ragged = random.random(512).astype(np.float32) ** 2 + value_noise(random, 1, 512, 40)[0] * 0.3
        ragged = np.clip(0.5 * ragged + 0.5 * cv2.blur(ragged[None], (7, 1))[0], 0, 1)

        def alpha(along: np.ndarray, style: sheet.Style = style, ragged: np.ndarray = ragged) -> np.ndarray:
            end = 1 - style.ragged * ragged[np.clip(along[:, 0] * 511, 0, 511).astype(int)]
            return np.clip((end - along[:, 1]) / 0.02 + 0.5, 0, 1) if style.ragged else np.ones(len(along))

        lay(exposure, laid, colour, strands, alpha, light, pose, place, 0.0 if style.cloth else 0.22)


def cover_mouth(
    studio: Studio, scene: Scene, light: Light, exposure: Exposure, vertices: np.ndarray, pose: Pose, place: object,
    random: np.random.Generator,
) -> None:  # fmt: skip
    """Lay a surgical mask or a scarf over mouth and chin."""
    if scene.mask == "mask":
        top, bottom, wide = random.uniform(7.0, 7.12), 6.26, random.uniform(60, 72)
        colour = (np.array([[0.55, 0.75, 0.85], [0.92, 0.93, 0.94], [0.08, 0.08, 0.09], [0.75, 0.55, 0.65]])
                  [random.integers(4)])  # fmt: skip
    else:
        top, bottom, wide = random.uniform(6.6, 7.05), 6.05, 100
        colour = random.uniform(0.05, 0.85, 3)
    laid = sheet.face_mask(studio.basis, vertices, top, bottom, wide)
    folds = 0.5 * np.sin(np.linspace(0, 9 if scene.mask == "mask" else 4, 64) * np.pi)[:, None]
    folds = folds + 0.5 * value_noise(random, 64, 512, 12)
    lay(exposure, laid, colour, folds * 0.35, lambda along: np.ones(len(along)), light, pose, place, 0.0, 0.15)


def lay(
    exposure: Exposure, laid: sheet.Sheet, colour: np.ndarray, pattern: np.ndarray, alpha: object, light: Light,
    pose: Pose, place: object, gloss: float, slack: float = 0.01,
) -> None:  # fmt: skip
    """Render a sheet over the picture where it is nearer, or farther by less than ``slack``."""
    seen = place(laid.vertices)
    fragments = rasterise(seen, laid.triangles, exposure.size, exposure.size)
    fragments = fragments[fragments.depth < exposure.depth[fragments.pixel] + slack]
    if not len(fragments):
        return
    posed = pose.apply(laid.vertices, laid.vertices[:, 1])
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
    layer = np.zeros(exposure.size**2, np.float32)
    layer[fragments.pixel] = share
    soft = cv2.GaussianBlur(exposure.plane(layer), (0, 0), exposure.size / 90)
    fall = np.roll(soft, exposure.size // 100, 0).ravel() * np.isfinite(exposure.depth)
    exposure.colour *= 1 - 0.45 * (fall * (1 - layer))[:, None]
    pixel = fragments.pixel
    exposure.colour[pixel] += share[:, None] * (to_srgb(tone(sent)) - exposure.colour[pixel])
    solid = share > 0.5
    exposure.depth[pixel[solid]] = fragments.depth[solid]
    np.maximum.at(exposure.cover, pixel, share)
