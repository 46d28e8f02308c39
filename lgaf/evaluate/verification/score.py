"""One model on pairs of images: accuracy over folds, TAR@FAR, and all pairs of the images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lgaf.evaluate.curves import histogram, roc_points
from lgaf.evaluate.groups import groupings
from lgaf.evaluate.lines import condition_lines, embedding_line, folds_of_pairs, interval_line, left_out_lines
from lgaf.evaluate.names import accuracy_name, tar_name
from lgaf.evaluate.reject import error_versus_reject, threshold_at_fmr
from lgaf.evaluate.scored import Scored, intervals
from lgaf.evaluate.similarity import QMagFace
from lgaf.evaluate.thresholds import image_thresholds
from lgaf.evaluate.verification import own_scale
from lgaf.evaluate.verification.all_pairs import score_all_pairs
from lgaf.evaluate.verification.estimates import estimate_verification
from lgaf.evaluate.verification.trials import verification_trials

if TYPE_CHECKING:
    from lgaf.evaluate.bootstrap import Seed
    from lgaf.evaluate.settings import EvaluateSettings
    from lgaf.formats.embeddings import Embeddings
    from lgaf.formats.protocol import Verification

NO_COSINES = "scores are no cosines: no histogram of them, no thresholds in cosines, no groups"


def score_verification(
    embeddings: Embeddings,
    protocol: Verification,
    settings: EvaluateSettings,
    seed: Seed,
    similarity: QMagFace | None,
) -> Scored:
    """Accuracy, TAR@FAR, ROC and error versus reject of pairs; all pairs where they are asked for.

    Of cosines also their histogram and the thresholds to run a network at. What ``similarity`` makes of them has a
    scale of its own: folds and rates are then those of :mod:`lgaf.evaluate.verification.own_scale`.
    """
    result, trials, images = verification_trials(embeddings, protocol, settings.max_missing, similarity)
    scores = trials["score"].to_numpy()
    mated, nonmated = scores[result.same], scores[~result.same]
    fars = [far for far in settings.far if far * len(nonmated) >= 1]
    rates, conditions = [tar_name(far) for far in fars], protocol.conditions or ()
    if similarity:
        estimates = own_scale.estimate(trials, result, fars, conditions, seed, settings.replicates)
        rules = [f"{folds_of_pairs(protocol)}; {own_scale.RULES[0]}", own_scale.RULES[1], NO_COSINES]
    else:
        names = ["accuracy", *rates, *map(accuracy_name, dict.fromkeys(conditions))]
        estimates = estimate_verification(trials, names, seed, settings.replicates)
        rules = [
            f"{folds_of_pairs(protocol)}; threshold of d = 2 - 2 cos from 0, 0.01 ... 3.99 chosen on the others "
            "(insightface); accuracy is the mean over folds"
        ]
    lines = [
        embedding_line(embeddings.flip, similarity),
        *rules,
        f"{len(mated):,} mated and {len(nonmated):,} non-mated pairs",
        interval_line(settings, (trials["identity_left"].to_numpy() >= 0).all()),
        *left_out_lines([tar_name(far) for far in settings.far], rates, len(nonmated)),
        *condition_lines(protocol),
    ]
    known = result.threshold if np.isfinite(result.threshold) else None
    summary: dict[str, Any] = {
        "protocol": lines,
        "trials": {"asked": len(protocol.pairs), "used": trials.num_rows, "dropped": 0},
        "folds": {"count": protocol.folds, "std": result.std, "threshold": known},
        "roc": roc_points(*result.roc()),
    }
    if not similarity:
        summary["histogram"] = histogram(mated, nonmated)
    if settings.reject_fmr * len(nonmated) >= 1:
        errors = mated <= threshold_at_fmr(nonmated, settings.reject_fmr)
        quality = trials["quality"].to_numpy()[result.same]
        rule = (
            f"FNMR of the remaining mated pairs, threshold at FMR {settings.reject_fmr:g} over all pairs; "
            "quality of a pair: the smaller norm"
        )
        summary["reject"] = {**error_versus_reject(errors, quality), "rule": rule}
    shown = trials
    if protocol.all_pairs:
        summary["all_pairs"], over_all, shown = score_all_pairs(embeddings, protocol, settings, seed, similarity)
        estimates |= over_all
    if not similarity:
        groups = groupings(embeddings, protocol.groups)
        over = {"over": "all pairs" if protocol.all_pairs else "the protocol's pairs"}
        summary["thresholds"] = over | image_thresholds(shown, embeddings, groups, settings, seed)
    summary["metrics"] = intervals(estimates, settings.confidence)
    return Scored(summary, trials, images, estimates)
