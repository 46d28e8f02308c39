"""The path of training images alone, beside the bare decoder: ``python measure/data_path.py PACK``.

The bare decoder is ``cv2.imdecode`` on the bytes in memory, by as many threads as there are cores. The path is what
training waits for: read, decode, augment, gather into batches. Augmentation is the default's, or none.
"""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
from tabulate import tabulate

import lgaf.train.dataset as dataset_module
from lgaf.config import load_settings
from lgaf.formats.pack import Pack
from lgaf.machine import describe_machine
from lgaf.models.complexity import interleaved
from lgaf.paths import PARAMS
from lgaf.train.dataset import FaceDataset, training_batches
from lgaf.train.settings import AugmentSettings
from lgaf.workers import cores

NOTHING = AugmentSettings(flip=0, low_resolution=0, crop=0, photometric=0)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pack", type=Path, help="aligned faces, data/aligned/train.arrow")
    parser.add_argument("--params", type=Path, default=PARAMS, help="where the augmentation is taken from")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    pack, augmentation = Pack(options.pack), load_settings(options.params).train.augment
    size, workers = pack.image(0).shape[0], cores()
    encoded = [pack.encoded(index) for index in range(len(pack))]

    def decode(data: bytes) -> np.ndarray:
        return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)

    def bare() -> None:
        with ThreadPoolExecutor(workers) as threads:
            for _ in threads.map(decode, encoded):
                pass

    def path(settings: AugmentSettings, processes: int, kept: int) -> None:
        dataset_module.KEPT = kept
        for _ in training_batches(FaceDataset(options.pack, size, settings, 0), range(1), options.batch, processes):
            pass

    runs = {
        "cv2.imdecode alone": bare,
        f"decoded, {workers} workers": lambda: path(NOTHING, workers, 0),
        f"decoded and augmented, {workers} workers": lambda: path(augmentation, workers, 0),
        "decoded once and kept, augmented, no workers": lambda: path(augmentation, 0, 2**40),
    }
    seconds = interleaved(runs, options.rounds)
    rows = [[name, len(pack) / value, seconds["cv2.imdecode alone"] / value] for name, value in seconds.items()]
    print(f"{len(pack):,} images of {size} px, {np.mean([*map(len, encoded)]) / 1000:.1f} KB, {workers} cores, "
          f"load {os.getloadavg()[0]:.1f}; {describe_machine()}\n")  # fmt: skip
    print(tabulate(rows, ["", "images/s", "to the first"], floatfmt=(None, ".0f", ".2f"), tablefmt="github"))


if __name__ == "__main__":
    main()
