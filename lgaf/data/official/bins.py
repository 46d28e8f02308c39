"""A verification benchmark from the ``.bin`` file that face-recognition code passes around."""

from __future__ import annotations

from pathlib import Path

from lgaf.align.warp import template
from lgaf.data.benchmark import Benchmark, Image
from lgaf.data.official.reading import compare_counts
from lgaf.data.settings import OfficialOptions
from lgaf.data.verification_bin import read_verification_bin
from lgaf.formats.protocol import Verification

FOLDS = 10
SIDE = 112
"""Side of every image in such a file, cut by its maker so that the five points lie on the template."""


def read_bin(name: str, path: Path, options: OfficialOptions) -> Benchmark:
    """The benchmark in ``path``: images 2i and 2i + 1 are pair i (insightface ``eval/verification.py``).

    The file knows neither names nor identities: images are named by their place, six digits, and labelled -1.

    Raises:
        DataError: the file is malformed, or the counts are not the published ones.
    """
    encoded, same = read_verification_bin(path)
    published = {"pairs": 7000 if name.startswith("cfp") else 6000}
    notes = compare_counts(path, {"pairs": len(same)}, published, options)
    names = [f"{index:06d}" for index in range(len(encoded))]
    images = [Image(each, image, landmarks=template(SIDE)) for each, image in zip(names, encoded, strict=True)]
    pairs = [(left, right, bool(is_same)) for left, right, is_same in zip(names[::2], names[1::2], same, strict=True)]
    notes += [f"{path.name}: images as its maker aligned them, in its order; it does not tell identities"]
    return Benchmark(name, images, Verification(pairs=pairs, folds=FOLDS), notes)
