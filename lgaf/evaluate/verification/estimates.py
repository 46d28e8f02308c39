"""Accuracy and TAR@FAR of pairs in folds, by name and with their bootstrap replicates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pyarrow as pa

from lgaf.errors import DataError
from lgaf.evaluate.bootstrap import Estimate, Seed, pair_weights, units
from lgaf.evaluate.names import OF_CONDITION, far_of, tar_name
from lgaf.evaluate.verification.folds import FAR_GRID, VerificationResult, judge


def estimate_verification(trials: pa.Table, metrics: Sequence[str], seed: Seed, replicates: int) -> dict[str, Estimate]:
    """Accuracy, of all pairs (mean over folds) or of those of one condition (share of them), and TAR@FAR.

    Accuracy keeps each pair's verdict, hence the thresholds, of the whole sample. TAR@FAR sets each fold's threshold
    anew in every resample: at a low FAR it hangs on a few pairs, which is most of the uncertainty.
    """
    fars = {
        name: far_of(name, f"a verification; expected accuracy, {tar_name(1e-3)}")
        for name in metrics
        if name != "accuracy" and not name.endswith(OF_CONDITION)
    }
    same, folds, score = (trials[key].to_numpy() for key in ("same", "fold", "score"))
    result = judge(2 - 2 * score, same, folds)
    tars, weighted_tar = {name: result.tar(far) for name, far in fars.items()}, WeightedTar(result)
    return estimate_judged(trials, result, metrics, tars, lambda weights: weighted_tar(weights, fars), seed, replicates)


def estimate_judged(
    trials: pa.Table,
    result: VerificationResult,
    metrics: Sequence[str],
    tars: Mapping[str, float],
    weighted_tars: Callable[[np.ndarray], dict[str, np.ndarray]],
    seed: Seed,
    replicates: int,
) -> dict[str, Estimate]:
    """Each of ``metrics``: a TAR as ``tars`` has it, and ``weighted_tars`` of (N, R) weights; else by the verdicts.

    Raises:
        DataError: a condition has no pair left.
    """
    same, left, right = (trials[key].to_numpy() for key in ("same", "identity_left", "identity_right"))
    judged = {name: pairs_of(trials, name) for name in metrics if name not in tars}
    values = {**tars, **{name: float(result.correct[pairs].mean()) for name, pairs in judged.items()}}
    values["accuracy"] = result.accuracy
    chunks: dict[str, list[np.ndarray]] = {name: [] for name in metrics}
    for weights in pair_weights(left, right, replicates, seed):
        rates = weighted_tars(weights)
        with np.errstate(invalid="ignore"):
            for name, pairs in judged.items():
                rates[name] = ((result.correct & pairs) @ weights) / (pairs @ weights)
        for name in metrics:
            chunks[name].append(rates[name])
    judged |= dict.fromkeys(tars, same)
    counts = {name: (int(pairs.sum()), units(left[pairs], right[pairs])) for name, pairs in judged.items()}
    return {name: Estimate(values[name], *counts[name], np.concatenate(chunks[name])) for name in metrics}


def pairs_of(trials: pa.Table, accuracy: str) -> np.ndarray:
    """(N,) bool: the pairs that an accuracy is of.

    Raises:
        DataError: a condition's pairs have all been left out.
    """
    if accuracy == "accuracy":
        return np.ones(trials.num_rows, bool)
    chosen = np.array(trials["condition"].to_pylist(), object) == accuracy.removesuffix(OF_CONDITION)
    if not chosen.any():
        raise DataError(f"{accuracy}: no pair of the condition is left; see why alignment left its images out")
    return chosen


class WeightedTar:
    """:meth:`VerificationResult.tar` of weighted pairs, for many weightings at once."""

    def __init__(self, result: VerificationResult):
        self.count = len(result.fold_thresholds)
        nonmated = np.flatnonzero(~result.same)
        self.nonmated = nonmated[np.argsort(result.distances[nonmated], kind="stable")]
        self.nonmated_folds = result.folds[self.nonmated]
        # Non-mated pairs are false accepts from this threshold of the grid on; pairs of one step enter together.
        self.step = np.searchsorted(FAR_GRID, result.distances[self.nonmated], side="right")
        self.before = np.searchsorted(self.step, self.step, side="left")
        self.after = np.searchsorted(self.step, self.step, side="right")
        self.mated = [np.flatnonzero(result.same & (result.folds == fold)) for fold in range(self.count)]
        self.distances = result.distances

    def __call__(self, weights: np.ndarray, fars: dict[str, float]) -> dict[str, np.ndarray]:
        """(N, R) weights -> name -> (R,) mean over the folds that have a mated pair of weight."""
        found: dict[str, list[np.ndarray]] = {name: [] for name in fars}
        for fold in range(self.count if fars else 0):
            others = weights[self.nonmated] * (self.nonmated_folds != fold)[:, None]
            accepted = np.concatenate([np.zeros((1, weights.shape[1])), np.cumsum(others, axis=0)])
            mated = weights[self.mated[fold]]
            for name, far in fars.items():
                accept = self.distances[self.mated[fold], None] < self.threshold(accepted, far)
                with np.errstate(invalid="ignore"):
                    found[name].append((mated * accept).sum(axis=0) / mated.sum(axis=0))
        return {name: mean_of_known(np.array(rates)) for name, rates in found.items()}

    def threshold(self, accepted: np.ndarray, far: float) -> np.ndarray:
        """(R,) thresholds where the rate of (1 + nonmated, R) cumulated weights crosses ``far``, interpolated."""
        allowed = far * accepted[-1]
        place = np.count_nonzero(accepted[1:] <= allowed, axis=0)  # the pair whose acceptance is one too many
        never = place == len(self.step)
        place[never] -= 1
        column = np.arange(accepted.shape[1])
        low, high = accepted[self.before[place], column], accepted[self.after[place], column]
        step = self.step[place]
        never |= step == len(FAR_GRID)
        with np.errstate(invalid="ignore", divide="ignore"):
            below = FAR_GRID[step - 1]
            above = FAR_GRID[np.minimum(step, len(FAR_GRID) - 1)]
            between = below + (above - below) * (allowed - low) / (high - low)
        return np.where(never, FAR_GRID[-1] if far == 1 else 0.0, between)


def mean_of_known(rates: np.ndarray) -> np.ndarray:
    """Mean over axis 0 of what is not NaN; NaN where nothing is."""
    known = ~np.isnan(rates)
    with np.errstate(invalid="ignore"):
        return np.where(known, rates, 0).sum(axis=0) / known.sum(axis=0)
