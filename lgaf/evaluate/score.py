"""One method on one benchmark: embeddings and protocol in; a summary to print and plot, and a table of trials, out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lgaf.errors import DataError
from lgaf.evaluate.all_pairs import score_all_pairs
from lgaf.evaluate.bootstrap import Estimate, Seed
from lgaf.evaluate.estimates import accuracy_name, estimate, estimate_ranking, rank_name, tar_name
from lgaf.evaluate.lines import FUSION, LEFT_OUT, embedding_line, interval_line, left_out_lines, missing_lines
from lgaf.evaluate.quality import correlations, trend
from lgaf.evaluate.reject import error_versus_reject, threshold_at_fmr
from lgaf.evaluate.replicates import Replicates, describe_draws, hash_of_trials, seed_of, write_replicates
from lgaf.evaluate.settings import EvaluateSettings
from lgaf.evaluate.templates import FARS, rank_pairs
from lgaf.evaluate.trials import Images, identification_trials, template_trials, verification_trials

if TYPE_CHECKING:
    from lgaf.formats.embeddings import Embeddings
    from lgaf.formats.protocol import Identification, Protocol, Templates, Verification

Scored = tuple[dict[str, Any], pa.Table, Images, dict[str, Estimate]]
CAUSES = ("hidden", "deformation")
ROC_POINTS = 200
HISTOGRAM_BINS = 60
CMC_RANKS = 50
POOLING = {
    "insightface": "times the detector's score (insightface eval_ijbc.py)",
    "adaface": "without the detector's score (AdaFace validate_IJB_BC.py)",
}


def score(
    embeddings: Embeddings, protocol: Protocol, settings: EvaluateSettings, seed: Seed = 0
) -> tuple[dict[str, Any], pa.Table, dict[str, Estimate]]:
    """Score one model on one benchmark.

    Returns a JSON-ready summary, the trials (columns in :mod:`lgaf.evaluate.trials`) and each metric with its
    replicates. The summary:
    ``metrics`` {name: value, low, high, n}; ``protocol`` [line to print under the table]; ``images`` {asked, used,
    missing, missing_names}; ``trials`` {asked, used, dropped}; curves, None where the benchmark has none: ``roc`` {far,
    tar}, ``histogram`` {edges, mated, nonmated}, ``cmc`` {rank, rate} (or one such a probe set, by name), ``reject``
    {fraction, error, auc, rule}; ``folds`` {count, std, threshold}; ``attention`` {cause: centre, mean, error, count,
    spearman}; ``quality`` {truth column: spearman, n}; ``all_pairs``, see :func:`score_all_pairs`.

    Raises:
        DataError: embeddings and protocol do not fit together.
    """
    if protocol.kind == "verification":
        summary, trials, images, estimates = score_verification(embeddings, protocol, settings, seed)
    elif protocol.kind == "identification":
        summary, trials, images, estimates = score_identification(embeddings, protocol, settings, seed)
    else:
        summary, trials, images, estimates = score_templates(embeddings, protocol, settings, seed)
    then = "templates are pooled without them" if protocol.kind == "templates" else LEFT_OUT
    summary["protocol"] += [*protocol.notes, *missing_lines(images, then)]
    summary["images"] = images.block()
    summary |= truth_blocks(embeddings, np.array(list(images.rows.values())))
    summary["all_pairs"] = None
    if protocol.kind == "verification" and protocol.all_pairs:
        summary["all_pairs"], over_all = score_all_pairs(embeddings, protocol, settings, seed)
        summary["metrics"] |= intervals(over_all, settings.confidence)
        estimates |= over_all
    return summary, trials, estimates


def score_verification(
    embeddings: Embeddings, protocol: Verification, settings: EvaluateSettings, seed: Seed
) -> Scored:
    """Accuracy, TAR@FAR, ROC, score histogram and error versus reject of pairs."""
    result, trials, images = verification_trials(embeddings, protocol, settings.max_missing)
    mated, nonmated = result.scores[result.same], result.scores[~result.same]
    fars = [far for far in settings.far if far * len(nonmated) >= 1]
    conditions = list(dict.fromkeys(protocol.conditions or ()))
    names = ["accuracy", *map(tar_name, fars), *map(accuracy_name, conditions)]
    estimates = estimate(trials, names, seed, settings.replicates)
    sizes = protocol.fold_sizes
    uneven = f" of {min(sizes):,} to {max(sizes):,} pairs" if sizes else ""
    lines = [
        embedding_line(embeddings.flip),
        f"{protocol.folds} contiguous folds{uneven}; threshold of d = 2 - 2 cos from 0, 0.01 ... 3.99 chosen on the "
        "others (insightface); accuracy is the mean over folds",
        f"{len(mated):,} mated and {len(nonmated):,} non-mated pairs",
        interval_line(settings, (trials["identity_left"].to_numpy() >= 0).all()),
        *left_out_lines(settings.far, fars, len(nonmated)),
    ]
    if conditions:
        lines.append("accuracy of a condition: the share of its pairs judged right, by the thresholds of all pairs")
    summary = {
        "metrics": intervals(estimates, settings.confidence),
        "protocol": lines,
        "trials": {"asked": len(protocol.pairs), "used": trials.num_rows, "dropped": 0},
        "folds": {"count": protocol.folds, "std": result.std, "threshold": result.threshold},
        "roc": roc_points(*result.roc()),
        "histogram": histogram(mated, nonmated),
        "cmc": None,
        "reject": None,
    }
    if settings.reject_fmr * len(nonmated) >= 1:
        errors = mated <= threshold_at_fmr(nonmated, settings.reject_fmr)
        quality = trials["quality"].to_numpy()[result.same]
        rule = (
            f"FNMR of the remaining mated pairs, threshold at FMR {settings.reject_fmr:g} over all pairs; "
            "quality of a pair: the smaller norm"
        )
        summary["reject"] = {**error_versus_reject(errors, quality), "rule": rule}
    return summary, trials, images, estimates


def score_identification(
    embeddings: Embeddings, protocol: Identification, settings: EvaluateSettings, seed: Seed
) -> Scored:
    """Rank-k rates, CMC and error versus reject of each probe set."""
    trials, images = identification_trials(embeddings, protocol, settings.max_missing)
    names = [rank_name(probe_set, rank) for probe_set in protocol.probes for rank in protocol.ranks]
    estimates = estimate(trials, names, seed, settings.replicates)
    kept = trials.filter(pc.invert(trials["dropped"]))
    sets, ranks, quality = (kept[key].to_numpy() for key in ("set", "rank", "quality"))
    mates, distractors = len(images.present(protocol.gallery)), len(images.present(protocol.distractors))
    lines = [
        embedding_line(embeddings.flip),
        f"closed set: gallery of {mates + distractors:,} images, {distractors:,} of them distractors, no template "
        "pooling; ties count against the probe",
        "probes: " + ", ".join(f"{np.count_nonzero(sets == name):,} {name}".strip() for name in protocol.probes),
        interval_line(settings, True) + ", the gallery held fixed",
    ]
    if dropped := trials.num_rows - len(ranks):
        lines.append(f"{dropped:,} probes have no mate in the gallery and are dropped")
    depth = np.arange(1, min(CMC_RANKS, mates + distractors) + 1)
    curves = {
        name: {"rank": depth.tolist(), "rate": [float(np.mean(ranks[sets == name] < rank)) for rank in depth]}
        for name in protocol.probes
    }
    rule = "rank-1 misses among the remaining probes; quality: the probe's norm"
    summary = {
        "metrics": intervals(estimates, settings.confidence),
        "protocol": lines,
        "trials": {"asked": sum(map(len, protocol.probes.values())), "used": len(ranks), "dropped": dropped},
        "roc": None,
        "histogram": None,
        "cmc": curves[""] if list(curves) == [""] else curves,
        "reject": {**error_versus_reject(ranks > 0, quality), "rule": rule},
    }
    return summary, trials, images, estimates


def score_templates(embeddings: Embeddings, protocol: Templates, settings: EvaluateSettings, seed: Seed) -> Scored:
    """TAR@FAR, ROC and score histogram of pairs of templates."""
    trials, images = template_trials(embeddings, protocol, settings)
    ranking = rank_pairs(trials)
    mated, nonmated = ranking.scores[ranking.same], ranking.scores[~ranking.same]
    fars = [far for far in FARS if far * len(nonmated) >= 1]
    if not fars:
        raise DataError(
            f"{len(nonmated)} non-mated pairs of templates can show no rate; at least {1 / FARS[-1]:.0f} are needed"
        )
    estimates = estimate_ranking(ranking, [tar_name(far) for far in fars], seed, settings.replicates)
    templates = pc.count_distinct(protocol.members["template"]).as_py()
    lines = [
        f"image: its feature, {FUSION[embeddings.flip]}, norm kept, {POOLING[settings.templates.protocol]}",
        "template: mean over a photo's or video's images, sum over photos and videos, scaled to length 1; cosine",
        "TAR at the corner of the ROC curve whose FAR is nearest, no interpolation",
        f"{templates:,} templates; {len(mated):,} mated and {len(nonmated):,} non-mated pairs of them",
        f"{interval_line(settings, True)}, inferred: templates that a chain of mated pairs joins are one",
        *left_out_lines(FARS, fars, len(nonmated)),
    ]
    if lost := protocol.pairs.num_rows - trials.num_rows:
        lines.append(f"{lost:,} pairs are left out: one of the templates has lost all its images")
    summary = {
        "metrics": intervals(estimates, settings.confidence),
        "protocol": lines,
        "trials": {"asked": protocol.pairs.num_rows, "used": trials.num_rows, "dropped": 0},
        "roc": roc_points(*ranking.corners),
        "histogram": histogram(mated, nonmated),
        "cmc": None,
        "reject": None,
    }
    return summary, trials, images, estimates


def truth_blocks(embeddings: Embeddings, rows: np.ndarray) -> dict[str, Any]:
    """The ``attention`` and ``quality`` blocks over the images used; None where there is nothing to tell."""
    truth = {name: values[rows] for name, values in embeddings.truth.items()}
    attention: dict[str, Any] = {}
    if embeddings.attention is not None:
        local = embeddings.attention[rows, 0]
        trends = {cause: trend(local, truth[cause]) for cause in CAUSES if cause in truth}
        attention = {cause: found for cause, found in trends.items() if found}
    return {"attention": attention or None, "quality": correlations(embeddings.norms[rows], truth) or None}


def intervals(estimates: Mapping[str, Estimate], confidence: float) -> dict[str, dict[str, float]]:
    """{metric: value, low, high, n} as ``results/metrics.json`` has them."""
    found = {}
    for name, metric in estimates.items():
        low, high = metric.interval(confidence)
        found[name] = {"value": metric.value, "low": low, "high": high, "n": metric.n}
    return found


def roc_points(far: np.ndarray, tar: np.ndarray) -> dict[str, list[float]]:
    """At most 200 points of the staircase, at logarithmic steps of the false accept rate from the lowest to 1."""
    wanted = np.geomspace(far[far > 0].min(), 1, ROC_POINTS)
    place = np.unique(np.searchsorted(far, wanted * (1 + 1e-9), side="right") - 1)
    return {"far": far[place].tolist(), "tar": tar[place].tolist()}


def histogram(mated: np.ndarray, nonmated: np.ndarray) -> dict[str, list[float]]:
    """Counts of cosine scores in equal bins over [-1, 1]."""
    edges = np.linspace(-1, 1, HISTOGRAM_BINS + 1)
    counts = (np.histogram(np.clip(scores, -1, 1), edges)[0].tolist() for scores in (mated, nonmated))
    return {"edges": edges.tolist(), **dict(zip(("mated", "nonmated"), counts, strict=True))}


def score_files(
    embeddings: Path,
    protocol: Path,
    summary: Path,
    trials: Path,
    replicates: Path,
    row: str,
    train_seed: int,
    benchmark: str,
    settings: EvaluateSettings,
    seed: int,
) -> None:
    """:func:`score` from files to files, the summary named after row, seed of training and ``benchmark``.

    One that is not the published benchmark, by its protocol's notes, is named ``part/BENCHMARK``, one of the user's own
    ``own/BENCHMARK``: no table shows it beside published numbers. seed: of the bootstrap; each benchmark's people are
    drawn apart.

    Raises:
        DataError: a file is missing or broken, or the two do not fit together.
    """
    from lgaf.files import atomic, write_json
    from lgaf.formats.embeddings import read_embeddings
    from lgaf.formats.protocol import printed_name, read_protocol

    try:
        vectors, asked = read_embeddings(embeddings), read_protocol(protocol)
        found, table, estimates = score(vectors, asked, settings, seed_of(seed, benchmark))
    except DataError as error:
        if str(error).startswith((str(embeddings), str(protocol))):
            raise
        raise DataError(f"{embeddings} with {protocol}: {error}") from None
    with atomic(trials) as temporary, pa.ipc.new_file(str(temporary), table.schema) as sink:
        sink.write_table(table)
    compared = hash_of_trials(table)
    if found["all_pairs"]:
        compared += f" {found['all_pairs']['compared']}"
    drawn = describe_draws(seed, benchmark, settings.replicates)
    display = printed_name(benchmark, asked.notes)
    write_replicates(replicates, Replicates(estimates, compared, drawn, display))
    write_json(summary, {"method": row, "seed": train_seed, "benchmark": display, **found})
