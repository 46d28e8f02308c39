"""The threshold at a false accept rate, and what it accepts, for many weightings of the people at once.

A trial is accepted iff its score is higher than the threshold. The threshold is the highest score of a non-mated trial
that must be refused, so that at most the target's share of them is accepted; equal scores are accepted or refused
together. A trial weighs what its two people weigh, multiplied (:mod:`lgaf.evaluate.bootstrap`); one of a single person
has nobody as the other, the last row of the weights, which is all 1.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lgaf.evaluate.bootstrap import PAIRS_A_BLOCK

NUMBERS_A_BLOCK = 2**18
"""Weights of pairs held at a time: 1 MB of float32, which stays in the cache."""
PAIRS_A_RUN = 32
DENSE = 1 / 8
"""Trials a pair of people from which on a table of all pairs of people is dense."""
SPREAD = (1.5, 4.0, 64.0, np.inf)
"""By which factor of the target rate's number of pairs a resample's threshold may be away: tried in turn."""


class Trials(NamedTuple):
    """N trials: scores (N,) float64, and whose they are, one (N,) and other (N,), as rows of the weights."""

    scores: np.ndarray
    one: np.ndarray
    other: np.ndarray

    def chosen(self, kept: np.ndarray) -> Trials:
        """Those that ``kept`` selects, a mask or places."""
        return Trials(self.scores[kept], self.one[kept], self.other[kept])


def trials_of(scores: np.ndarray, left: np.ndarray, right: np.ndarray, people: int) -> Trials:
    """Trials of people (N,) and (N,), 0 ... ``people`` - 1; of one person where the two are equal."""
    return Trials(scores.astype(np.float64), left, np.where(left == right, people, right))


def with_nobody(drawn: np.ndarray) -> np.ndarray:
    """(U, R) multiplicities as (U + 1, R) weights."""
    return np.vstack([drawn, np.ones((1, drawn.shape[1]))])


def weigh(trials: Trials, weights: np.ndarray) -> np.ndarray:
    """(R,) total weight of all trials, where people count (U + 1, R) ``weights`` times.

    Whole numbers, exact in any order: of as many trials as pairs of people the dense product is the faster one.
    """
    from scipy.sparse import coo_array

    rows = len(weights)
    if len(trials.one) > DENSE * rows**2:
        counts = np.bincount(trials.one * rows + trials.other, minlength=rows**2).reshape(rows, rows).astype(np.float64)
    else:
        counts = coo_array((np.ones(len(trials.one)), (trials.one, trials.other)), (rows, rows)).tocsr()
    return ((counts @ weights) * weights).sum(axis=0)


def threshold(nonmated: Trials, rate: float, weights: np.ndarray) -> np.ndarray:
    """(R,) the highest score of a non-mated trial that must be refused at a false accept rate in (0, 1).

    NaN where the trials have no weight at all. Only the trials about the threshold are looked at one by one.
    """
    total = weigh(nonmated, weights)
    order = np.argsort(-nonmated.scores, kind="stable")
    found = np.full(weights.shape[1], np.nan)
    todo = np.flatnonzero(total > 0)
    for spread in SPREAD:
        first = nonmated.chosen(order[: int(min(len(order), rate * len(order) * spread + 10))])
        place, _ = first_refused(first.one, first.other, weights[:, todo], rate * total[todo])
        inside = place < len(first.scores)
        found[todo[inside]] = first.scores[place[inside]]
        todo = todo[~inside]
        if not len(todo):
            break
    return found


def share_accepted(trials: Trials, above: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(R,) share of the trials' weight whose score is higher than (R,) ``above``; NaN where there is no weight."""
    total = weigh(trials, weights)
    accepted = np.zeros(len(above))
    some = np.flatnonzero(trials.scores > np.min(above, initial=np.inf, where=~np.isnan(above)))
    for start in range(0, len(some), PAIRS_A_BLOCK):
        block = trials.chosen(some[start : start + PAIRS_A_BLOCK])
        counted = block.scores[:, None] > above
        accepted += np.einsum("ij,ij,ij->j", weights[block.one], weights[block.other], counted)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(np.isnan(above), np.nan, accepted / total)


def first_refused(
    one: np.ndarray, other: np.ndarray, weights: np.ndarray, allowed: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(R,) place of the first of K pairs of people (K,), (K,) with which the weight exceeds ``allowed`` (R,), K where
    none does; and (R,) the weight of all.

    Runs of pairs are added up, then the one run in which the limit lies is gone through.
    """
    count, people = len(one), len(weights)
    runs = -(-count // PAIRS_A_RUN)
    padding = np.full(runs * PAIRS_A_RUN - count, people)  # somebody of no weight
    one, other = (np.append(side, padding).reshape(runs, PAIRS_A_RUN) for side in (one, other))
    single = np.vstack([weights, np.zeros(weights.shape[1])]).astype(np.float32)
    sums = np.empty((runs, weights.shape[1]))
    step = max(1, NUMBERS_A_BLOCK // (PAIRS_A_RUN * weights.shape[1]))
    for start in range(0, runs, step):
        block = slice(start, start + step)
        sums[block] = np.einsum("bkr,bkr->br", single[one[block]], single[other[block]])
    reached = np.cumsum(sums, axis=0)
    run = np.count_nonzero(reached <= allowed, axis=0)
    total = reached[-1] if runs else np.zeros(len(allowed))
    inner = np.minimum(run, max(runs - 1, 0))
    column = np.arange(len(allowed))
    if not runs:
        return run, total
    within = np.cumsum(single[one[inner].T, column] * single[other[inner].T, column], axis=0)
    before = (reached - sums)[inner, column]
    place = np.where(run < runs, run * PAIRS_A_RUN + np.count_nonzero(before + within <= allowed, axis=0), count)
    return place, total
