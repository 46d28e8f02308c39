"""How fast alignment is, and how steady its five points are: ``python measure/align.py data/photos/lfw.arrow``.

Every ratio is of two timings of one run, taken in turns, each the best of three.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from lgaf.align.align import align_pack
from lgaf.align.find import Finder, Found
from lgaf.align.refine import MIRRORED
from lgaf.align.settings import Alignment, AlignSettings
from lgaf.formats.pack import Pack, write_pack
from lgaf.workers import cores

IMAGES = 1000
FACES = 100
HEIGHTS = (80, 40, 20, 14)


def speed(source: Path) -> None:
    """Images a second: the whole stage with all cores and with one, beside decoding alone."""
    pack, available = Pack(source), cores()

    def stage(workers: int) -> None:
        with tempfile.TemporaryDirectory() as folder:
            align_pack(source, Path(folder) / "a.arrow", Path(folder) / "a.json", AlignSettings(), 112, "drop", workers)

    def decode() -> None:
        for index in range(len(pack)):
            pack.image(index)

    cv2.setNumThreads(1)
    jobs: dict[str, Callable[[], None]] = {
        "decode alone, one core": decode,
        "align, 1 worker": lambda: stage(1),
        f"align, {available} workers (their start included)": lambda: stage(available),
    }
    best = dict.fromkeys(jobs, float("inf"))
    for _ in range(3):
        for name, job in jobs.items():
            started = time.perf_counter()
            job()
            best[name] = min(best[name], time.perf_counter() - started)
    print(f"\n| {len(pack)} images | images/s | to 1 worker |\n|---|---|---|")
    for name, seconds in best.items():
        print(f"| {name} | {len(pack) / seconds:.0f} | {best['align, 1 worker'] / seconds:.2f} |")


def steadiness(source: Path) -> None:
    """Drift of the five points when a face is mirrored, and when it is shrunk, by detection size, plain and refined.

    Drift: mean distance of the five points from those that the same settings find in the photo as it is, in distances
    between the eyes. Shrunk faces are cut out with a margin of 30 %.
    """
    pack = Pack(source)
    images = [pack.image(index) for index in range(0, len(pack), max(1, len(pack) // FACES))]
    print("\n| face height | searched at | refined | found | median drift | drift above 0.1 |")
    print("|---|---|---|---|---|---|")
    for height in ("mirrored", *HEIGHTS):
        for size, refined in ((128, False), (192, False), (256, False), (128, True), (192, True)):
            drifts = [drift(image, height, size, refined) for image in images]
            found = [value for value in drifts if value is not None]
            share, median = (np.mean(np.array(found) > 0.1), np.median(found)) if found else (np.nan, np.nan)
            mark = "yes" if refined else "no"
            print(f"| {height} | {size} | {mark} | {len(found)} of {len(drifts)} | {median:.3f} | {share:.2f} |")


def drift(image: np.ndarray, height: int | str, size: int, refined: bool) -> float | None:
    """Drift of one photo's points; None where no face is found."""
    face = found(image, size, refined)
    if face is None:
        return None
    expected = face.points
    if height == "mirrored":
        changed = np.ascontiguousarray(image[:, ::-1])
        there = expected[MIRRORED] * [-1, 1] + [image.shape[1] - 1, 0]
    else:
        margin = 0.3 * (face.box[2:] - face.box[:2])
        left, top = np.maximum(face.box[:2] - margin, 0).astype(int)
        right, bottom = (face.box[2:] + margin).astype(int)
        crop = image[top:bottom, left:right]
        scale = float(height) / (face.box[3] - face.box[1])
        changed = cv2.resize(crop, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        there = (expected - [left, top] + 0.5) * np.array(changed.shape[1::-1]) / crop.shape[1::-1] - 0.5
    again = found(changed, size, refined)
    if again is None:
        return None
    return float(np.linalg.norm(again.points - there, axis=1).mean() / np.linalg.norm(there[0] - there[1]))


def found(image: np.ndarray, size: int, refined: bool) -> Found | None:
    """The face of an image; None where none is found."""
    try:
        return finder(size, refined)(image)
    except ValueError:
        return None


@cache
def finder(size: int, refined: bool) -> Finder:
    return Finder(Alignment(detect_size=size, refine=refined))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pack", type=Path, help="a pack of photos")
    arguments = parser.parse_args()
    pack = Pack(arguments.pack)
    with tempfile.TemporaryDirectory() as folder:
        part = Path(folder) / "part.arrow"
        with write_pack(part) as out:
            for index in range(min(len(pack), IMAGES)):
                out.add(pack.names[index], pack.encoded(index), int(pack.labels[index]))
        steadiness(part)
        speed(part)


if __name__ == "__main__":
    main()
