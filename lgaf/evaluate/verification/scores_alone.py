"""Scores alone, of any matcher, on a benchmark that lists pairs, by :mod:`lgaf.evaluate.verification.own_scale`."""

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
from lgaf.evaluate.names import tar_name
from lgaf.evaluate.scored import BLOCKS, intervals
from lgaf.evaluate.verification.folds import VerificationResult
from lgaf.evaluate.verification.own_scale import RULES, estimate, judge
from lgaf.evaluate.verification.trials import folds_of, trials_table
from lgaf.formats.asked import asked_images
from lgaf.formats.scores import pair_of

if TYPE_CHECKING:
    from lgaf.evaluate.settings import EvaluateSettings
    from lgaf.formats.protocol import Protocol, Verification
    from lgaf.formats.scores import PairScores

UNKNOWN = dict.fromkeys((*BLOCKS, "attention", "quality"))
"""Blocks of a summary, of which scores alone fill ``roc`` at most."""


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
        f"{folds_of_pairs(protocol)}; {RULES[0]}",
        RULES[1],
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
