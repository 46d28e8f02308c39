"""What changes from image to image: pose, age, expression, colours, light, hair, things in front, camera."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from lgaf.world.background import muted
from lgaf.world.hair import HEADWEAR
from lgaf.world.identity import Person
from lgaf.world.looks import ALIKE, TONES
from lgaf.world.shade import Light, to_linear

OCCLUDERS = {
    "sunglasses": 0.17, "mask": 0.16, "scarf": 0.09, "hand": 0.16, "patch": 0.18, "phone": 0.09, "headwear": 0.05,
    "fingers": 0.10,
}  # fmt: skip
"""What covers a face, and how often."""
FAR = 45.0
"""Degrees of yaw beyond which half the face is hidden already."""


@dataclass(frozen=True)
class Scene:
    """Everything about one photograph but the person; angles in degrees, lengths in pixels of the photograph."""

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    age: float = 30.0
    expression: dict[str, float] = field(default_factory=dict)
    gaze: tuple[float, float] = (0.0, 0.0)
    skin: np.ndarray = field(default_factory=lambda: TONES[1])
    hair: np.ndarray = field(default_factory=lambda: np.array([0.17, 0.12, 0.09]))
    clothes: np.ndarray = field(default_factory=lambda: np.array([0.3, 0.3, 0.4]))
    style: str = "short"
    hairline: float = 0.0
    """Degrees by which it is lower than most people's."""
    corners: float = 0.0
    """Degrees by which the temples' corners recede."""
    crown: float = 0.0
    """Degrees from the crown that are bald."""
    part: float = 25.0
    """Where hair is parted, in degrees towards the person's left."""
    headwear: str = ""
    beard: float = 0.0
    makeup: float = 0.0
    light: Light | None = None
    glasses: str = ""
    mask: str = ""
    things: tuple[str, ...] = ()
    deformation: float = 0.0
    interocular: float = 46.0
    centre: tuple[float, float] = (0.5, 0.5)
    distance: float = 14.0
    capture: float = 1.0
    """Resolution of the sensor, as a fraction of the photograph's pixels."""
    blur: float = 0.3
    motion: float = 0.0
    noise: float = 0.01
    quality: int = 90
    exposure: float = 0.85
    """Light on the face in the photograph, 1 as bright as the skin itself: the camera meters the face."""
    contrast: float = 1.0
    warmth: float = 0.0
    grey: bool = False


def draw_light(random: np.random.Generator, harsh: float = 0.5) -> Light:
    """A key light from in front or from the side, perhaps a second, and surroundings; ``harsh`` 0 even .. 1 hard."""
    count = 1 + int(random.random() < 0.6)
    turn = np.radians(random.normal(0, 25 + 35 * harsh, count) + np.array([0, random.choice([-70, 70])])[:count])
    lift = np.radians(random.uniform(0, 55, count))
    directions = np.stack([np.sin(turn) * np.cos(lift), np.sin(lift), np.cos(turn) * np.cos(lift)], 1)
    warm = random.normal(0, 0.10, (count, 1)) * np.array([1, 0.1, -1])
    strength = np.array([random.uniform(0.35, 0.75 + 0.35 * harsh), random.uniform(0.1, 0.4)])[:count, None]
    fill = random.uniform(0.42 - 0.3 * harsh, 0.7 - 0.25 * harsh)
    sky = fill * (1 + random.normal(0, 0.06) * np.array([-1, 0, 1]))
    return Light(
        directions.astype(np.float32),
        (strength * (1 + warm)).astype(np.float32),
        sky.astype(np.float32),
        (sky * random.uniform(0.35, 0.7)).astype(np.float32),
    )


def draw_expression(random: np.random.Generator, strength: float = 1.0) -> dict[str, float]:
    """Expression targets and their weights; half of them smile."""
    kind = random.choice(["neutral", "smile", "laugh", "frown", "surprise", "talk", "sneer", "pout"],
                         p=[0.28, 0.35, 0.15, 0.04, 0.03, 0.11, 0.01, 0.03])  # fmt: skip
    much = float(random.uniform(0.3, 1.0)) * strength
    sided = random.normal(1, 0.12, 2).clip(0.6, 1.3)
    weights: dict[str, float] = {}

    def both(name: str, weight: float) -> None:
        weights[f"face/{name}Left"], weights[f"face/{name}Right"] = weight * sided[0], weight * sided[1]

    if kind in ("smile", "laugh"):
        both("mouthSmile", 0.75 * much)
        both("cheekSquint", 0.5 * much)
        both("mouthUpperUp", 0.4 * much * random.uniform(0, 2))
        if kind == "laugh":
            weights["face/jawOpen"] = 0.35 * much
            both("mouthLowerDown", 0.3 * much)
    elif kind == "frown":
        both("browDown", 0.7 * much)
        both("mouthFrown", 0.6 * much)
    elif kind == "surprise":
        weights["face/browInnerUp"] = much
        both("browOuterUp", 0.8 * much)
        both("eyeWide", 0.6 * much)
        weights["face/jawOpen"] = 0.3 * much
    elif kind == "talk":
        weights["face/jawOpen"] = 0.35 * much
        weights["face/mouthFunnel"] = 0.4 * much * random.random()
    elif kind == "sneer":
        both("noseSneer", 0.8 * much)
        both("mouthUpperUp", 0.4 * much)
    elif kind == "pout":
        weights["face/mouthPucker"] = 0.7 * much
    both("eyeBlink", float(random.uniform(0, 0.12)) if random.random() < 0.95 else 0.8)
    both("eyeSquint", float(random.uniform(0, 0.25)) * strength)
    return weights


