"""From embeddings and a protocol to trials: who is compared with whom, and what came of it. One row a trial."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lgaf.errors import DataError
from lgaf.evaluate.identification import DISTRACTOR, DROPPED, mate_ranks
from lgaf.evaluate.templates import pair_scores, pool
from lgaf.evaluate.verification import VerificationResult, distances, fold_numbers, judge

if TYPE_CHECKING:
    from lgaf.evaluate.settings import EvaluateSettings
    from lgaf.formats.embeddings import Embeddings
    from lgaf.formats.protocol import Identification, Templates, Verification


@dataclass(frozen=True)
class Images:
    """Where in the embeddings the images stand that a protocol asks for."""

    rows: dict[str, int]
    """Name -> row, of those that are there, in the order asked."""
    missing: list[str] = field(default_factory=list)

    def present(self, names: Iterable[str]) -> list[str]:
        """The names that are there."""
        return [name for name in names if name in self.rows]

    def __getitem__(self, names: Iterable[str]) -> np.ndarray:
        return np.array([self.rows[name] for name in names], dtype=np.int64)

    def block(self) -> dict[str, Any]:
        """What a summary says of them."""
        used, missing = len(self.rows), len(self.missing)
        return {"asked": used + missing, "used": used, "missing": missing, "missing_names": self.missing}


def locate(embeddings: Embeddings, asked: Iterable[str], max_missing: float) -> Images:
    """Find the images that a protocol asks for.

    Raises:
        DataError: two embeddings of one name, or a larger share than ``max_missing`` is missing.
    """
    known = {name: row for row, name in enumerate(embeddings.names)}
    if len(known) < len(embeddings.names):
        twice = next(name for row, name in enumerate(embeddings.names) if known[name] != row)
        raise DataError(f"embeddings: the name {twice!r} occurs twice; names in a pack must differ")
    names = list(dict.fromkeys(asked))
    missing = [name for name in names if name not in known]
    if len(missing) > max_missing * len(names):
        raise DataError(
            f"{len(missing)} of {len(names)} images that the protocol asks for lack an embedding, as {missing[0]!r}; "
            f"evaluate.max_missing allows a share of {max_missing:g}: see why alignment left them out, or raise it"
        )
    return Images({name: known[name] for name in names if name in known}, missing)


def verification_trials(
    embeddings: Embeddings, protocol: Verification, max_missing: float
) -> tuple[VerificationResult, pa.Table, Images]:
    """Score a protocol's pairs. A pair with a missing image is left out; the others keep their folds.

    The table: left, right (names), identity_left, identity_right, same, fold, score (cosine), correct, quality (the
    smaller of the two norms), and condition where the protocol has them.

    Raises:
        DataError: as :func:`locate` and :func:`judge`, or a pair's ``same`` contradicts its identities.
    """
    images = locate(embeddings, (name for pair in protocol.pairs for name in pair[:2]), max_missing)
    sizes = protocol.fold_sizes
    folds = np.repeat(np.arange(len(sizes)), sizes) if sizes else fold_numbers(len(protocol.pairs), protocol.folds)
    kept = [i for i, pair in enumerate(protocol.pairs) if pair[0] in images.rows and pair[1] in images.rows]
    pairs = [protocol.pairs[i] for i in kept]
    left_names, right_names = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    left, right = images[left_names], images[right_names]
    same = np.array([pair[2] for pair in pairs], dtype=bool)
    identity = embeddings.labels[left], embeddings.labels[right]
    known = (identity[0] >= 0) & (identity[1] >= 0)
    if (wrong := known & (same != (identity[0] == identity[1]))).any():
        pair = pairs[int(np.flatnonzero(wrong)[0])]
        raise DataError(
            f"pair {pair[0]!r}, {pair[1]!r}: the protocol says {'same' if pair[2] else 'different'}, their identities "
            "say otherwise; make pack and protocol again, together"
        )
    result = judge(distances(embeddings.vectors[left], embeddings.vectors[right]), same, folds[kept])
    table = pa.table(
        {
            "left": pa.array(left_names, pa.string()),
            "right": pa.array(right_names, pa.string()),
            "identity_left": identity[0],
            "identity_right": identity[1],
            "same": same,
            "fold": folds[kept],
            "score": result.scores,
            "correct": result.correct,
            "quality": np.minimum(embeddings.norms[left], embeddings.norms[right]),
        }
    )
    if protocol.conditions:
        table = table.append_column("condition", pa.array([protocol.conditions[i] for i in kept], pa.string()))
    return result, table, images


def identification_trials(
    embeddings: Embeddings, protocol: Identification, max_missing: float
) -> tuple[pa.Table, Images]:
    """Search every probe of every set in the gallery. Missing images are left out.

    The table: set, probe (name), identity, rank (number of gallery entries of others that score at least as high as
    the best mate; null for a dropped probe), dropped (no mate in the gallery), quality (norm).

    Raises:
        DataError: as :func:`locate`; an empty gallery; an image in the gallery twice, or also among the probes.
    """
    probes = [(name, probe) for name, probe_set in protocol.probes.items() for probe in probe_set]
    entries = [*protocol.gallery, *protocol.distractors]
    images = locate(embeddings, [*entries, *(probe for _, probe in probes)], max_missing)
    if len(set(entries)) < len(entries):
        raise DataError("the gallery holds an image twice; make the protocol again")
    if both := set(entries).intersection(probe for _, probe in probes):
        raise DataError(f"{min(both)!r} is both probe and gallery and would find itself; make the protocol again")
    mates, distractors = images[images.present(protocol.gallery)], images[images.present(protocol.distractors)]
    gallery = np.concatenate([mates, distractors])
    gallery_ids = np.concatenate([embeddings.labels[mates], np.full(len(distractors), DISTRACTOR)])
    probes = [(name, probe) for name, probe in probes if probe in images.rows]
    rows = images[[probe for _, probe in probes]]
    vectors, labels = embeddings.vectors, embeddings.labels
    found = mate_ranks(vectors[gallery], gallery_ids, vectors[rows], labels[rows])
    table = pa.table(
        {
            "set": pa.array([name for name, _ in probes], pa.string()),
            "probe": pa.array([probe for _, probe in probes], pa.string()),
            "identity": labels[rows],
            "rank": pa.array(found, pa.int64(), mask=found == DROPPED),
            "dropped": found == DROPPED,
            "quality": embeddings.norms[rows],
        }
    )
    return table, images


def template_trials(embeddings: Embeddings, protocol: Templates, settings: EvaluateSettings) -> tuple[pa.Table, Images]:
    """Pool images to templates and score a protocol's pairs. A template that has lost images is pooled without them.

    The table: left, right (numbers of templates), same, score (cosine). A pair of a template that has lost all is left
    out.

    Raises:
        DataError: as :func:`locate`.
    """
    members = protocol.members
    names = members["image"].to_pylist()
    images = locate(embeddings, names, settings.max_missing)
    rows = np.array([images.rows.get(name, -1) for name in names])
    kept = rows >= 0
    template, media, weights = (members[key].to_numpy()[kept] for key in ("template", "media", "score"))
    with_score = settings.templates.protocol == "insightface"
    ids, vectors = pool(embeddings.vectors[rows[kept]], template, media, weights if with_score else None)
    pairs = protocol.pairs
    left, right = (pc.index_in(pairs[side], value_set=pa.array(ids)) for side in ("left", "right"))
    if left.null_count or right.null_count:
        whole = pc.and_(pc.is_valid(left), pc.is_valid(right))
        pairs, left, right = pairs.filter(whole), left.filter(whole), right.filter(whole)
    scores = pair_scores(vectors, left.to_numpy(), right.to_numpy())
    return pairs.append_column("score", pa.array(scores)), images
