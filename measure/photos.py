"""How fast a folder of photos is embedded, beside its parts alone: ``python measure/photos.py FOLDER --model MODEL``.

The parts are what the worker processes do (read, decode, find and align the face) and what the network does. All three
are timed in turns, each the best of ``ROUNDS``; with fewer cores than workers and network need, the parts share them.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from tqdm import tqdm

from lgaf.paths import PARAMS
from lgaf.use.model import BATCH, Model, choose_model
from lgaf.use.photos import PHOTOS_A_TASK, PhotoFinder, embed_photos, photos_below
from lgaf.workers import cores, ordered_map

ROUNDS = 3
PHOTOS = 600


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--params", type=Path, default=PARAMS)
    parser.add_argument("--model")
    arguments = parser.parse_args()
    model = Model(choose_model(arguments.params, arguments.model))
    paths, workers = photos_below(arguments.folder)[:PHOTOS], cores()
    crops: list[np.ndarray] = []

    def find() -> None:
        job = (paths, model.choice.alignment, model.image_size)
        found = ordered_map(PhotoFinder, job, len(paths), workers, PHOTOS_A_TASK)
        crops[:] = [outcome.crop for outcome in tqdm(found, "faces", len(paths)) if outcome.crop is not None]

    def network() -> None:
        for start in range(0, len(crops), BATCH):
            model.embed(np.stack(crops[start : start + BATCH]))

    jobs: dict[str, Callable[[], object]] = {
        f"faces alone, {workers} workers": find,
        "network alone": network,
        "embed-photos": lambda: embed_photos(model, paths, workers),
    }
    best = dict.fromkeys(jobs, float("inf"))
    for _ in range(ROUNDS):
        for name, job in jobs.items():
            started = time.perf_counter()
            job()
            best[name] = min(best[name], time.perf_counter() - started)
    *parts, whole = best.values()
    print(f"\n{len(paths)} photos, {workers} cores, load {os.getloadavg()[0]:.1f}, by {model.choice}\n")
    print("| | photos/s |\n|---|---|")
    for name, seconds in best.items():
        print(f"| {name} | {len(paths) / seconds:.0f} |")
    print(f"\nembed-photos reaches {100 * max(parts) / whole:.0f} % of its slowest part alone")


if __name__ == "__main__":
    main()
