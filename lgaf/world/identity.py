"""People: what stays with a person from image to image: the head's shape, age, looks and local marks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lgaf.world.basis import AGES, ORIGINS, SEXES, Basis
from lgaf.world.looks import Looks, draw_looks
from lgaf.world.shape import draw_shape

ADULT, AGED = 25.0, 75.0
"""Years at which MakeHuman's "young" and "old" targets stand."""
OWN_SHARE = 0.8
"""What at least comes of the origin that weighs most: averages of all three would be one family."""


@dataclass(frozen=True)
class Person:
    """A person's shape and marks; lengths of marks in decimetres on the base mesh, angles in degrees."""

    number: int
    male: bool
    origin: str
    """The origin that weighs most, one of basis.ORIGINS."""
    macro: dict[tuple[str, str], float]
    """(sex, origin) -> weight; sums to 1, and may be below 0 for the other sex."""
    heft: float
    """-1 (thin) .. 1 (heavy)."""
    shape: dict[str, float]
    """Target -> weight."""
    home: float
    """The age about which most images are taken, in years."""
    looks: Looks
    """Colours and habits."""
    marks: int
    """Seed of the local marks, see texture.py."""

    def neutral(self, basis: Basis, age: float) -> np.ndarray:
        """(V, 3) the person's head at an age in years, before expression and pose."""
        old = float(np.clip((age - ADULT) / (AGED - ADULT), 0, 1.1))
        child = float(np.clip((ADULT - age) / (ADULT - 8), 0, 0.9))
        ages = dict(zip(AGES, (child, 1 - child - old, old), strict=True))
        weights: dict[str, float] = {}
        for (sex, origin), share in self.macro.items():
            for name, part in ages.items():
                weights[f"macro/{origin}-{sex}-{name}"] = share * part
        for sex in SEXES:
            of_sex = sum(share for (which, _), share in self.macro.items() if which == sex)
            extreme = "maxweight" if self.heft > 0 else "minweight"
            for name, part in ages.items():
                weights[f"macro/{sex}-{name}-averagemuscle-{extreme}"] = of_sex * part * abs(self.heft)
        aged = {"shape/head-age-incr": 0.5 * old, "shape/head-age-decr": 0.4 * child}
        known = {k: v for k, v in {**weights, **self.shape, **aged}.items() if k in basis._index}
        return basis.vertices + basis.blend(known)


def draw_person(basis: Basis, seed: int, number: int, male: bool | None = None, origin: str | None = None) -> Person:
    """Draw a person; the same numbers give the same person.

    Args:
        basis: the head basis.
        seed: of the world.
        number: of the person; two people of one world differ in it.
        male: sex, drawn where not given.
        origin: one of basis.ORIGINS, drawn where not given.
    """
    random = np.random.default_rng([seed, 1, number])
    male = bool(random.random() < 0.5) if male is None else male
    origin = str(random.choice(ORIGINS)) if origin is None else origin
    shares = random.dirichlet([0.5] * len(ORIGINS)) * (1 - OWN_SHARE)
    shares[ORIGINS.index(origin)] += OWN_SHARE
    own = random.uniform(0.8, 1.2)  # beyond 1 away from the other sex
    macro = {
        (sex, name): float(share * (own if (sex == "male") == male else 1 - own))
        for sex in SEXES
        for name, share in zip(ORIGINS, shares, strict=True)
    }
    heft = float(np.clip(random.normal(0, 0.6), -1, 1))
    return Person(
        number=number,
        male=male,
        origin=origin,
        macro=macro,
        heft=heft,
        shape=draw_shape(random, basis, male, heft),
        home=float(random.choice([random.uniform(17, 45), random.uniform(30, 72)])),
        looks=draw_looks(random, male, dict(zip(ORIGINS, shares.tolist(), strict=True))),
        marks=int(random.integers(2**31)),
    )
