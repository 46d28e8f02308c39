"""What each set of the world shows of whom: scenes in the likeness of the real benchmarks, and lists to compare.

Likeness, after the papers: LFW (Huang et al. 2007), CFP-FP (Sengupta et al. 2016), CPLFW (Zheng and Deng 2018), CALFW
(Zheng et al. 2017), AgeDB-30 (Moschoglou et al. 2017), TinyFace (Cheng et al. 2018), SCface (Grgic et al. 2011).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import combinations, product

import numpy as np

from lgaf.formats.protocol import Identification, Verification
from lgaf.world.basis import ORIGINS, Basis
from lgaf.world.identity import Person, draw_person
from lgaf.world.scene import FAR, Scene, draw_scene, hinder
from lgaf.world.settings import WorldSettings

BENCHMARKS = ("lfw", "cfp_fp", "cplfw", "calfw", "agedb", "tinyface", "scface")
CAMERAS = 5
"""Surveillance cameras of scface."""
SCFACE_EYES = {1: 9.0, 2: 15.0, 3: 30.0}
"""Distance (1 farthest, 4.20 m; 2, 2.60 m; 3, 1.00 m) -> pixels between the eyes as captured."""
AgeOf = Callable[[np.random.Generator, int], float]


@dataclass(frozen=True)
class Shot:
    """One image to render."""

    name: str
    person: int
    """The person's number in the world."""
    label: int
    """The identity's label in its pack."""
    distance: float
    """scface: 1, 2 or 3, mugshot 0; elsewhere 0."""
    kind: int
    """Which of the set's kinds of image this is, see the scene functions below."""