def draw_scene(random: np.random.Generator, person: Person, age: float, frame: int, **fixed: object) -> Scene:
    """Draw a mild photograph in the wild; ``fixed`` sets fields of the scene instead of drawing them.

    Colours and habits are the person's (looks.py), light, camera and the day change them: faces are tanned or flushed,
    hair is worn differently, a beard is trimmed.
    """
    looks = person.looks
    others = ALIKE.get(looks.style, ())
    style = str(random.choice(others)) if others and random.random() < 0.3 else looks.style
    grey = float(np.clip(0.5 + (age - looks.greying) / 22, 0, 1))
    hair = looks.hair * (1 - grey) + np.array([0.70, 0.69, 0.67]) * grey
    day = random.normal(0, 0.04) + random.normal(0, 0.012, 3)
    eyes = frame * random.uniform(0.155, 0.205)
    scene = Scene(
        yaw=float(np.clip(random.normal(0, 17), -45, 45)),
        pitch=float(np.clip(random.normal(2, 8), -20, 22)),
        roll=float(np.clip(random.normal(0, 6), -20, 20)),
        age=age,
        expression=draw_expression(random),
        gaze=(float(random.normal(0, 7)), float(random.normal(0, 5))),
        skin=np.clip(looks.skin * (1 + day), 0.05, 1),
        hair=np.clip(hair * (1 + random.normal(0, 0.05, 3)), 0.02, 1),
        clothes=muted(random),
        style=style,
        hairline=looks.hairline + float(random.normal(0, 1)),
        corners=looks.corners * float(np.clip((age - 18) / 52, 0, 1.2)),
        crown=float(np.clip((age - looks.bald + 10) * 4, 0, 80)),
        part=looks.part + float(random.normal(0, 3)),
        headwear=str(random.choice(list(HEADWEAR))) if random.random() < 0.05 else "",
        beard=float(np.clip(looks.beard + random.normal(0, 0.12), 0, 1)) if person.male else 0.0,
        makeup=float(np.clip(looks.makeup + random.normal(0, 0.15), 0, 1)) if looks.makeup else 0.0,
        glasses="glasses" if random.random() < looks.glasses else "",
        light=draw_light(random, float(random.random())),
        interocular=float(eyes),
        centre=(float(random.uniform(0.42, 0.58)), float(random.uniform(0.42, 0.56))),
        distance=float(random.uniform(8, 24)),
        capture=float(random.uniform(0.75, 1.0)),
        blur=float(random.uniform(0.2, 0.8)),
        motion=float(random.uniform(0, 4)) if random.random() < 0.08 else 0.0,
        noise=float(random.uniform(0.002, 0.018)),
        quality=int(random.integers(70, 96)),
        exposure=float(0.62 * np.exp(random.normal(0, 0.24))),
        contrast=float(random.normal(1.08, 0.08)),
        warmth=float(random.normal(0, 0.08)),
        grey=bool(random.random() < 0.04),
    )
    return replace(scene, **fixed)  # type: ignore[arg-type]


def hinder(random: np.random.Generator, scene: Scene, occlude: float, deform: float) -> Scene:
    """Cover the face with probability ``occlude`` and deform it with probability ``deform``.

    Of a face turned far only the hair or the eyes are covered: with its one visible half hidden nobody would find it,
    nor would such a photograph have come into a data set.
    """
    if random.random() < deform:
        scene = replace(scene, deformation=float(random.uniform(0.04, 0.26)))
    if random.random() < occlude:
        kind = random.choice(list(OCCLUDERS), p=list(OCCLUDERS.values()))
        if abs(scene.yaw) > FAR and kind not in ("sunglasses", "headwear"):
            return scene
        if kind == "sunglasses":
            scene = replace(scene, glasses=str(kind))
        elif kind in ("mask", "scarf"):
            scene = replace(scene, mask=str(kind))
        elif kind == "headwear":
            scene = replace(scene, headwear=str(random.choice(list(HEADWEAR))))
        else:
            scene = replace(scene, things=(str(kind),))
    return scene


def linear_skin(scene: Scene) -> np.ndarray:
    """(3,) the skin's colour in linear light."""
    return to_linear(np.asarray(scene.skin, np.float32))
