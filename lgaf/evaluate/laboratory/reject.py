"""What a network says of its inputs as a measure of quality: do the faces that it thinks least of make the errors?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lgaf.damage.kinds import KINDS
from lgaf.evaluate.bootstrap import Estimate
from lgaf.evaluate.laboratory.conditions import FAR, GLOBAL_NORM, LOCAL_NORM, NORM, VISIBLE, Condition, Laboratory
from lgaf.evaluate.laboratory.crossed import thresholds
from lgaf.evaluate.reject import FRACTIONS


def qualities(laboratory: Laboratory) -> Iterator[tuple[str, np.ndarray]]:
    """The measures of quality that there are: the name of the metric, and (N,) values, higher is better."""
    found = laboratory.embeddings
    yield NORM, found.norms
    if found.local is not None and found.global_ is not None:
        yield LOCAL_NORM, np.linalg.norm(found.local, axis=1)
        yield GLOBAL_NORM, np.linalg.norm(found.global_, axis=1)
    if found.visible is not None:
        yield VISIBLE, found.visible


def reject_estimates(laboratory: Laboratory, weights: np.ndarray) -> dict[str, Estimate]:
    """The area of each kind and measure, over undamaged faces and all levels together.

    An error is a mated pair at or below the threshold of undamaged faces at FAR, which is held fixed: the false
    non-match rate of a system in use. (U, R + 1) ``weights`` of the people, the first column all ones.
    """
    clean = next(iter(laboratory.conditions.values()))
    ones = np.ones((laboratory.people, 1))
    threshold = thresholds(clean.pairs, laboratory.cosines(clean.rows, laboratory.fused), FAR, ones)[0]
    misses = {name: missed(laboratory, it, threshold) for name, it in laboratory.conditions.items()}
    found = {}
    for kind in KINDS:
        names = [clean.name, *(name for name in misses if name.rpartition("-")[0] == kind.name)]
        if len(names) == 1:
            continue
        errors, pairs = (np.concatenate([misses[name][side] for name in names]) for side in (0, 1))
        rows = np.concatenate([laboratory.conditions[name].rows for name in names])
        people = laboratory.person[rows]
        count, units = int(pairs.sum()), len(np.unique(people))
        for measure, values in qualities(laboratory):
            areas = reject_areas(errors, pairs, values[rows], weights[people])
            found[f"{kind.name} {measure}"] = Estimate(float(areas[0]), count, units, areas[1:])
    return found


def missed(laboratory: Laboratory, each: Condition, threshold: float) -> tuple[np.ndarray, np.ndarray]:
    """(D,) how many mated pairs of each probe are refused, and how many it has."""
    scores = laboratory.cosines(each.rows, laboratory.fused).ravel()[each.pairs.mated]
    probe = each.pairs.mated // len(each.pairs.gallery)
    count = len(each.rows)
    return np.bincount(probe[scores <= threshold], minlength=count), np.bincount(probe, minlength=count)


def reject_areas(errors: np.ndarray, pairs: np.ndarray, quality: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(R,) areas under error-versus-reject curves, each as a share of the area where faces are rejected at random.

    Args:
        errors: (P,) wrong pairs of each probe.
        pairs: (P,) pairs of each probe.
        quality: (P,) higher is better, ties rejected in the order given.
        weights: (P, R) how often each probe counts.

    As :func:`lgaf.evaluate.reject.error_versus_reject`, with every pair as often as its probe's weight says: 1 where
    the quality tells nothing, lower is better; 1 too where there is no error. A curve ends where no pair is left.
    """
    order = np.argsort(quality, kind="stable")
    counted = weights[order]
    wrong, total = (np.concatenate([np.zeros((1, counted.shape[1])), np.cumsum(it[order][:, None] * counted, axis=0)])
                    for it in (errors, pairs))  # fmt: skip
    found = np.ones(counted.shape[1])
    for column in range(len(found)):
        made, seen = wrong[:, column], total[:, column]
        if made[-1] == 0:
            continue
        out = np.searchsorted(seen, FRACTIONS * seen[-1] + 1e-9, "right") - 1
        left = seen[-1] - seen[out]
        kept = left > 0
        rate = (made[-1] - made[out])[kept] / left[kept]
        span = FRACTIONS[kept]
        found[column] = np.trapezoid(rate, span) / (span[-1] * rate[0]) if len(span) > 1 else 1.0
    return found
