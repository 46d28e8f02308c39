"""What reading RecordIO costs: ``python measure/recordio.py``; needs 0.6 GB of disk for a few seconds.

Ratios are of timings taken in turns in one process, on some images at a time, each the best of ``ROUNDS``.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
from pyarrow import csv

from lgaf.data.recordio import FRAME, HEADER, MAGIC, read_recordio
from lgaf.data.training import import_training
from lgaf.export import export
from lgaf.formats.image import decode_image
from lgaf.formats.pack import Pack, write_pack

RECORDS, TURN, ROUNDS = 2000, 10, 25
IMAGES, IDENTITIES = 5_822_653, 85_742
"""Images of MS1MV2."""
SLOT = 6912
"""Bytes a record there, on average."""


def jpegs() -> list[bytes]:
    """Images of 112x112 pixels and about 6 KB, as those of the published sets: smooth, with some grain."""
    rng = np.random.default_rng(0)
    images = []
    for _ in range(RECORDS):
        smooth = cv2.resize(rng.integers(0, 256, (9, 9, 3), np.uint8), (112, 112), interpolation=cv2.INTER_CUBIC)
        grained = np.clip(smooth + rng.normal(0, 4, smooth.shape), 0, 255).astype(np.uint8)
        images.append(cv2.imencode(".jpg", grained, [cv2.IMWRITE_JPEG_QUALITY, 93])[1].tobytes())
    return images


def best_of(jobs: dict[str, Callable[[int], object]], order: list[int]) -> dict[str, float]:
    """Seconds of each job on all indices in ``order``."""
    parts = [order[start : start + TURN] for start in range(0, len(order), TURN)]
    best = {name: np.full(len(parts), np.inf) for name in jobs}
    for _ in range(ROUNDS):
        for row, part in enumerate(parts):
            for name, job in jobs.items():
                started = time.perf_counter()
                for index in part:
                    job(index)
                best[name][row] = min(best[name][row], time.perf_counter() - started)
    return {name: times.sum() for name, times in best.items()}


def reading(folder: Path) -> None:
    """Reading and decoding in random order, beside decoding the same bytes out of memory."""
    images = jpegs()
    with write_pack(folder / "embedded.arrow") as pack:
        for index, image in enumerate(images):
            pack.add(str(index), image, index // 10)
    export(folder / "embedded.arrow", folder / "set" / "train.rec")
    import_training(folder / "set", folder / "referred.arrow")
    records, packs = (
        read_recordio(folder / "set"),
        [Pack(folder / f"{name}.arrow") for name in ("embedded", "referred")],
    )
    order = np.random.default_rng(1).permutation(RECORDS).tolist()
    jobs: dict[str, Callable[[int], object]] = {
        "cv2.imdecode alone": lambda i: cv2.imdecode(np.frombuffer(images[i], np.uint8), cv2.IMREAD_COLOR),
        "decode_image": lambda i: decode_image(images[i], "memory"),
        "RecordIO": lambda i: decode_image(records[i].image, "record"),
        "pack that refers to RecordIO": packs[1].image,
        "pack of images": packs[0].image,
    }
    seconds = best_of(jobs, order)
    size = np.mean([len(image) for image in images]) / 1000
    print(f"\n| {RECORDS} images of {size:.1f} KB | us an image | to decoding alone |\n|---|---|---|")
    for name, each in seconds.items():
        print(f"| {name} | {each / RECORDS * 1e6:.0f} | {each / seconds['cv2.imdecode alone']:.2f} |")


def write_sparse(folder: Path) -> None:
    """A set as large as MS1MV2, 40 GB of which only the records that are looked at when opening take room on disk."""
    starts = np.linspace(0, IMAGES, IDENTITIES + 1).astype(np.int64) + 1
    first, total = IMAGES + 1, IMAGES + 1 + IDENTITIES
    offsets = np.arange(total, dtype=np.int64) * SLOT
    offsets[first:] = offsets[first] + np.arange(IDENTITIES) * 40
    with open(folder / "train.rec", "wb") as rec:
        rec.truncate(offsets[-1] + 40)

        def write(key: int, labels: list[float], image: int) -> None:
            length = HEADER.size + 4 * len(labels) + image
            rec.seek(offsets[key])
            rec.write(
                FRAME.pack(MAGIC, length) + HEADER.pack(len(labels), 0, key, 0) + np.array(labels, "<f4").tobytes()
            )

        write(0, [first, total], 0)
        for identity, start in enumerate(starts[:-1]):
            write(int(start), [identity, 0], SLOT - 40)
        for identity in range(IDENTITIES):
            write(first + identity, [starts[identity], starts[identity + 1]], 0)
    with pa.OSFile(str(folder / "train.idx"), "wb") as idx:
        options = csv.WriteOptions(include_header=False, delimiter="\t", quoting_style="none")
        csv.write_csv(pa.table({"key": np.arange(total), "offset": offsets}), idx, options)


OPEN = """
import sys, time, resource
from lgaf.data.recordio import read_recordio
started = time.perf_counter()
records = read_recordio(sys.argv[1])
print(len(records), time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
records.labels
print(records.labels[-1], time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def opening(folder: Path) -> None:
    """Time and memory of a process of its own that opens the sparse set."""
    write_sparse(folder)
    said = subprocess.run([sys.executable, "-c", OPEN, str(folder)], check=True, capture_output=True, text=True).stdout
    opened, labelled = ([float(each) for each in line.split()] for line in said.splitlines())
    assert (opened[0], labelled[0]) == (IMAGES, IDENTITIES - 1)
    print(f"\n| {IMAGES:,} images of {IDENTITIES:,} identities | s | peak memory |\n|---|---|---|")
    for name, (_, seconds, megabytes) in {"opened": opened, "all labels read": labelled}.items():
        print(f"| {name} | {seconds:.1f} | {megabytes:.0f} MB |")


def main() -> None:
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        reading(Path(folder))
        opening(Path(folder))


if __name__ == "__main__":
    main()
