"""The joint distribution of the heads' shapes: a few factors a region, each of which moves several targets together."""

from __future__ import annotations

import numpy as np

from lgaf.world.basis import Basis

FACTORS: dict[str, dict[str, float]] = {
    "eyes' size": {"l-eye-scale-incr": 1.1, "l-eye-height2-incr": 0.5, "l-eye-height1-incr": 0.4},
    "eyes' opening": {"l-eye-height1-incr": 0.7, "l-eye-height2-incr": 0.6, "l-eye-height3-incr": 0.9},
    "eyes' spacing": {"l-eye-trans-out": 1.0},
    "eyes' height": {"l-eye-trans-up": 0.8, "eyebrows-trans-up": 0.3},
    "eyes' slant": {"l-eye-corner1-up": 1.1, "l-eye-corner2-up": -0.8, "l-eye-eyefold-angle-up": -0.6},
    "eyes' length": {"l-eye-push1-out": 0.9, "l-eye-push2-out": 0.9},
    "lids' fold": {"l-eye-eyefold-up": 1.0, "l-eye-eyefold-convex": -0.9, "l-eye-epicanthus-out": 0.6},
    "bags": {"l-eye-bag-incr": 0.9, "l-eye-bag-out": 0.6, "l-eye-bag-height-incr": 0.6},
    "sockets' depth": {"eyebrows-trans-forward": 0.9, "nose-greek-incr": 0.3, "l-eye-bag-out": -0.2},
    "brows' height": {"eyebrows-trans-up": 0.9, "l-eye-height3-incr": 0.2},
    "brows' angle": {"eyebrows-angle-up": 0.5},
    "nose's length": {"nose-scale-vert-incr": 0.9, "nose-trans-up": -0.5, "nose-base-up": -0.5},
    "nose's width": {
        "nose-scale-horiz-incr": 0.8, "nose-width3-incr": 0.7, "nose-width2-incr": 0.6, "nose-nostrils-width-incr": 0.6,
    },
    "nose's bridge": {"nose-hump-incr": 0.6, "nose-curve-convex": 0.7, "nose-greek-incr": 0.6},
    "nose's root": {"nose-width1-incr": 0.9, "nose-greek-incr": 0.6, "nose-scale-depth-incr": 0.4},
    "nose's tip": {"nose-point-up": 0.8, "nose-septumangle-incr": 0.6, "nose-base-up": 0.3},
    "nose's ball": {"nose-volume-incr": 0.7, "nose-point-width-incr": 0.9, "nose-flaring-incr": 0.5},
    "nose's projection": {"nose-trans-forward": 0.6, "nose-scale-depth-incr": 0.9},
    "nostrils": {"nose-nostrils-angle-up": 0.9, "nose-flaring-incr": 0.5, "nose-septumangle-incr": -0.4},
    "lips' fullness": {
        "mouth-upperlip-height-incr": 0.8, "mouth-lowerlip-height-incr": 0.8, "mouth-upperlip-volume-incr": 0.7,
        "mouth-lowerlip-volume-incr": 0.7, "mouth-scale-vert-incr": 0.4,
    },
    "lips' balance": {"mouth-upperlip-height-incr": 0.7, "mouth-lowerlip-height-incr": -0.7},
    "mouth's width": {"mouth-scale-horiz-incr": 1.0, "mouth-upperlip-width-incr": 0.5},
    "mouth's height": {"mouth-trans-up": 0.8},
    "mouth's angles": {"mouth-angles-up": 0.7, "mouth-upperlip-ext-up": 0.5},
    "mouth's projection": {"mouth-trans-forward": 0.6, "mouth-scale-depth-incr": 0.5, "chin-prognathism-incr": 0.4},
    "lips' bow": {"mouth-cupidsbow-incr": 1.0, "mouth-cupidsbow-width-incr": 0.7, "mouth-upperlip-middle-up": 0.6},
    "philtrum": {"mouth-philtrum-volume-incr": 0.9, "mouth-dimples-in": 0.7, "mouth-laugh-lines-out": 0.5},
    "face's width": {"head-scale-horiz-incr": 0.8, "l-cheek-bones-incr": 0.4, "chin-width-incr": 0.3},
    "face's length": {"head-scale-vert-incr": 0.6, "chin-height-incr": 0.5},
    "face's depth": {"head-scale-depth-incr": 0.7, "head-angle-out": 0.5},
    "face's roundness": {"head-round": 0.9, "head-fat-incr": 0.3},
    "face's squareness": {"head-square": 0.9, "chin-bones-incr": 0.5, "chin-width-incr": 0.5},
    "face's taper": {"head-invertedtriangular": 0.8, "head-triangular": -0.8, "chin-triangle": 0.4},
    "cheekbones": {"l-cheek-bones-incr": 0.9, "head-diamond": 0.5, "l-cheek-trans-up": 0.5},
    "cheeks": {"l-cheek-volume-incr": 0.9, "l-cheek-inner-incr": 0.6, "head-fat-incr": 0.4},
    "jaw's width": {"chin-width-incr": 0.9, "chin-bones-incr": 0.8},
    "chin": {"chin-prominent-incr": 0.8, "chin-jaw-drop-incr": 0.5, "chin-prognathism-incr": 0.5},
    "chin's height": {"chin-height-incr": 0.8},
    "chin's cleft": {"chin-cleft-incr": 0.9},
    "forehead's height": {"forehead-scale-vert-incr": 0.35},
    "forehead's slope": {"forehead-trans-forward": 0.6, "forehead-nubian-incr": 0.12},
    "temples": {"forehead-temple-incr": 0.9},
    "back of the head": {"head-back-scale-depth-incr": 0.5},
    "ears' size": {"l-ear-scale-incr": 0.8, "l-ear-scale-vert-incr": 0.5, "l-ear-lobe-incr": 0.4},
    "ears' wing": {"l-ear-wing-incr": 0.9, "l-ear-flap-incr": 0.4},
    "ears' form": {"l-ear-shape-round": 0.6, "l-ear-rot-forward": 0.5, "l-ear-lobe-incr": 0.6},
    "ears' place": {"l-ear-trans-up": 0.4, "l-ear-trans-forward": 0.3},
    "neck": {"neck-scale-horiz-incr": 0.8, "neck-scale-depth-incr": 0.8},
    "neck's length": {"neck-scale-vert-incr": 0.3},
    "under the chin": {"neck-double-incr": 0.8},
}  # fmt: skip
"""Factor -> target -> weight for one unit of the factor; below 0 the opposite target moves."""
LEANS: dict[str, dict[str, float]] = {
    "everyone": {
        "eyes' size": 1.1, "eyes' length": 1.3, "brows' height": -0.4, "brows' angle": 0.6, "sockets' depth": 0.2,
        "bags": -0.3, "nose's length": 0.3, "nose's ball": -0.5, "nose's width": -0.35, "mouth's width": 0.7,
        "mouth's angles": 0.3, "face's width": 0.2, "face's length": 0.2, "forehead's height": -0.5,
    },
    "male": {
        "sockets' depth": 0.5, "jaw's width": 0.4, "chin": 0.2, "brows' height": -0.3, "lips' fullness": -0.3,
        "neck": 0.5,
    },
    "female": {
        "sockets' depth": -0.5, "jaw's width": -0.4, "brows' height": 0.2, "brows' angle": 0.2, "eyes' size": 0.2,
        "lips' fullness": 0.2,
    },
    "heavy": {"face's roundness": 0.6, "cheeks": 0.7, "under the chin": 0.9, "neck": 0.6, "face's width": 0.2},
}  # fmt: skip
"""Where the means of the factors lie for everyone (MakeHuman's base has smaller eyes, higher brows and a narrower mouth
than the mean of photographs), for men, for women, and for each unit of heft."""
OUTER = ("face", "cheek", "jaw", "chin", "forehead", "temple", "back", "neck", "under")
"""Factors of the head's outline begin so: their spread is smaller, for the eye sees it sooner than the features'."""
LIMIT, EYES_LIMIT = 1.15, 1.8
"""No target goes farther than this, so that the sum of factors stays a face; those of the eyes' size are weaker."""


