"""Pack of photos -> pack of aligned face crops, and a report of what was missed."""

from __future__ import annotations

import math
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from tqdm import tqdm

from lgaf.align.find import Finder
from lgaf.align.settings import Alignment, OnMiss
from lgaf.align.warp import centre_crop, move, similarity, template, warp
from lgaf.errors import DataError
from lgaf.files import write_json
from lgaf.formats.image import encode
from lgaf.formats.pack import Pack, write_pack
from lgaf.workers import cores, ordered_map

IMAGES_A_TASK = 16
IMAGES_A_WORKER = 400
"""Below this a further process takes longer to start than it saves."""
NO_MOVE = 1e-5
"""A similarity this near to the identity is one: what rounding to float32 leaves of points on the template."""

COUNTS = ("images", "detected", "given", "missed", "unreadable", "written")
"""What a report counts; the first is the sum of the next four."""


@dataclass(frozen=True)
class Outcome:
    """What became of one image: ``image`` is its crop as PNG, None where it gives none or is itself one (``as_is``)."""

    status: Literal["detected", "given", "missed", "unreadable"]
    image: bytes | None
    points: np.ndarray | None
    reason: str = ""
    as_is: bool = False


class Aligner:
    """Aligns the images of one pack, by index; made once a process."""

    def __init__(self, source: Path, settings: Alignment, image_size: int, on_miss: OnMiss):
        self.pack = Pack(source)
        self.settings = settings
        self.image_size = image_size
        self.on_miss = on_miss
        self.find = Finder(settings)

    def __call__(self, index: int) -> Outcome:
        """Find the face of one image and warp it."""
        try:
            image = self.pack.image(index)
        except DataError as error:
            return Outcome("unreadable", None, None, str(error))
        points = self.pack.landmarks(index) if self.settings.landmarks == "given" else None
        status: Literal["detected", "given"] = "detected" if points is None else "given"
        if points is None:
            try:
                points = self.find(image).points
            except ValueError as error:
                return self.miss(image, str(error))
        try:
            matrix = similarity(points, template(self.image_size))
        except ValueError as error:
            return self.miss(image, f"landmarks ({status}): {error}")
        if image.shape[:2] == (self.image_size,) * 2 and np.allclose(matrix, np.eye(2, 3), rtol=0, atol=NO_MOVE):
            return Outcome(status, None, points, as_is=True)
        return Outcome(status, encode(warp(image, matrix, self.image_size)), move(points, matrix))

    def miss(self, image: np.ndarray, reason: str) -> Outcome:
        """What ``on_miss`` makes of an image with no face; "drop" and "error" give no crop."""
        if self.on_miss != "centre":
            return Outcome("missed", None, None, reason)
        matrix = centre_crop(image.shape[0], image.shape[1], self.settings.centre_share, self.image_size)
        return Outcome("missed", encode(warp(image, matrix, self.image_size)), None, reason)


def align_pack(
    source: Path,
    target: Path,
    report: Path,
    settings: Alignment,
    image_size: int,
    on_miss: OnMiss,
    workers: int | None = None,
) -> None:
    """Align every image of the pack ``source``, in order, to ``image_size`` square pixels.

    target: the aligned pack; landmarks are the five points after warping (null for a central crop), labels and truth
    columns are the source's. report: JSON with ``counts`` of images, detected, given, missed, unreadable (the first is
    the sum of the others) and written, then every missed and unreadable name, why, and what was done.
    on_miss: what to do with an image with no face; see :class:`lgaf.align.settings.AlignSettings`. workers: processes,
    by default as many as there are cores and images worth it; the result does not depend on it. An image that is
    aligned already, by its given points, is decoded to check it and passed on as it is stored, bytes or reference.
    Neither file appears unless both are whole.

    Raises:
        DataError: the pack is broken or empty, more files are unreadable than ``settings.max_unreadable`` allows, no
            face is found where ``on_miss`` is "error", or nothing is left.
    """
    pack = Pack(source)
    if not len(pack):
        raise DataError(f"{source}: holds no images; there is nothing to align")
    allowed = math.floor(settings.max_unreadable * len(pack))
    counts = dict.fromkeys(COUNTS, 0) | {"images": len(pack)}
    skipped: dict[str, list[dict[str, str]]] = {"missed": [], "unreadable": []}
    truth = list(pack.truth)
    job = (source, settings, image_size, on_miss)
    workers = workers or min(cores(), max(1, len(pack) // IMAGES_A_WORKER))
    outcomes = ordered_map(Aligner, job, len(pack), workers, IMAGES_A_TASK)
    with closing(outcomes), write_pack(target, truth, pack.refers) as out:
        for index, outcome in enumerate(tqdm(outcomes, f"align {source.stem}", len(pack), unit="image")):
            name = pack.name(index)
            counts[outcome.status] += 1
            if outcome.status in skipped:
                done = "skipped" if outcome.image is None else "centre crop"
                skipped[outcome.status].append({"name": name, "reason": outcome.reason, "done": done})
            if outcome.status == "missed" and on_miss == "error":
                raise DataError(
                    f"{source}: record {index} ({name}): {outcome.reason}; remove it, or set align.train_miss or "
                    "align.test_miss to drop or centre"
                )
            if counts["unreadable"] > allowed:
                raise DataError(
                    f"{outcome.reason}; more than align.max_unreadable={settings.max_unreadable} allows: "
                    "repair or remove the file, or raise it"
                )
            crop = pack.stored(index) if outcome.as_is else outcome.image
            if crop is not None:
                row: dict[str, Any] = pack.table.slice(index, 1).select(truth).to_pylist()[0] if truth else {}
                out.add(name, crop, int(pack.labels[index]), outcome.points, **row)
                counts["written"] += 1
        if not counts["written"]:
            raise DataError(f"{source}: no face found in any of {len(pack)} images; see align.min_score")
        write_json(report, {"counts": counts, **skipped})
