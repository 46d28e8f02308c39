"""Templates to try things on, and what insightface's code makes of them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from sklearn.metrics import roc_curve
from sklearn.preprocessing import normalize

from lgaf.evaluate import EvaluateSettings
from lgaf.evaluate.templates.ranking import rank_pairs
from lgaf.formats.embeddings import Embeddings
from lgaf.formats.templates import MEMBERS, PAIRS, Templates

RATES = (1e-6, 1e-3, 0.01, 0.05, 0.1, 0.3, 0.5, 0.9, 1)

QUICK = EvaluateSettings(replicates=100)


def insightface_pool(features, templates, medias):
    """As ``image2template_feature`` goes: one template after the other, one medium after the other."""
    pooled = []
    for template in np.unique(templates):
        of_template, media = features[templates == template], medias[templates == template]
        means = [np.mean(of_template[media == medium], axis=0, keepdims=True) for medium in np.unique(media)]
        pooled.append(np.sum(np.array(means), axis=0)[0].astype(np.float64))
    return normalize(np.array(pooled))


def insightface_tar(same, scores, far):
    """As its last cell reads scikit-learn's curve."""
    false, true, _ = roc_curve(same, scores)
    false, true = np.flipud(false), np.flipud(true)
    return true[min(zip(np.abs(false - far), range(len(false)), strict=True))[1]]


def table(left, right, same, scores):
    columns = zip((left, right, same, scores), (pa.int32(), pa.int32(), pa.bool_(), pa.float64()), strict=True)
    return pa.table([pa.array(values, kind) for values, kind in columns], ["left", "right", "same", "score"])


def ranked(same, scores):
    count = len(same)
    return rank_pairs(table(np.arange(count), np.arange(count) + count, same, scores))


def example(people=14, each=4, noise=1.2, seed=0):
    """Images of two media in each of ``each`` templates a person, all pairs of templates; some images blurred."""
    rng = np.random.default_rng(seed)
    template = np.repeat(np.arange(people * each), 3)
    person = template // each
    names = [f"{number}.jpg" for number in range(len(template))]
    detector = rng.random(len(template)).astype(np.float32)
    vectors = rng.standard_normal((people, 16))[person]
    vectors = vectors + noise * (2 - detector[:, None]) * rng.standard_normal(vectors.shape)
    embeddings = Embeddings(
        names=names,
        labels=np.full(len(names), -1, np.int32),
        vectors=vectors.astype(np.float32),
        norms=np.linalg.norm(vectors, axis=1).astype(np.float32),
        attention=None,
        flip=True,
        truth={},
    )
    members = pa.table([names, template + 100, np.tile([7, 8, 8], len(names) // 3), detector], schema=MEMBERS)
    left, right = np.triu_indices(people * each, 1)
    pairs = pa.table([left + 100, right + 100, left // each == right // each], schema=PAIRS)
    return embeddings, Templates(members=members, pairs=pairs, notes=["a note of the reader's"])


def tables_tar(trials, far):
    return insightface_tar(trials["same"].to_numpy(), trials["score"].to_numpy(), far)
