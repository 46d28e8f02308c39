"""Two photos compared: how alike their faces are, what follows, and what the model makes of each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tabulate import tabulate

from lgaf.align.find import Finder
from lgaf.formats.pack import read_table
from lgaf.paths import EMBEDDINGS
from lgaf.use.model import Choice, Embedded, Model
from lgaf.use.photos import Photo, find_face, read_photo
from lgaf.use.threshold import Threshold


@dataclass(frozen=True)
class Comparison:
    """What is said of two photos."""

    photos: list[Photo]
    embedded: Embedded
    model: Choice
    threshold: Threshold | str
    """Or why there is none."""

    @property
    def similarity(self) -> float:
        """The cosine."""
        left, right = self.embedded.units
        return float(left @ right)

    @property
    def decision(self) -> str:
        """What follows from the similarity, in words."""
        if isinstance(self.threshold, str):
            return self.threshold
        return self.threshold.decide(self.similarity)


def compare(paths: list[Path], choice: Choice, threshold: Threshold | str) -> Comparison:
    """Compare two photos.

    Raises:
        DataError: a photo cannot be read or has no face, or the model cannot be opened.
    """
    images = [read_photo(path) for path in paths]  # what is wrong with a photo is said before seconds go to the network
    model = Model(choice)
    find = Finder(choice.alignment)
    photos = [find_face(path, image, find, model.image_size) for path, image in zip(paths, images, strict=True)]
    return Comparison(photos, model.embed(np.stack([photo.crop for photo in photos])), choice, threshold)


def show(found: Comparison) -> str:
    """The comparison in print."""
    lines = [f"similarity  {found.similarity:.3f} (cosine) by {found.model}", f"decision    {found.decision}"]
    if isinstance(found.threshold, Threshold):
        lines.append(f"threshold   {found.threshold}")
    norms = found.embedded.norms
    rows: list[list[str]] = [
        ["photo", *(photo.path.name for photo in found.photos)],
        ["face", *map(box_of, found.photos)],
        ["quality (norm)", *(f"{norm:.2f}{place(norm, found)}" for norm in norms)],
    ]
    if found.embedded.attention is not None:
        for name, weights in zip(("local", "global"), found.embedded.attention.T, strict=True):
            rows.append([f"weight of the {name} feature", *(f"{weight:.3f}" for weight in weights)])
    return "\n".join(lines) + "\n\n" + tabulate(rows[1:], rows[0], "github", disable_numparse=True)


def box_of(photo: Photo) -> str:
    """Where the face is in its photo, and whether it was the only one."""
    left, top, right, bottom = np.rint(photo.face.box).astype(int)
    size = f"{right - left}x{bottom - top} at ({left}, {top})"
    return size if photo.face.count == 1 else f"{size}, one of {photo.face.count}"


def place(norm: float, found: Comparison) -> str:
    """Where a norm stands among those of the threshold's benchmark; nothing where those are not at hand."""
    if isinstance(found.threshold, str):
        return ""
    name = found.threshold.benchmark.rpartition("/")[2]
    path = EMBEDDINGS / found.threshold.row / str(found.threshold.seed) / f"{name}.arrow"
    if not path.exists():
        return ""
    share = np.mean(read_table(path, ["norm"])["norm"].to_numpy() < norm)
    return f", above {100 * share:.0f} % of {found.threshold.benchmark}"
