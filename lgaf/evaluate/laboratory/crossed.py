"""Probes against a gallery, every one with every one: TAR@FAR for many weightings of the people at once.

The same rules as :mod:`lgaf.evaluate.verification.weighted_roc`, for millions of pairs in hundredths of a second: a
true accept rate needs the non-mated pairs about its threshold one by one, and of the few above them only how many there
are of each two people. Weights of a resample: :mod:`lgaf.evaluate.bootstrap`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lgaf.errors import DataError
from lgaf.evaluate.operating_point import SPREAD, first_refused

FEW = 50
"""Pairs whose weights are sooner added up one by one."""
EXACT = 2**20
"""Pairs whose weights float32 still adds up exactly, with room for the weights themselves."""


@dataclass(frozen=True, eq=False)
class Crossed:
    """Who is compared with whom.

    probe: (D,), gallery: (G,) whose each is, 0 ... ``people`` - 1; own: (D,) the gallery's image that a probe was made
    from, with which it is not compared.
    """

    probe: np.ndarray
    gallery: np.ndarray
    own: np.ndarray
    people: int

    @cached_property
    def mated(self) -> np.ndarray:
        """(M,) places of the mated pairs in the raveled (D, G)."""
        same = self.probe[:, None] == self.gallery
        same[np.arange(len(self.probe)), self.own] = False
        return np.flatnonzero(same)

    @cached_property
    def nonmated(self) -> np.ndarray:
        """(N,) places of the non-mated pairs in the raveled (D, G)."""
        return np.flatnonzero(self.probe[:, None] != self.gallery)

    def check(self) -> None:
        """Check that there are pairs of both kinds.

        Raises:
            DataError: there are none of one.
        """
        if not len(self.mated) or not len(self.nonmated):
            kind = "non-mated" if len(self.mated) else "mated"
            raise DataError(f"no {kind} pair among {len(self.probe)} damaged and {len(self.gallery)} clean faces")

    def owners(self, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """People of the probes and of the gallery's images, (P,) and (P,), of places in the raveled (D, G)."""
        row, column = np.divmod(places, len(self.gallery))
        return self.probe[row], self.gallery[column]

    def weigh(self, places: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """(R,) total weight of the pairs at ``places``, where people count (U, R) ``weights`` times."""
        one, other = self.owners(places)
        if len(places) < FEW:
            return (weights[one] * weights[other]).sum(axis=0)
        exact = weights.astype(np.float32 if len(places) < EXACT else np.float64)
        counts = np.bincount(one * self.people + other, minlength=self.people**2).reshape(self.people, self.people)
        return ((counts.astype(exact.dtype) @ exact) * exact).sum(axis=0, dtype=np.float64)

    def weigh_nonmated(self, weights: np.ndarray) -> np.ndarray:
        """(R,) total weight of all non-mated pairs."""
        probes, images = (np.bincount(side, minlength=self.people) for side in (self.probe, self.gallery))
        return (probes @ weights) * (images @ weights) - (probes * images) @ weights**2


def tar(pairs: Crossed, scores: np.ndarray, far: float, weights: np.ndarray) -> np.ndarray:
    """(R,) true accept rates at a false accept rate, of (D, G) scores, where people count (U, R) ``weights`` times.

    The highest rate of a rule "same person iff score >= t" whose false accept rate is at most ``far``; NaN where all
    pairs of a kind have no weight.
    """
    return accepted(pairs, scores, thresholds(pairs, scores, far, weights), weights)


def accepted(pairs: Crossed, scores: np.ndarray, above: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(R,) share of the mated pairs' weight whose score is higher than (R,) ``above``; NaN where they have none,
    or ``above`` is."""
    mated = scores.ravel()[pairs.mated]
    order = np.argsort(-mated, kind="stable")
    owner = pairs.owners(pairs.mated[order])[0]
    total = np.zeros((len(order) + 1, weights.shape[1]), np.float32)  # sums of so few whole numbers are exact
    np.cumsum(weights.astype(np.float32)[owner], axis=0, out=total[1:])
    count = np.searchsorted(-mated[order], -above)
    hits = total[count, np.arange(len(count))].astype(np.float64)
    with np.errstate(invalid="ignore"):
        return np.where(np.isnan(above), np.nan, hits / total[-1])


def thresholds(pairs: Crossed, scores: np.ndarray, far: float, weights: np.ndarray) -> np.ndarray:
    """(R,) the highest score of a non-mated pair that may not be accepted: a pair is where its score is higher.

    NaN where the non-mated pairs have no weight, -inf where all may be accepted.
    """
    nonmated = scores.ravel()[pairs.nonmated]
    total = pairs.weigh_nonmated(weights)
    found = np.full(weights.shape[1], np.nan)
    todo = np.flatnonzero(total > 0)
    for spread in SPREAD:
        if len(todo):
            found[todo] = near(pairs, nonmated, far, spread, weights[:, todo], far * total[todo])
            todo = todo[np.isnan(found[todo])]
    return found


def near(
    pairs: Crossed, nonmated: np.ndarray, far: float, spread: float, weights: np.ndarray, allowed: np.ndarray
) -> np.ndarray:
    """(R,) thresholds that lie where the pairs' number is ``far`` of all, up to a factor of ``spread``; else NaN.

    allowed: (R,) weight that may be accepted.
    """
    count = len(nonmated)
    first, last = int(far * count / spread), int(min(count, far * count * spread + 10))
    high, low = np.inf, np.partition(nonmated, count - last)[count - last]
    if first:
        high = np.partition(nonmated, count - first)[count - first]
    found = np.full(len(allowed), np.nan)
    before = pairs.weigh(pairs.nonmated[nonmated >= high], weights) if first else np.zeros(len(allowed))
    inside = np.flatnonzero((nonmated > low) & (nonmated < high))
    inside = inside[np.argsort(-nonmated[inside], kind="stable")]
    place, reached = first_refused(*pairs.owners(pairs.nonmated[inside]), weights, allowed - before)
    scores = np.append(nonmated[inside], low)
    # The pairs of the lowest score, however many share it, are accepted or refused together.
    refused = (high > low) & (before + reached + pairs.weigh(pairs.nonmated[nonmated == low], weights) > allowed)
    fits = before <= allowed
    found[fits & refused] = scores[place[fits & refused]]
    if last == count:
        found[fits & ~refused] = -np.inf
    return found
