"""Embeddings of the damage laboratory, drawn from a seed, with a truth that is known."""

from __future__ import annotations

import numpy as np

from lgaf.damage.kinds import KINDS, condition
from lgaf.formats.embeddings import Embeddings

PEOPLE, EACH, WIDTH = 24, 3, 12


def laboratory_faces(branches: bool = True, levels: int = 2, noise: float = 0.25, seed: int = 0) -> Embeddings:
    """Three clean faces of each person, one of them damaged in every kind at every level.

    Missing regions blur the global feature and all else the local one, the more the higher the level; the local weight
    is higher the worse the first is, and lower the worse the second. The fused feature is 0.4 local + 0.6 global.
    """
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(PEOPLE), EACH)
    names = [f"clean/lfw/p{p:02}_{k % EACH}" for k, p in enumerate(person)]
    rows = [(p, 0, 0, np.nan, k) for k, p in enumerate(person.tolist())]
    for number, kind in enumerate(KINDS, start=1):
        for level in range(1, levels + 1):
            for p in range(PEOPLE):
                rows.append((p, number, level, kind.strength((level - 1) / max(levels - 1, 1)), p * EACH))
                names.append(f"{condition(kind.name, level)}/lfw/p{p:02}_0")
    label, number, level, strength, source = (np.array(column) for column in zip(*rows, strict=True))
    missing = np.array([n > 0 and KINDS[n - 1].group == "missing" for n in number])
    centres = rng.normal(size=(2, PEOPLE, WIDTH))
    features = []
    for branch, hurt in enumerate((~missing, missing)):
        spread = noise * (1 + 2.5 * level * hurt)[:, None]
        features.append((centres[branch][label] + spread * rng.normal(size=(len(label), WIDTH))).astype(np.float32))
    local = 0.5 + np.where(missing, 0.1, -0.1) * level + 0.01 * rng.random(len(label))
    fused = np.float32(0.4) * features[0] + np.float32(0.6) * features[1]
    return Embeddings(
        names=names,
        labels=label.astype(np.int32),
        vectors=fused,
        norms=np.linalg.norm(fused, axis=1),
        attention=np.stack([local, 1 - local], axis=1).astype(np.float32) if branches else None,
        flip=False,
        truth={key: values.astype(np.float32) for key, values in
               {"kind": number, "level": level, "strength": strength, "source": source}.items()},
        local=features[0] if branches else None,
        global_=features[1] if branches else None,
        visible=(1 - np.where(missing, 0.2, 0) * level).astype(np.float32) if branches else None,
    )  # fmt: skip
