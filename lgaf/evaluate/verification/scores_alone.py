"""Scores alone, of any matcher, on a benchmark that lists pairs. **Ours**: insightface's protocol without its grid.

Scores of a matcher have a scale of their own, so thresholds are such scores: a fold's is the highest of the other
folds' scores that is most accurate on them, "same person" iff score >= threshold. At a false accept rate a mated pair
is accepted iff at most that share of the other folds' non-mated pairs score as high. Both are what insightface's rules
(:mod:`lgaf.evaluate.verification.folds`) come to as the steps of their grids go to 0, and no change of scale changes
them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from lgaf.errors import DataError
from lgaf.evaluate.bootstrap import Estimate, Seed
from lgaf.evaluate.curves import roc_points
from lgaf.evaluate.images import image_counts
from lgaf.evaluate.lines import condition_lines, folds_of_pairs, interval_line, left_out_lines
from lgaf.evaluate.names import accuracy_name, tar_name
from lgaf.evaluate.scored import BLOCKS, intervals
from lgaf.evaluate.verification.estimates import estimate_judged, mean_of_known
from lgaf.evaluate.verification.folds import VerificationResult, gapless, outcome
from lgaf.evaluate.verification.trials import folds_of, trials_table
from lgaf.formats.asked import asked_images
from lgaf.formats.scores import pair_of

if TYPE_CHECKING:
    from lgaf.evaluate.settings import EvaluateSettings
    from lgaf.formats.protocol import Protocol, Verification
    from lgaf.formats.scores import PairScores

UNKNOWN = dict.fromkeys((*BLOCKS, "attention", "quality"))
"""Blocks of a summary, of which scores alone fill ``roc`` at most."""
ROUNDING = 1e-9
"""Share of a pair by which a product of a rate and a count may be too small."""


def score_matcher(
    scores: PairScores, protocol: Protocol, settings: EvaluateSettings, seed: Seed
) -> tuple[dict[str, Any], pa.Table, dict[str, Estimate]]:
    """Score a matcher on one benchmark: as :func:`lgaf.evaluate.score.score`; no metrics where it lists no pairs.

    Raises:
        DataError: more of the pairs than ``evaluate.max_missing`` have no score, or all are of one kind or fold.
    """
    if protocol.kind != "verification":
        lines = ["scores of pairs alone: not available on a benchmark that lists none"]
        used = {"images": seen_images(asked_images(protocol), set()), "trials": counts(0, 0)}
        return {"metrics": {}, "protocol": lines, **used, **UNKNOWN}, pa.table({}), {}
    trials, result = scored_trials(scores, protocol, settings.max_missing)
    nonmated = int(np.count_nonzero(~result.same))
    fars = [far for far in settings.far if far * nonmated >= 1]
    estimates = estimate(trials, result, fars, protocol.conditions or (), seed, settings.replicates)
    lines = [
        "scores of pairs alone: nothing over all pairs, no cosine threshold, no error versus reject",
        f"{folds_of_pairs(protocol)}; threshold: the highest of the others' own scores that is most "
        "accurate on them; accuracy is the mean over folds",
        "TAR: a mated pair is accepted where at most the target share of the other folds' non-mated pairs score as "
        "high; no interpolation",
        f"{len(result.same) - nonmated:,} mated and {nonmated:,} non-mated pairs",
        interval_line(settings, (trials["identity_left"].to_numpy() >= 0).all()),
        *left_out_lines([tar_name(far) for far in settings.far], [tar_name(far) for far in fars], nonmated),
        *protocol.notes,
        *condition_lines(protocol),
    ]
    if lost := len(protocol.pairs) - trials.num_rows:
        lines.append(f"pairs without a score: {lost:,}; they are left out")
    asked = list(dict.fromkeys(name for pair in protocol.pairs for name in pair[:2]))
    threshold = result.threshold if np.isfinite(result.threshold) else None
    summary = {
        "metrics": intervals(estimates, settings.confidence),
        "protocol": lines,
        "images": seen_images(asked, {*trials["left"].to_pylist(), *trials["right"].to_pylist()}),
        "trials": counts(len(protocol.pairs), trials.num_rows),
        "folds": {"count": protocol.folds, "std": result.std, "threshold": threshold},
        **UNKNOWN,
        "roc": roc_points(*result.roc()),
    }
    return summary, trials, estimates


def counts(asked: int, used: int) -> dict[str, int]:
    """What a summary says of the trials."""
    return {"asked": asked, "used": used, "dropped": 0}


def seen_images(asked: Sequence[str], seen: set[str]) -> dict[str, Any]:
    """What a summary says of the images."""
    missing = [name for name in asked if name not in seen]
    return image_counts(len(asked) - len(missing), missing)


def scored_trials(
    scores: PairScores, protocol: Verification, max_missing: float
) -> tuple[pa.Table, VerificationResult]:
    """A protocol's pairs with their scores, and what came of them. One without a score is left out; folds are kept.

    The table: as :func:`lgaf.evaluate.verification.trials.verification_trials` has it, without quality; ``score`` is
    the matcher's.

    Raises:
        DataError: more pairs than ``max_missing`` have no score.
    """
    known = dict(zip(map(pair_of, scores.left, scores.right), scores.scores.tolist(), strict=True))
    identity = dict(zip(scores.left, scores.identity_left.tolist(), strict=True))
    identity |= dict(zip(scores.right, scores.identity_right.tolist(), strict=True))
    folds = folds_of(protocol)
    kept = [place for place, (left, right, _) in enumerate(protocol.pairs) if pair_of(left, right) in known]
    pairs = [protocol.pairs[place] for place in kept]
    lost = len(protocol.pairs) - len(pairs)
    if not pairs or lost > max_missing * len(protocol.pairs):
        raise DataError(f"{lost:,} of {len(protocol.pairs):,} pairs lack a score; evaluate.max_missing allows a share "
                        f"of {max_missing:g}: bring them with `lgaf import-scores`")  # fmt: skip
    score = np.array([known[pair_of(left, right)] for left, right, _ in pairs])
    result = judge(score, np.array([same for *_, same in pairs]), folds[kept])
    people = (
        np.array([identity[left] for left, _, _ in pairs], np.int32),
        np.array([identity[right] for _, right, _ in pairs], np.int32),
    )
    return trials_table(protocol, kept, people, result, folds[kept], score), result


def judge(score: np.ndarray, same: np.ndarray, folds: np.ndarray) -> VerificationResult:
    """Judge N scores, each by the threshold that the other folds give; negated, they stand for distances.

    Where nothing accepted is most accurate on the others, a fold's threshold is infinite.

    Raises:
        DataError: pairs that are all mated or all non-mated, or all of one fold.
    """
    folds = gapless(folds, same)
    thresholds = np.array([most_accurate(score[folds != k], same[folds != k]) for k in range(folds.max() + 1)])
    return outcome(-score, same, folds, thresholds, score >= thresholds[folds])


def most_accurate(score: np.ndarray, same: np.ndarray) -> float:
    """The highest threshold of (N,) scores, or none of them, infinity, that judges most pairs right."""
    order = np.argsort(-score, kind="stable")
    last = np.append(np.flatnonzero(np.diff(score[order])), len(order) - 1)  # of equal scores
    right = np.cumsum(np.where(same[order], 1, -1))[last]  # more than where nothing is accepted
    return float(score[order][last[right.argmax()]]) if right.max() > 0 else np.inf


def estimate(
    trials: pa.Table,
    result: VerificationResult,
    fars: Sequence[float],
    conditions: Sequence[str],
    seed: Seed,
    replicates: int,
) -> dict[str, Estimate]:
    """Accuracy, TAR@FAR, whose thresholds are set anew in every resample, and the accuracy of each condition.

    Raises:
        DataError: all non-mated pairs lie in one fold, so that it has no threshold; a condition has no pair left.
    """
    if fars and len(np.unique(result.folds[~result.same])) < 2:
        raise DataError("TAR@FAR: all non-mated pairs lie in one fold; mix both kinds of pairs over the folds")
    rates = [tar_name(far) for far in fars]

    def tars(weights: np.ndarray) -> dict[str, np.ndarray]:
        return dict(zip(rates, accept_rates(result, weights, fars), strict=True))

    whole = {name: float(rate[0]) for name, rate in tars(np.ones((trials.num_rows, 1))).items()}
    names = ["accuracy", *rates, *map(accuracy_name, dict.fromkeys(conditions))]
    return estimate_judged(trials, result, names, whole, tars, seed, replicates)


def accept_rates(result: VerificationResult, weights: np.ndarray, fars: Sequence[float]) -> np.ndarray:
    """(len(fars), R) mean over folds of the true accept rate, where pairs count (N, R) ``weights`` times.

    A fold without a mated pair of weight has no rate and is left out.
    """
    score, same, folds = -result.distances, result.same, result.folds
    nonmated = np.flatnonzero(~same)
    nonmated = nonmated[np.argsort(-score[nonmated], kind="stable")]
    rates = []
    for fold in np.unique(folds[same]):
        others = weights[nonmated] * (folds[nonmated] != fold)[:, None]
        accepted = np.concatenate([np.zeros((1, weights.shape[1])), np.cumsum(others, axis=0)])
        mated = np.flatnonzero(same & (folds == fold))
        as_high = accepted[np.searchsorted(-score[nonmated], -score[mated], side="right")]
        own, total = weights[mated], accepted[-1]
        hits = (own * ((as_high <= far * total + ROUNDING) & (total > 0)) for far in fars)
        with np.errstate(invalid="ignore"):
            rates.append([hit.sum(axis=0) / own.sum(axis=0) for hit in hits])
    found = np.reshape(rates, (len(rates), len(fars), weights.shape[1]))
    return mean_of_known(found)
