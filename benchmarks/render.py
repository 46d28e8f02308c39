"""Speed of the renderer on all cores, against one core and against the bare JPEG encoding of the same photographs.

    python benchmarks/render.py [--people 24] [--images 12]

The basis is built first and is not counted; nor is the start of the workers.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from lgaf.data.pack import decode_image
from lgaf.world import render
from lgaf.world.basis import build_basis
from lgaf.world.benchmarks import plan
from lgaf.world.camera import encode
from lgaf.world.settings import WorldSettings

FRAME, SEED = 250, 0


def timed(basis: Path, settings: WorldSettings, workers: int) -> tuple[float, list[bytes]]:
    """Images a second with a number of workers, and the photographs."""
    world = plan(settings)[0]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, render.start_worker, (str(basis),)) as pool:
        list(pool.map(time.sleep, [1.5] * workers))  # every worker has started
        start = time.perf_counter()
        photos = [photo.image for _, photo in render.render_set(pool, world, FRAME, SEED)]
        return len(photos) / (time.perf_counter() - start), photos


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=24)
    parser.add_argument("--images", type=int, default=12)
    asked = parser.parse_args()
    settings = WorldSettings(train_people=asked.people, train_images=asked.images)
    cores = render.cores()
    with tempfile.TemporaryDirectory() as folder:
        basis = Path(folder) / "basis.safetensors"
        start = time.perf_counter()
        build_basis(basis)
        print(f"basis: {time.perf_counter() - start:.1f} s, {basis.stat().st_size / 1e6:.1f} MB")
        alone, photos = timed(basis, settings, 1)
        together, _ = timed(basis, settings, cores)
    pixels = [decode_image(photo, "rendered") for photo in photos]
    start = time.perf_counter()
    for image in pixels:
        encode(image, 90)
    bare = len(pixels) / (time.perf_counter() - start)
    print(f"{len(photos)} photographs of {FRAME} x {FRAME} pixels, training set")
    print(f"rendering, {cores} cores: {together:7.1f} images/s")
    print(f"rendering,  1 core:  {alone:7.1f} images/s, ratio {together / alone:.2f}")
    print(f"bare JPEG,  1 core:  {bare:7.1f} images/s, ratio {together / bare:.4f}")


if __name__ == "__main__":
    main()