@dataclass(frozen=True)
class Set:
    """One pack to render: its shots, person by person, and how to draw a person and a scene."""

    name: str
    shots: list[Shot]
    balanced: bool = False
    """Sex and origin go round, so that pairs of two people can share both."""

    def person(self, basis: Basis, seed: int, shot: Shot) -> Person:
        """The person of a shot."""
        if not self.balanced:
            return draw_person(basis, seed, shot.person)
        group = shot.label % (2 * len(ORIGINS))
        return draw_person(basis, seed, shot.person, male=bool(group % 2), origin=ORIGINS[group // 2])

    def scene(self, random: np.random.Generator, person: Person, shot: Shot, frame: int) -> Scene:
        """Draw the scene of a shot."""
        return SCENES[self.name](random, person, shot, frame)


def in_the_wild(random: np.random.Generator, person: Person, shot: Shot, frame: int) -> Scene:
    """Mild variation, mostly towards the camera; few faces are covered or deformed, as in LFW."""
    age = float(np.clip(person.home + random.normal(0, 4), 16, 80))
    yaw = float(np.clip(random.normal(0, 14), -45, 45))
    pitch = float(np.clip(random.normal(1, 8), -20, 22))
    return hinder(random, draw_scene(random, person, age, frame, yaw=yaw, pitch=pitch), 0.04, 0.05)


def to_train(random: np.random.Generator, person: Person, shot: Shot, frame: int) -> Scene:
    """What all benchmarks show, mixed: wild, turned far, young and old, low resolution."""
    age = person.home + (random.normal(0, 5) if random.random() < 0.6 else random.uniform(-25, 25))
    scene = draw_scene(random, person, float(np.clip(age, 16, 80)), frame)
    if random.random() < 0.30:
        scene = replace(scene, yaw=float(random.choice([-1, 1]) * random.uniform(30, 85)))
    scene = hinder(random, scene, 0.20, 0.16)
    if random.random() < 0.22:
        least = 12 if scene.things or scene.mask or abs(scene.yaw) > FAR else 6  # else there is nothing to find
        scene = degrade(random, scene, float(np.exp(random.uniform(np.log(least), np.log(26)))))
    return scene


def frontal_or_profile(random: np.random.Generator, person: Person, shot: Shot, frame: int) -> Scene:
    """Kind 0 frontal, kind 1 profile (60 to 85 degrees)."""
    age = float(np.clip(person.home + random.normal(0, 4), 16, 80))
    side = random.choice([-1, 1])
    yaw = random.uniform(60, 85) * side if shot.kind else random.normal(0, 6)
    scene = draw_scene(random, person, age, frame, yaw=float(yaw))
    return hinder(random, scene, 0.08, 0.08)


def across_poses(random: np.random.Generator, person: Person, shot: Shot, frame: int) -> Scene:
    """Turned 10 to 60 degrees either way; a good third covered or deformed."""
    age = float(np.clip(person.home + random.normal(0, 5), 16, 80))
    yaw = random.choice([-1, 1]) * random.uniform(10, 60)
    pitch = float(np.clip(random.normal(2, 11), -25, 28))
    return hinder(random, draw_scene(random, person, age, frame, yaw=float(yaw), pitch=pitch), 0.28, 0.18)


def across_ages(random: np.random.Generator, person: Person, shot: Shot, frame: int) -> Scene:
    """calfw: kind 0 young, kind 1 old."""
    age = random.uniform(45, 75) if shot.kind else random.uniform(16, 30)
    return hinder(random, draw_scene(random, person, float(age), frame), 0.10, 0.10)


def thirty_years(random: np.random.Generator, person: Person, shot: Shot, frame: int) -> Scene:
    """agedb: kind 0 at some age, kind 1 about thirty years later."""
    first = 17 + 28 * np.random.default_rng([person.marks, 6]).random()
    age = first + random.normal(30 if shot.kind else 0, 2)
    return hinder(random, draw_scene(random, person, float(age), frame), 0.10, 0.10)


def tiny(random: np.random.Generator, person: Person, shot: Shot, frame: int) -> Scene:
    """Faces 10 to 24 pixels wide, enlarged to the frame; the eyes are half a face's width apart."""
    scene = in_the_wild(random, person, shot, frame)
    return degrade(random, scene, float(random.uniform(5, 12)))


def surveillance(random: np.random.Generator, person: Person, shot: Shot, frame: int) -> Scene:
    """Kind 0 the mugshot; kinds 1 to 5 a surveillance camera, seen from above, at the shot's distance."""
    age = person.home
    if shot.kind == 0:
        return draw_scene(random, person, age, frame, yaw=float(random.normal(0, 2)), pitch=float(random.normal(0, 2)),
                          roll=0.0, expression={}, capture=1.0, noise=0.004, blur=0.25, motion=0.0,
                          headwear="", grey=False, quality=95)  # fmt: skip
    camera = np.random.default_rng([977, shot.kind])
    step = int(shot.distance)
    scene = draw_scene(
        random, person, age, frame,
        yaw=float(random.normal(0, 7) + camera.normal(0, 6)),
        pitch=float({1: 8, 2: 13, 3: 22}[step] + random.normal(0, 3)),
        expression={}, headwear="",
        exposure=float(camera.uniform(0.55, 1.1) * np.exp(random.normal(0, 0.05))),
        contrast=float(camera.uniform(0.75, 1.15)),
        warmth=float(camera.normal(0, 0.12)),
        grey=False,
    )  # fmt: skip
    scene = degrade(random, scene, SCFACE_EYES[step] * float(camera.uniform(0.85, 1.15)))
    return replace(scene, noise=float(camera.uniform(0.008, 0.03)), blur=float(camera.uniform(0.5, 1.0)))


def degrade(random: np.random.Generator, scene: Scene, eyes: float) -> Scene:
    """Capture a scene with ``eyes`` pixels between the eyes, with the noise and blur of such images."""
    return replace(
        scene,
        capture=float(np.clip(eyes / scene.interocular, 0.08, 1.0)),
        blur=float(random.uniform(0.3, 0.9)),
        motion=0.0,
        noise=float(random.uniform(0.005, 0.035)),
        quality=int(random.integers(55, 92)),
    )


SCENES: dict[str, Callable[[np.random.Generator, Person, Shot, int], Scene]] = {
    "train": to_train, "lfw": in_the_wild, "cfp_fp": frontal_or_profile, "cplfw": across_poses, "calfw": across_ages,
    "agedb": thirty_years, "tinyface": tiny, "scface": surveillance,
}  # fmt: skip


def plan(settings: WorldSettings) -> list[Set]:
    """All packs of the world. Nobody is in two of them: numbers of people only ever go up."""
    sets, first = [], 0
    people = {"train": settings.train_people, "tinyface": settings.search_people + settings.distractors,
              "scface": settings.mugshot_people}  # fmt: skip
    for name in ("train", *BENCHMARKS):
        count = people.get(name, settings.pair_people)
        shots = [shot for label in range(count) for shot in shots_of(name, label, first + label, settings)]
        sets.append(Set(name, shots, balanced=name in ("calfw", "agedb")))
        first += count
    return sets


def shots_of(name: str, label: int, person: int, settings: WorldSettings) -> list[Shot]:
    """The shots of one person in a set."""

    def shot(tail: str, kind: int, distance: float = 0.0) -> Shot:
        return Shot(f"{label:04d}_{tail}", person, label, distance, kind)

    if name == "scface":
        far = [shot(f"cam{c}_d{d}", c, d) for d in SCFACE_EYES for c in range(1, CAMERAS + 1)]
        return [shot("frontal", 0), *far]
    if name == "train":
        return [shot(f"{k:02d}", 0) for k in range(settings.train_images)]
    if name == "tinyface":
        return [shot(f"{k:02d}", 0) for k in range(3 if label < settings.search_people else 1)]
    near = (settings.pair_images + 1) // 2  # frontal, or young
    return [shot(f"{k:02d}", int(k >= near)) for k in range(settings.pair_images)]


def protocol(world: Set, settings: WorldSettings, seed: int) -> Verification | Identification:
    """What the benchmark compares."""
    names = [shot.name for shot in world.shots]
    if world.name == "tinyface":
        by_person = people_of(world.shots)
        searched, others = by_person[: settings.search_people], by_person[settings.search_people :]
        return Identification(
            gallery=[shots[0].name for shots in searched],
            distractors=[shots[0].name for shots in others],
            probes={"": [shot.name for shots in searched for shot in shots[1:]]},
        )
    if world.name == "scface":
        return Identification(
            gallery=[name for name in names if name.endswith("_frontal")],
            probes={f"d{d}": [name for name in names if name.endswith(f"_d{d}")] for d in SCFACE_EYES},
        )
    drawn = pair_list(world, settings.pairs, np.random.default_rng([seed, 3, BENCHMARKS.index(world.name)]))
    kind = {shot.name: shot.kind for shot in world.shots}
    crossed = all(kind[left] != kind[right] for left, right, _ in drawn.pairs)  # then all pairs cross kinds as well
    groups = [[name for name in names if kind[name] == which] for which in (0, 1)] if crossed else [names]
    return drawn.model_copy(update={"all_pairs": groups})


def people_of(shots: list[Shot]) -> list[list[Shot]]:
    """Shots grouped by person, in order."""
    groups: dict[int, list[Shot]] = {}
    for shot in shots:
        groups.setdefault(shot.label, []).append(shot)
    return list(groups.values())


def pair_list(world: Set, count: int, random: np.random.Generator) -> Verification:
    """``count`` pairs of one person and as many of two, in ten folds of equal shares of both.

    Pairs cross kinds (frontal and profile, young and old) where the set has them; two people of calfw and agedb share
    sex and origin as far as there are such people.
    """
    crossed = world.name in ("cfp_fp", "calfw", "agedb")
    people = people_of(world.shots)
    mates = []
    for shots in people:
        own = [(a, b) for a, b in combinations(shots, 2) if not crossed or a.kind != b.kind]
        mates.append([own[k] for k in random.permutation(len(own))])
    deep = max(len(own) for own in mates)
    turns = [own[k] for k in range(deep) for own in mates if k < len(own)]  # each person once before anybody twice
    same = turns[:count]
    different: list[tuple[Shot, Shot]] = []
    chosen: set[tuple[str, str]] = set()
    groups = 2 * len(ORIGINS)
    while len(different) < count:
        left = people[random.integers(len(people))]
        others = [s for s in people if s is not left]
        alike = [s for s in others if s[0].label % groups == left[0].label % groups] if world.balanced else others
        right = (alike or others)[random.integers(len(alike or others))]
        options = [(a, b) for a, b in product(left, right) if not crossed or a.kind < b.kind]
        a, b = options[random.integers(len(options))]
        key = (min(a.name, b.name), max(a.name, b.name))
        if key not in chosen:
            chosen.add(key)
            different.append((a, b))
    pairs = []
    for fold in range(10):
        part = slice(fold * count // 10, (fold + 1) * count // 10)
        pairs += [(a.name, b.name, True) for a, b in same[part]] + [(a.name, b.name, False) for a, b in different[part]]
    return Verification(pairs=pairs, folds=10)
