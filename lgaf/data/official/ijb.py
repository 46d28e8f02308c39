"""IJB-B and IJB-C: templates of faces from photos and videos, as insightface distributes them.

Whitelam et al., "IARPA Janus Benchmark-B Face Dataset", CVPR Workshops 2017; Maze et al., "IARPA Janus Benchmark - C",
ICB 2018. The lists, read as insightface ``recognition/arcface_torch/eval_ijbc.py`` (1b8d928) reads them, have one blank
between fields; in ``meta``, for NAME ``ijbb`` or ``ijbc``:

- ``NAME_name_5pts_score.txt``: image, five points x y, the detector's score; a line an image of ``loose_crop``;
- ``NAME_face_tid_mid.txt``: image, template, medium; the same images in the same order;
- ``NAME_template_pair_label.txt``: template, template, 1 for one person, else 0.

``docs/datasets/ijb.md`` shows the tree. These lists name no person: images are labelled -1. Those of 1:N, which may
lie beside them, are :mod:`lgaf.data.official.ijb_searches`.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from lgaf.data.benchmark import Benchmark, Image
from lgaf.data.official import ijb_searches
from lgaf.data.official.reading import compare_counts
from lgaf.data.settings import OfficialOptions
from lgaf.errors import DataError
from lgaf.files import regular_file
from lgaf.formats.templates import MEMBERS, PAIRS, PROBES, Templates

COUNTED = ("images", "templates", "same pairs", "different pairs")
PUBLISHED = {"ijbb": (227_630, 12_115, 10_270, 8_000_000), "ijbc": (469_375, 23_124, 19_557, 15_638_932)}
POINTS = [f"{axis}{number}" for number in range(5) for axis in "xy"]
LISTED = pa.schema([("image", pa.string()), *((name, pa.float32()) for name in POINTS), ("score", pa.float32())])
GROUPED = pa.schema([MEMBERS.field(name) for name in ("image", "template", "media")])
COMPARED = pa.schema([("left", pa.int32()), ("right", pa.int32()), ("same", pa.uint8())])
ROW = re.compile(r"Row #(\d+): (.*)")


def read_ijb(name: str, folder: Path, options: OfficialOptions) -> Benchmark:
    """The benchmark from ``folder``, which holds ``loose_crop`` and ``meta``.

    Raises:
        DataError: a file is missing or malformed, two lists contradict each other, or the counts are not the
            published ones.
    """
    meta, photos = folder / "meta", folder / "loose_crop"
    images_path, members_path = meta / f"{name}_name_5pts_score.txt", meta / f"{name}_face_tid_mid.txt"
    listed, grouped = read_list(images_path, LISTED), read_list(members_path, GROUPED)
    check_images(images_path, listed, members_path, grouped, photos)
    pairs = read_pairs(meta / f"{name}_template_pair_label.txt", grouped["template"])

    templates, same = pc.count_distinct(grouped["template"]).as_py(), pc.sum(pairs["same"]).as_py()
    found = dict(zip(COUNTED, (listed.num_rows, templates, same, pairs.num_rows - same), strict=True))
    published = dict(zip(COUNTED, PUBLISHED[name], strict=True))
    searches = ijb_searches.read_searches(name, meta, grouped["template"])
    if searches is not None:
        probes = pc.sum(pc.equal(searches["gallery"], PROBES)).as_py()
        found |= dict(zip(ijb_searches.COUNTED, (searches.num_rows - probes, probes), strict=True))
        published |= dict(zip(ijb_searches.COUNTED, ijb_searches.PUBLISHED[name], strict=True))
    notes = compare_counts(folder, found, published, options)
    notes += ["official lists as insightface distributes them, faces from loose_crop with the landmarks of the list"]
    points = np.stack([listed[column].to_numpy() for column in POINTS], axis=1).reshape(-1, 5, 2)
    images = [
        Image(image, photos / image, landmarks=point)
        for image, point in zip(listed["image"].to_pylist(), points, strict=True)
    ]
    members = grouped.append_column(MEMBERS.field("score"), listed["score"])
    return Benchmark(name, images, Templates(members=members, pairs=pairs, searches=searches), notes)


def check_images(images_path: Path, listed: pa.Table, members_path: Path, grouped: pa.Table, photos: Path) -> None:
    """Check that two lists name the same images in one order, each once and as a file that is there, by sane numbers.

    Raises:
        DataError: they do not.
    """
    names = listed["image"]
    if len(names) != grouped.num_rows:
        raise DataError(
            f"{members_path}: has {grouped.num_rows:,} lines, {images_path} {len(names):,}; fetch both again"
        )
    if (row := first_false(pc.equal(names, grouped["image"]))) is not None:
        raise DataError(
            f"{members_path}: line {row + 1}: {shown(grouped['image'][row])}, but {images_path.name} has "
            f"{shown(names[row])} there; their images must be in one order: fetch both again"
        )
    for column in LISTED.names[1:]:
        if (row := first_false(pc.is_finite(listed[column]))) is not None:
            raise DataError(f"{images_path}: line {row + 1}: {column} is no number; fetch the list again")
    if (row := first_false(pc.greater_equal(listed["score"], 0))) is not None:
        raise DataError(f"{images_path}: line {row + 1}: the detector's score is below 0; fetch the list again")
    try:
        present = pa.array(os.listdir(os.fsencode(photos)), pa.binary())
    except OSError as error:
        raise DataError(f"{photos}: {error.strerror}; see docs/datasets/ijb.md for the expected tree") from None
    there = pc.is_in(names.cast(pa.binary()), value_set=present)
    if (row := first_false(there)) is not None:
        missing = len(names) - pc.sum(there).as_py()
        raise DataError(
            f"{images_path}: line {row + 1}: no such image: {photos}/{shown(names[row])} ({missing:,} of "
            f"{len(names):,} are missing there); get the whole data set"
        )
    counted = pc.value_counts(names)
    if (place := first_false(pc.equal(counted.field("counts"), 1))) is not None:
        twice = shown(counted.field("values")[place])
        raise DataError(f"{images_path}: {twice} stands on two lines; fetch the list again")


def read_pairs(path: Path, templates: pa.ChunkedArray) -> pa.Table:
    """The pairs, of schema PAIRS, all of ``templates``.

    Raises:
        DataError: the file is missing or malformed, names another template, or has pairs of one kind only.
    """
    table = read_list(path, COMPARED)
    known = pc.unique(templates)
    for side in ("left", "right"):
        if (row := first_false(pc.is_in(table[side], value_set=known))) is not None:
            raise DataError(f"{path}: line {row + 1}: template {table[side][row]} has no image; fetch the lists again")
    if (row := first_false(pc.less_equal(table["same"], 1))) is not None:
        raise DataError(f"{path}: line {row + 1}: {table['same'][row]} is neither 1 (same person) nor 0")
    same = pc.equal(table["same"], 1)
    if not 0 < pc.sum(same).as_py() < len(same):
        raise DataError(f"{path}: all {len(same):,} pairs are of one kind; fetch the list again")
    return pa.table([table["left"], table["right"], same], schema=PAIRS)


def read_list(path: Path, schema: pa.Schema) -> pa.Table:
    """A list of lines that have ``schema``'s fields with one blank between them; millions of lines a second.

    Raises:
        DataError: the file is missing, or a line is not so.
    """
    regular_file(path, "see docs/datasets/ijb.md for the expected tree")
    try:
        return csv.read_csv(
            path,
            csv.ReadOptions(column_names=schema.names, use_threads=False),  # only so errors name their line
            csv.ParseOptions(delimiter=" ", quote_char=False, double_quote=False, ignore_empty_lines=False),
            csv.ConvertOptions(column_types=schema, null_values=[], strings_can_be_null=False),
        )
    except (pa.ArrowException, OSError) as error:
        message = " ".join(str(error).split())[:200]
        if line := ROW.search(message):
            message = f"line {line[1]}: {line[2]}"
        raise DataError(f"{path}: {message}; a line must be {' '.join(schema.names)}") from None


def first_false(condition: pa.ChunkedArray | pa.Array) -> int | None:
    """Where the first false stands, None where all are true."""
    row = pc.index(condition, pa.scalar(False)).as_py()
    return None if row < 0 else row


def shown(name: pa.Scalar) -> str:
    """A name for a message: quoted, on one line, not too long."""
    return repr(name.as_py())[:80]
