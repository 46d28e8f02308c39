"""Who of a gallery is most like a person in a photo."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tabulate import tabulate

from lgaf.use.photos import Faces
from lgaf.use.threshold import Threshold


class Candidate(NamedTuple):
    """A person of the gallery, and of their photos the one most like the probe."""

    person: str
    similarity: float
    photo: Path


def person_of(photo: Path, gallery: Path) -> str:
    """Whose a photo is: a folder a person, its name; of a photo in the gallery's own folder, its own name."""
    name = photo.relative_to(gallery)
    return name.stem if name.parent == Path() else name.parts[0]


def identify(probe: np.ndarray, faces: Faces, gallery: Path) -> list[Candidate]:
    """Everyone of a gallery, the most alike first; a person is as like the probe as the nearest of their photos.

    probe: (D,) of length 1.
    """
    best: dict[str, Candidate] = {}
    for path, similarity in zip(faces.paths, faces.embedded.units @ probe, strict=True):
        person = person_of(path, gallery)
        if person not in best or similarity > best[person].similarity:
            best[person] = Candidate(person, float(similarity), path)
    return sorted(best.values(), key=lambda candidate: -candidate.similarity)


def show(candidates: Sequence[Candidate], top: int, photos: int, threshold: Threshold | str, model: str) -> str:
    """The ``top`` candidates in print, and what the threshold says of each."""
    rows = [
        [str(rank), each.person, f"{each.similarity:.3f}", str(each.photo),
         "" if isinstance(threshold, str) else threshold.decide(each.similarity)]
        for rank, each in enumerate(candidates[:top], start=1)
    ]  # fmt: skip
    headers = ["rank", "person", "similarity", "photo", "decision"]
    table = tabulate(rows, headers, "github", disable_numparse=True)
    lines = [f"{len(candidates):,} people, {photos:,} photos; by {model}", table]
    if isinstance(threshold, str):
        return "\n\n".join([*lines, threshold])
    said = f"threshold {threshold}\nof {photos:,} photos of strangers {photos * threshold.fmr:.2g} pass it by chance"
    return "\n\n".join([*lines, said])
