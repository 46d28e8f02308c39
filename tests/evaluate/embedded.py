"""Changes to embeddings that several tests make."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection

import numpy as np

from lgaf.formats.embeddings import Embeddings


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
