"""All kinds of damage: how mild and how bad each gets, and in which unit; how it is made is in generators.py."""

from __future__ import annotations

from dataclasses import dataclass

SHARE, EYES, PLACE = "of the face", "eye distances", "of each range"
MIXED_AT_MOST = 0.7
"""How far a mixture goes into the range of each of its parts: all at their worst leave no face."""


@dataclass(frozen=True)
class Kind:
    """One kind of damage, from its mildest to its worst.

    group: ``missing``, ``layout``, ``detail`` or ``mixed``; unit: of the strength, in print; mild, worst: the strength
    at the first and at the last level; between them in equal steps, or in equal ratios where it is geometric.
    """

    name: str
    group: str
    unit: str
    mild: float
    worst: float
    geometric: bool = False

    def strength(self, place: float) -> float:
        """Strength at ``place``, from 0, the mildest, to 1, the worst."""
        if self.geometric:
            return float(self.mild * (self.worst / self.mild) ** place)
        return self.mild + (self.worst - self.mild) * place

    @property
    def rises(self) -> bool:
        """Whether a larger strength is more damage; of a resolution it is less."""
        return self.worst > self.mild


KINDS = (
    Kind("rectangles", "missing", SHARE, 0.1, 0.6),
    Kind("shapes", "missing", SHARE, 0.1, 0.6),
    Kind("mask", "missing", SHARE, 0.1, 0.6),
    Kind("sunglasses", "missing", SHARE, 0.1, 0.5),
    Kind("hand", "missing", SHARE, 0.1, 0.6),
    Kind("crop", "missing", SHARE, 0.1, 0.6),
    Kind("warp", "layout", EYES, 0.05, 0.25),
    Kind("low_resolution", "detail", "pixels eye to eye", 12.0, 4.0, geometric=True),
    Kind("blur", "detail", EYES, 0.08, 0.35, geometric=True),
    Kind("motion", "detail", EYES, 0.2, 1.0, geometric=True),
    Kind("jpeg", "detail", "quality", 30.0, 3.0, geometric=True),
    Kind("noise", "detail", "grey levels", 12.0, 70.0, geometric=True),
    Kind("contrast", "detail", "of the contrast", 0.4, 0.04, geometric=True),
    Kind("mix2", "mixed", PLACE, 0.0, MIXED_AT_MOST),
    Kind("mix_all", "mixed", PLACE, 0.0, MIXED_AT_MOST),
)
"""In the order of tables and figures. A pack's column ``kind`` is 1 + the place in this list, 0 for clean faces."""
BY_NAME = {kind.name: kind for kind in KINDS}
CLEAN = "clean"
GROUPS = ("missing", "layout", "detail", "mix2", "mix_all")
"""What claims are made of: the kinds of a group together, each mixture alone."""


def kinds_of(group: str) -> list[str]:
    """Names of the kinds that one of GROUPS joins."""
    return [kind.name for kind in KINDS if group in (kind.group, kind.name)]


def condition(kind: str, level: int) -> str:
    """``mask-3`` of the kind "mask" at level 3; in print ``damage/mask-3``."""
    return f"{kind}-{level}"
