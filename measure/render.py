"""Speed of the renderer on all cores, against one core and against the bare JPEG encoding of the same photographs.

    python measure/render.py [--people 24] [--images 12]

The basis is built first and is not counted; nor is the start of the workers.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from lgaf.formats.image import decode_image
from lgaf.workers import cores, ordered_map
from lgaf.world.basis import build_basis
from lgaf.world.camera import encode
from lgaf.world.render import Renderer
from lgaf.world.settings import WorldSettings

SEED = 0


def timed(basis: Path, settings: WorldSettings, workers: int) -> tuple[float, list[bytes]]:
    """Images a second with a number of workers once they have started, and the photographs."""
    people = ordered_map(Renderer, (basis, settings, SEED), settings.train_people, workers, chunk=1)
    photos = [photo.image for photo in next(people)]
    start = time.perf_counter()
    rest = [photo.image for shots in people for photo in shots]
    return len(rest) / (time.perf_counter() - start), photos + rest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=24)
    parser.add_argument("--images", type=int, default=12)
    asked = parser.parse_args()
    settings = WorldSettings(train_people=asked.people, train_images=asked.images)
    available = cores()
    with tempfile.TemporaryDirectory() as folder:
        basis = Path(folder) / "basis.safetensors"
        start = time.perf_counter()
        build_basis(basis)
        print(f"basis: {time.perf_counter() - start:.1f} s, {basis.stat().st_size / 1e6:.1f} MB")
        alone, photos = timed(basis, settings, 1)
        together, _ = timed(basis, settings, available)
    pixels = [decode_image(photo, "rendered") for photo in photos]
    start = time.perf_counter()
    for image in pixels:
        encode(image, 90)
    bare = len(pixels) / (time.perf_counter() - start)
    print(f"{len(photos)} photographs of {settings.frame} x {settings.frame} pixels, training set")
    print(f"rendering, {available} cores: {together:7.1f} images/s")
    print(f"rendering,  1 core:  {alone:7.1f} images/s, ratio {together / alone:.2f}")
    print(f"bare JPEG,  1 core:  {bare:7.1f} images/s, ratio {together / bare:.4f}")


if __name__ == "__main__":
    main()
