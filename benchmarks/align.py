"""How fast alignment is, and how well small faces are found: ``python benchmarks/align.py data/photos/lfw.arrow``.

Every ratio is of two timings of one run, taken in turns, each the best of three.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from lgaf.align.align import align_pack
from lgaf.align.detector import Detector, choose
from lgaf.align.settings import AlignSettings
from lgaf.data.pack import Pack, write_pack
from lgaf.workers import cores

IMAGES = 1000
FACES = 100
HEIGHTS = (80, 40, 20, 14)
SIZES = (128, 192, 256)


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


def small_faces(source: Path) -> None:
    """Faces shrunk to some pixels of height, cut out with a margin of 30 %, searched at several sizes.

    Drift: mean distance of the five points from those found in the full photo, in distances between the eyes.
    """
    pack = Pack(source)
    reference = Detector(256, 0.5)
    cases = []
    for index in range(0, len(pack), max(1, len(pack) // FACES)):
        image = pack.image(index)
        face = choose(reference.detect(image), "nearest", image)
        if face is not None:
            margin = 0.3 * (face.box[2:] - face.box[:2])
            left, top = np.maximum(face.box[:2] - margin, 0).astype(int)
            right, bottom = (face.box[2:] + margin).astype(int)
            cases.append((image[top:bottom, left:right], face.points - [left, top], face.box[3] - face.box[1]))
    print("\n| face height | searched at | found | median drift | drift above 0.1 |\n|---|---|---|---|---|")
    for height in HEIGHTS:
        for size in ("as is", *SIZES):
            drifts = []
            for crop, points, face_height in cases:
                scale = height / face_height
                small = cv2.resize(crop, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
                own = 32 * -(-max(small.shape[:2]) // 32)
                if size == "as is":  # padded to the network's multiple of 32, not enlarged
                    canvas = np.zeros((own, own, 3), np.uint8)
                    canvas[: small.shape[0], : small.shape[1]] = small
                    face = choose(detector_for(own).detect(canvas), "nearest", small)
                else:
                    face = choose(detector_for(int(size)).detect(small), "nearest", small)
                if face is not None:
                    there = (points + 0.5) * np.array(small.shape[1::-1]) / crop.shape[1::-1] - 0.5
                    eyes = np.linalg.norm(there[0] - there[1])
                    drifts.append(np.linalg.norm(face.points - there, axis=1).mean() / eyes)
            share = np.mean(np.array(drifts) > 0.1) if drifts else float("nan")
            median = np.median(drifts) if drifts else float("nan")
            print(f"| {height} | {size} | {len(drifts)} of {len(cases)} | {median:.3f} | {share:.2f} |")


_detectors: dict[int, Detector] = {}


def detector_for(size: int) -> Detector:
    if size not in _detectors:
        _detectors[size] = Detector(size, AlignSettings().min_score)
    return _detectors[size]


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
        small_faces(part)
        speed(part)


if __name__ == "__main__":
    main()
