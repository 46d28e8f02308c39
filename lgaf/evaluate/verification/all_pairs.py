"""A benchmark scored over all pairs of its images, beside the pairs that its protocol lists. **Ours**; no paper does.

Seventy people of five images are 700 mated and 60,375 non-mated pairs, of which a list draws a few hundred. All of them
tell more of the same people, and a false accept rate can be read from them without folds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from lgaf.errors import DataError
from lgaf.evaluate.bootstrap import RESAMPLES_A_CHUNK, Estimate, Seed, draws
from lgaf.evaluate.images import Images, locate
from lgaf.evaluate.lines import LEFT_OUT, embedding_line, interval_line, left_out_lines, missing_lines
from lgaf.evaluate.names import ALL_PAIRS, AUC, tar_name
from lgaf.evaluate.replicates import hash_of_trials
from lgaf.evaluate.similarity import QMagFace
from lgaf.evaluate.vectors import pair_scores, unit
from lgaf.evaluate.verification.weighted_roc import sort_pairs

if TYPE_CHECKING:
    from lgaf.evaluate.settings import EvaluateSettings
    from lgaf.formats.embeddings import Embeddings
    from lgaf.formats.protocol import Verification

FARS = (1e-2, 1e-3)
"""False accept rates that are reported."""


def score_all_pairs(
    embeddings: Embeddings,
    protocol: Verification,
    settings: EvaluateSettings,
    seed: Seed,
    similarity: QMagFace | None = None,
) -> tuple[dict[str, Any], dict[str, Estimate], pa.Table]:
    """TAR@FAR and AUC over every pair of the images that ``protocol.all_pairs`` lists.

    Returns a block of the summary, ``protocol``, ``images`` and ``trials`` as in the summary itself and ``compared``,
    the hash of who is compared with whom; each metric with its replicates; and the trials.

    Raises:
        DataError: as :func:`all_pairs_trials`; pairs that are all mated or all non-mated.
    """
    lists = protocol.all_pairs
    trials, images = all_pairs_trials(embeddings, lists, settings.max_missing, similarity)
    estimates = estimate_all_pairs(trials, seed, settings.replicates)
    mated = int(np.count_nonzero(trials["same"]))
    nonmated = trials.num_rows - mated
    which = "every two images" if len(lists) == 1 else "every image of one kind with every image of the other"
    lines = [
        embedding_line(embeddings.flip, similarity),
        "TAR at the lowest threshold whose FAR over all non-mated pairs is at most the target: no folds, no "
        "interpolation, equal scores accepted together; AUC: equal scores count half",
        f"{which}: {mated:,} mated and {nonmated:,} non-mated pairs",
        f"{interval_line(settings, True)}, thresholds set anew in each",
        *left_out_lines([tar_name(far) for far in FARS], [*map(tar_name, shown_fars(nonmated))], nonmated),
        *protocol.notes,
        *missing_lines(images, LEFT_OUT),
    ]
    counts = [len(names) for names in lists]
    asked = counts[0] * (counts[0] - 1) // 2 if len(lists) == 1 else counts[0] * counts[1]
    block = {
        "protocol": lines,
        "images": images.block(),
        "trials": {"asked": asked, "used": trials.num_rows, "dropped": 0},
        "compared": hash_of_trials(trials),
    }
    return block, estimates, trials


def all_pairs_trials(
    embeddings: Embeddings, lists: Sequence[Sequence[str]], max_missing: float, similarity: QMagFace | None = None
) -> tuple[pa.Table, Images]:
    """Score every two images of one list, or every image of one list with every image of another.

    Missing images are left out. The table: left, right (names), identity_left, identity_right, same, score (cosine, or
    what ``similarity`` makes of it).

    Raises:
        DataError: as :func:`lgaf.evaluate.images.locate`; an image is listed twice, or its identity is unknown.
    """
    listed = [name for names in lists for name in names]
    if len(set(listed)) < len(listed):
        raise DataError("all pairs: an image is listed twice and would meet itself; make the protocol again")
    images = locate(embeddings, listed, max_missing)
    names, rows = list(images.rows), np.array(list(images.rows.values()), np.int64)
    labels = embeddings.labels[rows]
    if (labels < 0).any():
        name = names[int((labels < 0).argmax())]
        raise DataError(f"all pairs: the identity of {name!r} is unknown, and so which pairs are mated")
    if len(lists) == 1:
        left, right = np.triu_indices(len(rows), 1)
    else:
        first = len(images.present(lists[0]))
        left = np.repeat(np.arange(first), len(rows) - first)
        right = np.tile(np.arange(first, len(rows)), first)
    score = pair_scores(unit(embeddings.vectors[rows].astype(np.float64), "all pairs", rows), left, right)
    if similarity:
        norms = embeddings.norms[rows]
        score = similarity(score, np.minimum(norms[left], norms[right]))
    column = pa.array(names, pa.string())
    table = pa.table(
        {
            "left": column.take(pa.array(left)),
            "right": column.take(pa.array(right)),
            "identity_left": labels[left],
            "identity_right": labels[right],
            "same": labels[left] == labels[right],
            "score": score,
        }
    )
    return table, images


def estimate_all_pairs(trials: pa.Table, seed: Seed, replicates: int) -> dict[str, Estimate]:
    """Each metric by the name that results carry: TAR at those of FARS that the pairs can show, and AUC.

    People are drawn as for the list of pairs, so that of equal people replicate r is of the same resample; thresholds
    are set anew in each, as there.

    Raises:
        DataError: pairs that are all mated or all non-mated.
    """
    pairs = sort_pairs(trials)
    fars = shown_fars(len(pairs.run))
    values = pairs.rates(np.ones((pairs.people, 1)), fars)[:, 0]
    drawn = draws(pairs.people, replicates, seed, RESAMPLES_A_CHUNK)
    resampled = np.concatenate([pairs.rates(weights, fars) for weights in drawn], axis=1)
    mated = len(pairs.person), len(np.unique(pairs.person))
    counts = {f"{ALL_PAIRS}{tar_name(far)}": mated for far in fars} | {AUC: (trials.num_rows, pairs.people)}
    return {
        name: Estimate(float(value), n, units, replicate)
        for (name, (n, units)), value, replicate in zip(counts.items(), values, resampled, strict=True)
    }


def shown_fars(nonmated: int) -> list[float]:
    """Those of FARS that ``nonmated`` pairs can show."""
    return [far for far in FARS if far * nonmated >= 1]
