"""From embeddings and a gallery with probes to trials, one row a probe."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from lgaf.errors import DataError
from lgaf.evaluate.identification.search import DISTRACTOR, DROPPED, ByQuality, search
from lgaf.evaluate.images import Images, locate
from lgaf.evaluate.similarity import QMagFace

if TYPE_CHECKING:
    from lgaf.formats.embeddings import Embeddings
    from lgaf.formats.protocol import Identification


def identification_trials(
    embeddings: Embeddings, protocol: Identification, max_missing: float, similarity: QMagFace | None
) -> tuple[pa.Table, Images]:
    """Search every probe of every set in the gallery. Missing images are left out.

    The table: set, probe (name), identity, rank (number of gallery entries of others that score at least as high as
    the best mate; null for a dropped probe), dropped (no mate in the gallery), quality (norm), nonmated (the person is
    known and not in the gallery, distractors included), mate and other (scores of the best mate and of the best other
    entry, cosines or what ``similarity`` makes of them; null where there is none), mate_image and other_image (names of
    these two).

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
    vectors, labels, norms = embeddings.vectors, embeddings.labels, embeddings.norms
    by_quality = ByQuality(similarity, norms[gallery], norms[rows]) if similarity else None
    found = search(vectors[gallery], gallery_ids, vectors[rows], labels[rows], by_quality)
    mateless = found.rank == DROPPED
    mate_image, other_image = (
        pa.array([embeddings.names[gallery[place]] if place >= 0 else None for place in at.tolist()], pa.string())
        for at in (found.mate_at, found.other_at)
    )
    table = pa.table(
        {
            "set": pa.array([name for name, _ in probes], pa.string()),
            "probe": pa.array([probe for _, probe in probes], pa.string()),
            "identity": labels[rows],
            "rank": pa.array(found.rank, pa.int64(), mask=mateless),
            "dropped": mateless,
            "quality": embeddings.norms[rows],
            "nonmated": mateless & (labels[rows] >= 0) & ~np.isin(labels[rows], labels[gallery]),
            "mate": pa.array(found.mate, pa.float32(), mask=mateless),
            "other": pa.array(found.other, pa.float32(), mask=np.isinf(found.other)),
            "mate_image": mate_image,
            "other_image": other_image,
        }
    )
    return table, images
