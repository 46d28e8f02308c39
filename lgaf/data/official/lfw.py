"""Labeled Faces in the Wild in its official layout: 6,000 pairs in ten folds, and people to train on.

Huang et al., "Labeled Faces in the Wild", UMass Amherst technical report 07-49, 2007. ``pairs.txt`` is view 2: a first
line ``10 300``, then for each fold 300 pairs of one person and 300 of two. ``docs/datasets/lfw.md`` shows the tree.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from lgaf.data.benchmark import Benchmark, Image, image_bytes, write_benchmark
from lgaf.data.official.lfw_fetch import find_photos
from lgaf.data.official.lfw_lists import PhotoPair, read_pairs
from lgaf.data.official.lfw_split import lists_of
from lgaf.data.official.reading import compare_counts, numbered, require, verification
from lgaf.data.settings import OfficialOptions
from lgaf.errors import DataError
from lgaf.formats.pack import write_pack
from lgaf.formats.protocol import DIFFERS

PUBLISHED = {"folds": 10, "pairs": 6000}


def read_lfw(name: str, folder: Path, options: OfficialOptions) -> Benchmark:
    """The benchmark from ``folder``, which holds the photos and ``pairs.txt``.

    Raises:
        DataError: a file is missing or malformed, or the counts are not the published ones.
    """
    pairs, folds, tested = read_pairs(folder / "pairs.txt")
    notes = compare_counts(folder / "pairs.txt", {"folds": folds, "pairs": len(pairs)}, PUBLISHED, options)
    photos = find_photos(folder)
    require({photo.name: where for photo, where in tested.items()}, photos)
    labels = numbered(photo.person for photo in tested)
    benchmark = pairs_of(folder / "pairs.txt", pairs, folds, photos, labels)
    return replace(benchmark, name=name, notes=notes + benchmark.notes)


def import_lfw(folder: Path, out_dir: Path) -> None:
    """Write ``train.arrow``, ``lfw.arrow`` (each photo of the pair list once) and ``lfw.json`` into ``out_dir``.

    folder: holds the photos (``lfw-deepfunneled``, ``lfw_funneled`` or ``lfw``) and what :func:`lists_of` reads.
    Labels count the people of train by name, then those of the pair list.

    Raises:
        DataError: as :func:`lists_of`.
    """
    photos, trained, pairs, folds, tested = lists_of(folder)
    to_train, to_test = (sorted({photo.person for photo in lines}) for lines in (trained, tested))
    labels = {person: label for label, person in enumerate([*to_train, *to_test])}
    benchmark = pairs_of(folder / "pairs.txt", pairs, folds, photos, labels)
    found = {"folds": folds, "pairs": len(pairs)}
    notes = compare_counts(folder / "pairs.txt", found, PUBLISHED, OfficialOptions(counts="any"))
    alone = sum(count == 1 for count in Counter(photo.person for photo in trained).values())
    print(
        f"lfw: train on {len(trained)} photos of {len(to_train)} people ({alone} of them with one photo, kept); "
        f"test on {len(pairs)} pairs of {len(tested)} photos of {len(to_test)} people",
        file=sys.stderr,
    )
    with write_pack(out_dir / "train.arrow") as pack:
        for photo in tqdm(sorted(trained), "import train", unit="photo"):
            pack.add(photo.name, image_bytes(Image(photo.name, photos / photo.name)), labels[photo.person])
    write_benchmark(replace(benchmark, notes=notes + benchmark.notes), out_dir)


def pairs_of(path: Path, pairs: list[PhotoPair], folds: int, photos: Path, labels: Mapping[str, int]) -> Benchmark:
    """The benchmark of a pair list. Official folds stay as they are.

    A list of one fold is cut in ten: same and different pairs take turns, so that they are as even as can be.
    """
    named = {photo.name: photo for pair in pairs for photo in pair[:2]}
    notes = [f"{path.name}: {len(named):,} images of {len({photo.person for photo in named.values()}):,} people, "
             f"photos of {photos.name}"]  # fmt: skip
    if folds == 1:
        each = len(pairs) // 2
        if each < 2:
            raise DataError(f"{path}: too few pairs to choose a threshold on some and test it on others")
        pairs = [pair for both in zip(pairs[:each], pairs[each:], strict=True) for pair in both]
        folds = min(10, each)
        notes += [f"{DIFFERS} protocol: the list has one fold, cut into {folds} here"]

    def source(name: str) -> Image:
        return Image(name, photos / name, labels[named[name].person])

    return verification("lfw", [(left.name, right.name, same) for left, right, same in pairs], folds, source, notes)
