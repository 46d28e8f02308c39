"""Labeled Faces in the Wild in its official layout: 6,000 pairs in ten folds, and people to train on.

Huang et al., "Labeled Faces in the Wild", UMass Amherst technical report 07-49, 2007. ``pairs.txt`` is view 2: a first
line ``10 300``, then for each fold 300 pairs of one person and 300 of two. ``docs/datasets/lfw.md`` shows the tree.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from lgaf.data.benchmark import Benchmark, Image, image_bytes, write_benchmark
from lgaf.data.official.lfw_fetch import find_photos
from lgaf.data.official.lfw_lists import PairList, read_pairs
from lgaf.data.official.lfw_split import split_lfw
from lgaf.data.official.reading import compare_counts, numbered, require, verification
from lgaf.data.settings import OfficialOptions
from lgaf.errors import DataError
from lgaf.formats.pack import write_pack
from lgaf.formats.protocol import DIFFERS

PUBLISHED = {"folds": 10, "pairs": 6000}
ONE_FOLD = "the list has one fold"


def read_lfw(name: str, folder: Path, options: OfficialOptions) -> Benchmark:
    """The benchmark from ``folder``, which holds the photos and ``pairs.txt``.

    Raises:
        DataError: a file is missing or malformed, or the counts are not the published ones.
    """
    path, photos = folder / "pairs.txt", find_photos(folder)
    asked = read_pairs(path)
    notes = compare_counts(path, counts_of(asked), PUBLISHED, options)
    require({photo.name: where for photo, where in asked.named.items()}, photos)
    benchmark = pairs_of(path, asked, photos, numbered(asked.people), ONE_FOLD)
    return replace(benchmark, name=name, notes=notes + benchmark.notes)


def import_lfw(folder: Path, out_dir: Path, fold: int | None = None) -> None:
    """Write ``train.arrow``, ``lfw.arrow`` (each photo of the pair list once) and ``lfw.json`` into ``out_dir``.

    folder: holds the photos (``lfw-deepfunneled``, ``lfw_funneled`` or ``lfw``) and the lists that, with ``fold``,
    :func:`lgaf.data.official.lfw_split.split_lfw` reads.
    Labels count the people of train by name, then those of the pair list.

    Raises:
        DataError: as :func:`~lgaf.data.official.lfw_split.split_lfw`.
    """
    split = split_lfw(folder, fold)
    path, trained = folder / "pairs.txt", sorted(split.trained)
    people = [*sorted({photo.person for photo in trained}), *sorted(split.tested.people)]
    labels = {person: label for label, person in enumerate(people)}
    several = split.whole.folds > 1
    alone = f"fold {fold} of the list's {split.whole.folds} alone" if several else ONE_FOLD
    benchmark = pairs_of(path, split.tested, split.photos, labels, alone)
    notes = compare_counts(path, counts_of(split.whole), PUBLISHED, OfficialOptions(counts="any"))
    print(f"lfw: {split}", file=sys.stderr)
    with write_pack(out_dir / "train.arrow") as pack:
        for photo in tqdm(trained, "import train", unit="photo"):
            pack.add(photo.name, image_bytes(Image(photo.name, split.photos / photo.name)), labels[photo.person])
    write_benchmark(replace(benchmark, notes=[*notes, *benchmark.notes, str(split)]), out_dir)


def counts_of(asked: PairList) -> dict[str, int]:
    """The counts of a list that are compared with the published ones."""
    return {"folds": asked.folds, "pairs": len(asked.pairs)}


def pairs_of(path: Path, asked: PairList, photos: Path, labels: Mapping[str, int], alone: str) -> Benchmark:
    """The benchmark of a pair list. Official folds stay as they are.

    A list of one fold is cut in ten: same and different pairs take turns, so that they are as even as can be.

    alone: says of a list of one fold where the others are.

    Raises:
        DataError: a single fold is too small to be cut.
    """
    pairs, folds = asked.pairs, asked.folds
    named = {photo.name: photo for photo in asked.named}
    notes = [f"{path.name}: {len(named):,} images of {len(asked.people):,} people, photos of {photos.name}"]
    if folds == 1:
        each = len(pairs) // 2
        if each < 2:
            raise DataError(f"{path}: too few pairs to choose a threshold on some and test it on others")
        pairs = [pair for both in zip(pairs[:each], pairs[each:], strict=True) for pair in both]
        folds = min(10, each)
        notes += [f"{DIFFERS} protocol: {alone}, cut into {folds} here"]

    def source(name: str) -> Image:
        return Image(name, photos / name, labels[named[name].person])

    return verification("lfw", [(left.name, right.name, same) for left, right, same in pairs], folds, source, notes)
