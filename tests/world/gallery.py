"""Clean renders to test on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lgaf.formats.image import decode_image
from lgaf.world.identity import draw_person
from lgaf.world.looks import Looks
from lgaf.world.paint import Subject
from lgaf.world.photograph import Photograph, Studio, photograph
from lgaf.world.scene import Scene, draw_scene
from lgaf.world.texture import paint

FRAME, PEOPLE, EACH = 250, 40, 3


@dataclass(frozen=True)
class Render:
    person: int
    looks: Looks
    scene: Scene
    photo: Photograph
    pixels: np.ndarray


def shoot(studio: Studio, number: int, image: int, **fixed: object) -> Render:
    """One photograph, nothing in front of the face."""
    person = draw_person(studio.basis, 77, number)
    random = np.random.default_rng([77, number, image])
    scene = draw_scene(random, person, float(np.clip(random.normal(person.home, 5), 17, 75)), FRAME, **fixed)
    photo = photograph(studio, Subject(person, paint(person).stack()), scene, FRAME, random)
    return Render(number, person.looks, scene, photo, decode_image(photo.image, "render"))
