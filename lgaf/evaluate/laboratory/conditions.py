"""The conditions of the damage laboratory: who is compared with whom, and by which feature."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from lgaf.damage.kinds import CLEAN, KINDS, condition
from lgaf.errors import DataError
from lgaf.evaluate.laboratory.crossed import Crossed
from lgaf.evaluate.names import tar_name
from lgaf.evaluate.vectors import unit

if TYPE_CHECKING:
    from lgaf.formats.embeddings import Embeddings

NAME = "damage"
"""What stands before the ``/`` in the name of a condition in print, and the name of the draws of people."""
REPLICATES, SUMMARY = "replicates.arrow", "summary.json"
FAR = 1e-2
TAR, AUC = tar_name(FAR), "auc"
FUSED, LOCAL, GLOBAL, CONSTANT, ORACLE = "", "local_", "global_", "constant_", "oracle_"
"""How the name of a metric begins, by the feature that it is of; a plain network has the first alone."""
WEIGHT = "local_weight"
"""Mean weight of the local feature over the damaged faces of a condition."""
SPEARMAN = "spearman"
"""Of the local weight and the strength, over all levels of a kind and the faces undamaged."""
REJECT = "reject"
"""How the name of a metric ends that judges a measure of quality: its area of error versus reject, 1 by chance."""
NORM, LOCAL_NORM, GLOBAL_NORM, VISIBLE = (
    f"{measure}_{REJECT}" for measure in ("norm", "local_norm", "global_norm", "visible")
)
"""The measures: the length of the embedding, which every row has, of f_local and of f_global, and what is visible."""
WEIGHTS = tuple(step / 10 for step in range(11))
"""The weights of the local feature that are tried as one for all images."""


@dataclass(frozen=True, eq=False)
class Condition:
    """The probes of one condition: their rows in the embeddings, and with whom they are compared."""

    name: str
    rows: np.ndarray
    pairs: Crossed


class Laboratory:
    """One model's embeddings of the laboratory's pack, and its conditions: clean, then each kind at each level."""

    def __init__(self, embeddings: Embeddings):
        self.embeddings = embeddings
        lacking = [name for name in ("kind", "level", "strength", "source") if name not in embeddings.truth]
        if lacking:
            raise DataError(f"has no column {lacking[0]!r}: no embeddings of the damage laboratory; run `dvc repro`")
        self.kind, self.level, self.source = (
            embeddings.truth[name].astype(np.int64) for name in ("kind", "level", "source")
        )
        self.clean = np.flatnonzero(self.kind == 0)
        people, person = np.unique(embeddings.labels, return_inverse=True)
        self.people, self.person = len(people), person
        if not np.array_equal(self.clean, np.arange(len(self.clean))):
            raise DataError("the clean faces do not stand first; make the pack again: `dvc repro -f damage`")

    @property
    def branches(self) -> bool:
        """Whether the network has two."""
        return self.embeddings.local is not None

    @cached_property
    def sources(self) -> np.ndarray:
        """Rows of the clean faces that were damaged."""
        return np.unique(self.source[self.kind > 0])

    @cached_property
    def conditions(self) -> dict[str, Condition]:
        """{name: its probes}."""
        rows = {CLEAN: self.sources}
        for number, kind in enumerate(KINDS, start=1):
            for level in np.unique(self.level[self.kind == number]).tolist():
                rows[condition(kind.name, level)] = np.flatnonzero((self.kind == number) & (self.level == level))
        gallery = self.person[self.clean]
        return {
            name: Condition(name, own, Crossed(self.person[own], gallery, self.source[own], self.people))
            for name, own in rows.items()
        }

    def cosines(self, rows: np.ndarray, vectors: np.ndarray) -> np.ndarray:
        """(D, G) float32 cosines of ``rows`` of (N, E) unit ``vectors`` with the clean ones."""
        return vectors[rows] @ vectors[self.clean].T

    @cached_property
    def fused(self) -> np.ndarray:
        """(N, D) unit embeddings."""
        return unit(self.embeddings.vectors, "embeddings")

    @cached_property
    def weighted(self) -> list[np.ndarray]:
        """For each of WEIGHTS the (N, E) unit vectors of that weight; [w f_l, (1 - w) f_g] of a network that joins so.

        The branches are joined as its fusion does, but for the weight: added where both have the embedding's length.
        """
        local, global_ = self.embeddings.local, self.embeddings.global_
        assert local is not None
        assert global_ is not None
        added = local.shape == self.embeddings.vectors.shape
        found = []
        for weight in WEIGHTS:
            parts = np.float32(weight) * local, np.float32(1 - weight) * global_
            found.append(unit(parts[0] + parts[1] if added else np.concatenate(parts, axis=1), "branches"))
        return found