def draw_shape(
    random: np.random.Generator, basis: Basis, male: bool, heft: float, spread: float = 0.7, rest: float = 0.3
) -> dict[str, float]:
    """Target -> weight for a person.

    Args:
        random: of the person.
        basis: knows the targets and their opposites.
        male: sex.
        heft: -1 (thin) .. 1 (heavy).
        spread: standard deviation of a factor.
        rest: standard deviation of what a pair of opposite targets does on its own.
    """
    opposite = {more: less for less, more in basis.shape_pairs}
    opposite |= {less: more for more, less in opposite.items() if less}
    means = [(LEANS["everyone"], 1.0), (LEANS["male" if male else "female"], 1.0), (LEANS["heavy"], heft)]
    total: dict[str, float] = {}
    for factor, targets in FACTORS.items():
        mean = sum(share * lean.get(factor, 0.0) for lean, share in means)
        width = 0.6 if factor.startswith(OUTER) else 1.0
        value = spread * (mean + width * float(np.clip(random.normal(), -2.2, 2.2)))
        for name, weight in targets.items():
            total[f"shape/{name}"] = total.get(f"shape/{name}", 0.0) + value * weight
    for less, more in basis.shape_pairs:
        own = float(random.normal(0, rest))
        if "asym" in more:
            total[more] = abs(own) * 1.2
        elif less and not any(word in more for word in ("-trans-", "neck", "head", "-age-", "forehead", "nose-point")):
            total[more] = total.get(more, 0.0) + own
        elif more in ("shape/mouth-trans-out", "shape/nose-trans-out"):
            total[more] = 0.7 * own
    shape = {}
    for name, weight in total.items():
        limit = EYES_LIMIT if "eye-scale" in name or "eye-push" in name else LIMIT
        weight = limit * float(np.tanh(weight / limit))
        if weight > 0:
            shape[name] = weight
        elif opposite.get(name):
            shape[opposite[name]] = -weight
    return shape
