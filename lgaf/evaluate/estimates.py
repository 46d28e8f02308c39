"""Metrics by name, with their bootstrap replicates, from a table of trials (made by :mod:`lgaf.evaluate.trials`)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa

from lgaf.errors import DataError, SettingsError
from lgaf.evaluate.bootstrap import Estimate, Seed, draws, pair_weights, units
from lgaf.evaluate.resampled import resampled_tar
from lgaf.evaluate.templates import Ranking, rank_pairs
from lgaf.evaluate.verification import FAR_GRID, VerificationResult, judge

OF_CONDITION = "_accuracy"
"""How the name of a condition's accuracy ends."""
RANK = re.compile(r"(?:(?P<set>.+)_)?rank(?P<rank>[1-9]\d*)")


def tar_name(far: float) -> str:
    """``tar@far=1e-3`` of 0.001."""
    return f"tar@far={np.format_float_scientific(far, trim='-', exp_digits=1)}"


def far_of(name: str, expected: str) -> float:
    """The false accept rate in a metric's name.

    Raises:
        SettingsError: there is none; ``expected`` says of what such a name is no metric, and what is.
    """
    try:
        return float(name.removeprefix("tar@far="))
    except ValueError:
        raise SettingsError(f"{name!r} is no metric of {expected} and the like") from None


def accuracy_name(condition: str) -> str:
    """``night_accuracy``, of the pairs of condition "night"."""
    return f"{condition}{OF_CONDITION}"


def rank_name(probe_set: str, rank: int) -> str:
    """``rank1``, or ``d1_rank1`` of probe set "d1"."""
    return f"{probe_set}_rank{rank}" if probe_set else f"rank{rank}"


def estimate(trials: pa.Table, metrics: Iterable[str], seed: Seed, replicates: int) -> dict[str, Estimate]:
    """Each metric, by the name that results carry, with replicates that are the same resamples for equal trials.

    Raises:
        SettingsError: a name that is no metric of such trials.
        DataError: a metric that these trials cannot give.
    """
    metrics = list(metrics)
    if "fold" in trials.column_names:
        return estimate_verification(trials, metrics, seed, replicates)
    if "score" in trials.column_names:
        return estimate_ranking(rank_pairs(trials), metrics, seed, replicates)
    return {name: estimate_rank(trials, name, seed, replicates) for name in metrics}


def estimate_rank(trials: pa.Table, name: str, seed: Seed, replicates: int) -> Estimate:
    """Share of the probes of one set that are found at one rank; the gallery is held fixed."""
    parsed = RANK.fullmatch(name)
    if parsed is None:
        raise SettingsError(f"{name!r} is no metric of an identification; expected rank1, d1_rank1 and the like")
    probe_set, rank = parsed["set"] or "", int(parsed["rank"])
    columns = {key: trials[key].to_numpy() for key in ("set", "dropped", "identity")}
    kept = (columns["set"] == probe_set) & ~columns["dropped"]
    if not kept.any():
        raise DataError(f"{name}: no probe of set {probe_set!r} has a mate in the gallery")
    hits = trials["rank"].fill_null(0).to_numpy()[kept] < rank
    people, index = np.unique(columns["identity"][kept], return_inverse=True)
    probes_each, hits_each = np.bincount(index), np.bincount(index, hits)
    drawn = draws(len(people), replicates, seed, replicates)
    rates = np.concatenate([(hits_each @ weights) / (probes_each @ weights) for weights in drawn])
    return Estimate(float(hits.mean()), len(hits), len(people), rates)


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
    same, folds, score, left, right = (
        trials[key].to_numpy() for key in ("same", "fold", "score", "identity_left", "identity_right")
    )
    result = judge(2 - 2 * score, same, folds)
    judged = {name: pairs_of(trials, name) for name in metrics if name not in fars}
    values = {name: result.tar(far) for name, far in fars.items()}
    values |= {name: float(result.correct[pairs].mean()) for name, pairs in judged.items()}
    values["accuracy"] = result.accuracy
    weighted_tar = WeightedTar(result)
    chunks: dict[str, list[np.ndarray]] = {name: [] for name in metrics}
    for weights in pair_weights(left, right, replicates, seed):
        rates = weighted_tar(weights, fars)
        with np.errstate(invalid="ignore"):
            for name, pairs in judged.items():
                rates[name] = ((result.correct & pairs) @ weights) / (pairs @ weights)
        for name in metrics:
            chunks[name].append(rates[name])
    judged |= dict.fromkeys(fars, same)
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


def estimate_ranking(ranking: Ranking, metrics: Sequence[str], seed: Seed, replicates: int) -> dict[str, Estimate]:
    """TAR@FAR of templates; each resample has thresholds of its own."""
    fars = [far_of(name, f"templates; expected {tar_name(1e-4)}") for name in metrics]
    mated, people = int(ranking.same.sum()), len(np.unique(ranking.left[ranking.same]))
    rates = resampled_tar(ranking, fars, replicates, seed)
    values = map(ranking.tar, fars)
    found = zip(metrics, values, rates, strict=True)
    return {name: Estimate(value, mated, people, replicate) for name, value, replicate in found}


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
        return {name: _mean_of_known(np.array(rates)) for name, rates in found.items()}

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


def _mean_of_known(rates: np.ndarray) -> np.ndarray:
    """Mean over axis 0 of what is not NaN; NaN where nothing is."""
    known = ~np.isnan(rates)
    with np.errstate(invalid="ignore"):
        return np.where(known, rates, 0).sum(axis=0) / known.sum(axis=0)
