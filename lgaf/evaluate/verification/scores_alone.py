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
from lgaf.evaluate.bootstrap import Estimate, Seed, pair_weights, units
from lgaf.evaluate.curves import roc_points
from lgaf.evaluate.lines import interval_line, left_out_lines
from lgaf.evaluate.names import accuracy_name, tar_name
from lgaf.evaluate.scored import intervals
from lgaf.evaluate.vectors import both_kinds
from lgaf.evaluate.verification.estimates import pairs_of
from lgaf.evaluate.verification.folds import VerificationResult
from lgaf.evaluate.verification.trials import folds_of
from lgaf.formats.asked import asked_images
from lgaf.formats.scores import pair_of

if TYPE_CHECKING:
    from lgaf.evaluate.settings import EvaluateSettings
    from lgaf.formats.protocol import Protocol, Verification
    from lgaf.formats.scores import PairScores

UNKNOWN = dict.fromkeys(("roc", "histogram", "cmc", "reject", "attention", "quality", "all_pairs", "thresholds"))
"""Blocks of a summary, of which scores alone fill the first at most."""
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
    conditions = list(dict.fromkeys(protocol.conditions or ()))
    estimates = estimate(trials, result, fars, conditions, seed, settings.replicates)
    sizes = protocol.fold_sizes
    uneven = f" of {min(sizes):,} to {max(sizes):,} pairs" if sizes else ""
    lines = [
        "scores of pairs alone: nothing over all pairs, no cosine threshold, no error versus reject",
        f"{protocol.folds} contiguous folds{uneven}; threshold: the highest of the others' own scores that is most "
        "accurate on them; accuracy is the mean over folds",
        "TAR: a mated pair is accepted where at most the target share of the other folds' non-mated pairs score as "
        "high; no interpolation",
        f"{len(result.same) - nonmated:,} mated and {nonmated:,} non-mated pairs",
        interval_line(settings, (trials["identity_left"].to_numpy() >= 0).all()),
        *left_out_lines([tar_name(far) for far in settings.far], [tar_name(far) for far in fars], nonmated),
        *protocol.notes,
    ]
    if conditions:
        lines.append("accuracy of a condition: the share of its pairs judged right, by the thresholds of all pairs")
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
    return {"asked": len(asked), "used": len(asked) - len(missing), "missing": len(missing), "missing_names": missing}


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
    lefts, rights = [left for left, _, _ in pairs], [right for _, right, _ in pairs]
    score = np.array([known[pair_of(left, right)] for left, right, _ in pairs])
    result = judge(score, np.array([same for *_, same in pairs]), folds[kept])
    table = pa.table(
        {
            "left": pa.array(lefts, pa.string()),
            "right": pa.array(rights, pa.string()),
            "identity_left": pa.array([identity[name] for name in lefts], pa.int32()),
            "identity_right": pa.array([identity[name] for name in rights], pa.int32()),
            "same": result.same,
            "fold": folds[kept],
            "score": score,
            "correct": result.correct,
        }
    )
    if protocol.conditions:
        table = table.append_column("condition", pa.array([protocol.conditions[place] for place in kept], pa.string()))
    return table, result


def judge(score: np.ndarray, same: np.ndarray, folds: np.ndarray) -> VerificationResult:
    """Judge N scores, each by the threshold that the other folds give; negated, they stand for distances.

    Where nothing accepted is most accurate on the others, a fold's threshold is infinite.

    Raises:
        DataError: pairs that are all mated or all non-mated, or all of one fold.
    """
    both_kinds(same)
    folds = np.unique(folds, return_inverse=True)[1]  # a fold may have lost all its pairs
    if folds.max() == 0:
        raise DataError("all pairs lie in one fold; a threshold needs pairs of another")
    thresholds = np.array([most_accurate(score[folds != k], same[folds != k]) for k in range(folds.max() + 1)])
    correct = (score >= thresholds[folds]) == same
    accuracies = np.bincount(folds, correct) / np.bincount(folds)
    return VerificationResult(
        distances=-score,
        same=same,
        folds=folds,
        accuracy=float(np.mean(accuracies)),
        std=float(np.std(accuracies)),
        fold_thresholds=thresholds,
        correct=correct,
    )


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
    """Accuracy, TAR@FAR and the accuracy of each condition, with the resamples of
    :func:`lgaf.evaluate.verification.estimates.estimate_verification`.

    As there, accuracy keeps each pair's verdict, and TAR@FAR sets the thresholds anew in every resample.

    Raises:
        DataError: all non-mated pairs lie in one fold, so that it has no threshold; a condition has no pair left.
    """
    same, correct = result.same, result.correct
    if fars and len(np.unique(result.folds[~same])) < 2:
        raise DataError("TAR@FAR: all non-mated pairs lie in one fold; mix both kinds of pairs over the folds")
    left, right = (trials[key].to_numpy() for key in ("identity_left", "identity_right"))
    rates = [tar_name(far) for far in fars]
    judged = {name: pairs_of(trials, name) for name in ("accuracy", *map(accuracy_name, conditions))}
    values = {name: float(correct[pairs].mean()) for name, pairs in judged.items()} | {"accuracy": result.accuracy}
    values |= zip(rates, accept_rates(result, np.ones((len(left), 1)), fars)[:, 0].tolist(), strict=True)
    chunks: dict[str, list[np.ndarray]] = {name: [] for name in ("accuracy", *rates, *judged)}
    for weights in pair_weights(left, right, replicates, seed):
        for name, rate in zip(rates, accept_rates(result, weights, fars), strict=True):
            chunks[name].append(rate)
        with np.errstate(invalid="ignore"):
            for name, pairs in judged.items():
                chunks[name].append(((correct & pairs) @ weights) / (pairs @ weights))
    counted = judged | dict.fromkeys(rates, same)
    return {
        name: Estimate(
            values[name],
            int(counted[name].sum()),
            units(left[counted[name]], right[counted[name]]),
            np.concatenate(parts),
        )
        for name, parts in chunks.items()
    }


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
    return np.ma.masked_invalid(found).mean(axis=0).filled(np.nan)
