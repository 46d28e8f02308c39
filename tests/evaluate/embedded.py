"""What several tests do with embeddings and trials."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence

import numpy as np
import pyarrow as pa

from lgaf.evaluate.bootstrap import Estimate
from lgaf.evaluate.compare import Difference, paired_difference
from lgaf.evaluate.identification.estimates import estimate_rank
from lgaf.evaluate.replicates import hash_of_trials
from lgaf.evaluate.templates.ranking import rank_pairs
from lgaf.evaluate.templates.resampled import estimate_ranking
from lgaf.evaluate.verification.estimates import estimate_verification
from lgaf.formats.embeddings import Embeddings


def faces(people=30, each=4, noise=0.9, attention=True, seed=0):
    """``each`` images of each person, named pPP_K; the more of a face is hidden, the noisier its embedding."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(people), each)
    hidden = rng.random(len(labels)).astype(np.float32)
    vectors = rng.standard_normal((people, 16))[labels]
    vectors = vectors + noise * (0.5 + hidden[:, None]) * rng.standard_normal(vectors.shape)
    weights = np.stack([hidden, 1 - hidden], axis=1)
    return Embeddings(
        names=[f"p{label:02}_{i % each}" for i, label in enumerate(labels)],
        labels=labels.astype(np.int32),
        vectors=vectors.astype(np.float32),
        norms=(30 - 10 * hidden).astype(np.float32),
        attention=weights.astype(np.float32) if attention else None,
        flip=True,
        truth={"hidden": hidden, "yaw": np.full(len(labels), np.nan, np.float32)},
    )


def without(embeddings: Embeddings, missing: Collection[str]) -> Embeddings:
    """The embeddings of all images but those named."""
    kept = np.array([name not in missing for name in embeddings.names])
    return dataclasses.replace(
        embeddings,
        names=[name for name in embeddings.names if name not in missing],
        labels=embeddings.labels[kept],
        vectors=embeddings.vectors[kept],
        norms=embeddings.norms[kept],
        attention=None if embeddings.attention is None else embeddings.attention[kept],
        truth={name: values[kept] for name, values in embeddings.truth.items()},
    )


def estimate(trials: pa.Table, metrics: Sequence[str], seed: int, replicates: int) -> dict[str, Estimate]:
    """Each metric of any protocol's trials."""
    if "fold" in trials.column_names:
        return estimate_verification(trials, metrics, seed, replicates)
    if "rank" in trials.column_names:
        return {name: estimate_rank(trials, name, seed, replicates) for name in metrics}
    return estimate_ranking(rank_pairs(trials), metrics, seed, replicates)


def differences(
    first: pa.Table, second: pa.Table, metrics: Sequence[str], seed: int = 0, replicates: int = 1000
) -> dict[str, Difference]:
    """Two methods' tables of the same trials, compared metric by metric on the same resamples."""
    assert hash_of_trials(first) == hash_of_trials(second)
    one, other = (estimate(table, metrics, seed, replicates) for table in (first, second))
    return {name: paired_difference(one[name], other[name]) for name in metrics}
