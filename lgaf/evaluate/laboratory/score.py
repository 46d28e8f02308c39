"""One model in the damage laboratory: clean faces against damaged ones, a condition at a time. **Ours**; see
docs/damage.md.

Of a network with two branches everything is measured five times, on the same pairs and resamples: its embedding, each
branch alone, one weight for all images, and the better branch for each image.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from lgaf.damage.kinds import BY_NAME, CLEAN, KINDS
from lgaf.errors import DataError
from lgaf.evaluate.bootstrap import Estimate, Seed, draws
from lgaf.evaluate.laboratory.conditions import (
    AUC,
    CONSTANT,
    FAR,
    FUSED,
    GLOBAL,
    LOCAL,
    NAME,
    ORACLE,
    REPLICATES,
    SPEARMAN,
    SUMMARY,
    TAR,
    WEIGHT,
    WEIGHTS,
    Condition,
    Laboratory,
)
from lgaf.evaluate.laboratory.crossed import Crossed, tar, thresholds
from lgaf.evaluate.laboratory.crossed_auc import auc
from lgaf.evaluate.laboratory.reject import reject_estimates
from lgaf.evaluate.laboratory.weighted_rank import weighted_spearman

if TYPE_CHECKING:
    from lgaf.evaluate.settings import EvaluateSettings
    from lgaf.formats.embeddings import Embeddings
    from lgaf.provenance import Made


def score_laboratory(
    embeddings: Embeddings, settings: EvaluateSettings, seed: Seed
) -> tuple[dict[str, Any], dict[str, Estimate]]:
    """Score one model in the laboratory.

    Returns a JSON-ready summary, ``protocol`` [line to print], ``images`` {clean, damaged, people, damaged_people},
    ``mated`` and ``nonmated`` pairs a condition, ``constant`` the best of WEIGHTS (None for a plain network) and
    ``constants`` {condition: TAR with each of WEIGHTS}; and the metrics with their replicates, named ``mask-3 auc``:
    TAR and AUC of each condition, of two branches the same of FUSED, LOCAL and GLOBAL and the TAR of CONSTANT and
    ORACLE, WEIGHT of each condition and SPEARMAN of each kind; REJECT of each kind and measure of quality. People are
    drawn once, so all are paired.

    Raises:
        DataError: the embeddings are not of the laboratory, or there is no pair of a kind.
    """
    laboratory = Laboratory(embeddings)
    for each in laboratory.conditions.values():
        each.pairs.check()
    (drawn,) = draws(laboratory.people, settings.replicates, seed, settings.replicates)
    weights = np.concatenate([np.ones((laboratory.people, 1)), drawn], axis=1)
    constants = constant_rates(laboratory) if laboratory.branches else {}
    best = best_constant(constants) if constants else None
    found: dict[str, Estimate] = {}
    for each in laboratory.conditions.values():
        count, units = len(each.pairs.mated), len(np.unique(each.pairs.probe))
        for name, (value, replicates) in measured(laboratory, each, best, weights):
            found[f"{each.name} {name}"] = Estimate(value, count, units, replicates)
    if embeddings.attention is not None:
        found |= weight_estimates(laboratory, weights)
    found |= reject_estimates(laboratory, weights)
    first = next(iter(laboratory.conditions.values())).pairs
    people = len(np.unique(first.probe))
    summary = {
        "protocol": [
            "embeddings without the mirror image's, scaled to length 1; cosine",
            f"{len(first.probe):,} faces of {people:,} people, each damaged in every kind at every level, against "
            f"{len(first.gallery):,} clean ones of {laboratory.people:,}, never against the face it was made from: "
            f"{len(first.mated):,} mated and {len(first.nonmated):,} non-mated pairs a level",
            f"{TAR} at the lowest threshold whose FAR over the non-mated pairs of kind and level is at most that",
            f"{100 * settings.confidence:g} % intervals: {settings.replicates:,} bootstrap resamples of identities, "
            "thresholds set anew in each; of the AUC to first order",
        ],
        "constant": None if best is None else WEIGHTS[best],
        "constants": constants,
    }
    return summary, found


def measured(
    laboratory: Laboratory, each: Condition, best: int | None, weights: np.ndarray
) -> Iterator[tuple[str, tuple[float, np.ndarray]]]:
    """The metrics of one condition: name, value and (R,) replicates; the first column of ``weights`` is all ones."""

    def rate(values: np.ndarray) -> tuple[float, np.ndarray]:
        return float(values[0]), values[1:]

    def both(prefix: str, scores: np.ndarray) -> Iterator[tuple[str, tuple[float, np.ndarray]]]:
        yield prefix + TAR, rate(tar(each.pairs, scores, FAR, weights))
        yield prefix + AUC, auc(each.pairs, scores, weights[:, 1:])

    yield from both(FUSED, laboratory.cosines(each.rows, laboratory.fused))
    if best is not None:
        local, global_ = (laboratory.cosines(each.rows, laboratory.weighted[place]) for place in (-1, 0))
        yield from both(LOCAL, local)
        yield from both(GLOBAL, global_)
        constant = laboratory.cosines(each.rows, laboratory.weighted[best])
        yield CONSTANT + TAR, rate(tar(each.pairs, constant, FAR, weights))
        yield ORACLE + TAR, rate(tar(each.pairs, oracle(each.pairs, local, global_), FAR, weights))


def constant_rates(laboratory: Laboratory) -> dict[str, list[float]]:
    """{condition: TAR with each of WEIGHTS}."""
    ones = np.ones((laboratory.people, 1))
    return {
        each.name: [
            float(tar(each.pairs, laboratory.cosines(each.rows, vectors), FAR, ones)[0])
            for vectors in laboratory.weighted
        ]
        for each in laboratory.conditions.values()
    }


def best_constant(rates: dict[str, list[float]]) -> int:
    """Place in WEIGHTS of the one with the highest mean TAR over all damage, chosen on the very pairs."""
    return int(np.argmax(np.mean([values for name, values in rates.items() if name != CLEAN], axis=0)))


def oracle(pairs: Crossed, local: np.ndarray, global_: np.ndarray) -> np.ndarray:
    """(D, G) scores where each probe is compared by the branch that serves it better, as nobody can know beforehand.

    Scores of either branch are taken from its threshold, in standard deviations of its non-mated scores, so that the
    two share a scale; the better branch has the higher mean over the probe's mated pairs. A bound: it also picks luck.
    """
    ones = np.ones((pairs.people, 1))
    mated = np.zeros(local.shape, np.float32)
    mated.ravel()[pairs.mated] = 1
    scaled = []
    for scores in (local, global_):
        spread = float(scores.ravel()[pairs.nonmated].std())
        threshold = thresholds(pairs, scores, FAR, ones)[0]
        scaled.append((scores - (threshold if np.isfinite(threshold) else 0)) / (spread or 1))
    better = (mated * (scaled[0] - scaled[1])).sum(axis=1) > 0
    return np.where(better[:, None], *scaled)


def weight_estimates(laboratory: Laboratory, weights: np.ndarray) -> dict[str, Estimate]:
    """WEIGHT of each condition, and SPEARMAN of each kind: every face at all levels, undamaged too.

    A weight that is the same for every face, as that of a plain sum, follows nothing and has no SPEARMAN.
    """
    attention, strength = laboratory.embeddings.attention, laboratory.embeddings.truth["strength"]
    assert attention is not None
    local, found = attention[:, 0], {}

    def estimate(values: np.ndarray, rows: np.ndarray) -> Estimate:
        return Estimate(float(values[0]), len(rows), len(np.unique(laboratory.person[rows])), values[1:])

    for each in laboratory.conditions.values():
        own = weights[laboratory.person[each.rows]]
        with np.errstate(invalid="ignore"):
            found[f"{each.name} {WEIGHT}"] = estimate((local[each.rows] @ own) / own.sum(axis=0), each.rows)
    for number, kind in enumerate(KINDS, start=1):
        damaged = np.flatnonzero(laboratory.kind == number)
        rows = np.concatenate([laboratory.sources, damaged])
        if not len(damaged) or np.ptp(local[rows]) == 0:
            continue
        harm = strength[rows] if BY_NAME[kind.name].rises else -strength[rows]
        harm[: len(laboratory.sources)] = -np.inf  # no damage is less than any
        rho = weighted_spearman(local[rows], harm, weights[laboratory.person[rows]])
        found[f"{kind.name} {SPEARMAN}"] = estimate(rho, rows)
    return found


def score_files(
    embeddings: Path,
    folder: Path,
    row: str,
    train_seed: int,
    settings: EvaluateSettings,
    seed: int,
    made: Made | None = None,
) -> None:
    """:func:`score_laboratory` from a file to two in ``folder``, REPLICATES and SUMMARY. seed: of the bootstrap. made:
    where the numbers are from, for the summary to say.

    Raises:
        DataError: the file is missing or broken, or not of the laboratory.
    """
    from lgaf.evaluate.replicates import Replicates, describe_draws, seed_of, write_replicates
    from lgaf.files import write_json
    from lgaf.formats.content import content_hash
    from lgaf.formats.embeddings import read_embeddings

    found = read_embeddings(embeddings)
    try:
        summary, estimates = score_laboratory(found, settings, seed_of(seed, NAME))
    except DataError as error:
        raise DataError(f"{embeddings}: {error}") from None
    compared = pa.table({"name": found.names, "label": found.labels, "source": found.truth["source"]})
    drawn = describe_draws(seed, NAME, settings.replicates)
    write_replicates(folder / REPLICATES, Replicates(estimates, content_hash(compared), drawn, NAME))
    told = {"method": row, "seed": train_seed, **({} if made is None else {"made": made.model_dump()})}
    write_json(folder / SUMMARY, {**told, **summary})
