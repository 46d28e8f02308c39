"""The 1:N lists of IJB-B and IJB-C: two galleries of templates, and the templates that are searched in both.

Three CSV files beside the lists of :mod:`lgaf.data.official.ijb`, for NAME ``ijbb`` or ``ijbc``, with a header and
template and person as their first two columns, read as insightface ``recognition/_evaluation_/ijb/ijb_1n.py``
(1b8d928) reads them: ``NAME_1N_gallery_S1.csv`` and ``_S2.csv`` (IJB-C: ``_G1``, ``_G2``), ``NAME_1N_probe_mixed.csv``.
NIST's own have a line an image, so that a template may stand on several.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from lgaf.errors import DataError
from lgaf.files import regular_file
from lgaf.formats.templates import PROBES, SEARCHES

GALLERIES = {"ijbb": ("s1", "s2"), "ijbc": ("g1", "g2")}
COUNTED = ("gallery templates", "probe templates")
PUBLISHED = {"ijbb": (1_845, 10_270), "ijbc": (3_531, 19_593)}
"""A template a person in the galleries; with the probes they are all templates of the 1:1 list."""


def read_searches(name: str, meta: Path, templates: pa.ChunkedArray) -> pa.Table | None:
    """The table of schema SEARCHES, of ``templates`` that have images; None where none of the lists is there.

    Raises:
        DataError: some are there and one is missing, one is malformed, or they contradict each other.
    """
    paths = {gallery: meta / f"{name}_1N_gallery_{gallery.upper()}.csv" for gallery in GALLERIES[name]}
    paths[PROBES] = meta / f"{name}_1N_probe_mixed.csv"
    if not any(path.exists() for path in paths.values()):
        return None
    tables, again = [], "fetch the lists again"
    seen, enrolled = dict[int, Path](), dict[int, Path]()
    known = pc.unique(templates)
    for gallery, path in paths.items():
        table = read_owners(path)
        unknown = table.filter(pc.invert(pc.is_in(table["template"], value_set=known)))
        if unknown.num_rows:
            raise DataError(f"{path}: template {unknown['template'][0]} has no image; {again}")
        for template, person in zip(table["template"].to_pylist(), table["person"].to_pylist(), strict=True):
            if template in seen:
                raise DataError(f"{path}: template {template} stands in {seen[template]} too; {again}")
            seen[template] = path
            if gallery == PROBES and person not in enrolled:
                raise DataError(f"{path}: person {person} is in neither gallery; {again}")
            if gallery != PROBES and enrolled.setdefault(person, path) != path:
                raise DataError(f"{path}: person {person} is in {enrolled[person]} too; {again}")
        if gallery != PROBES and len(pc.unique(table["person"])) < table.num_rows:
            raise DataError(f"{path}: a person has two templates, and a gallery has one a person; {again}")
        tables.append(table.add_column(0, SEARCHES.field("gallery"), pa.array([gallery] * table.num_rows, pa.string())))
    return pa.concat_tables(tables).cast(SEARCHES).combine_chunks()


def read_owners(path: Path) -> pa.Table:
    """Each template of a list once, in its order, and its person: int32 columns ``template`` and ``person``.

    Raises:
        DataError: the file is missing or malformed, or a template has two people.
    """
    regular_file(path, "the other 1:N lists are there: see docs/datasets/ijb.md for the expected tree")
    try:
        table = csv.read_csv(
            path,
            csv.ReadOptions(skip_rows=1, autogenerate_column_names=True, use_threads=False),
            csv.ParseOptions(ignore_empty_lines=False),
            csv.ConvertOptions(
                include_columns=["f0", "f1"],
                column_types={"f0": pa.int32(), "f1": pa.int32()},
                null_values=[],
                strings_can_be_null=False,
            ),
        )
    except (pa.ArrowException, OSError) as error:
        message = " ".join(str(error).split())[:200]
        raise DataError(f"{path}: {message}; after the header a line must begin with template,person") from None
    table = (
        table.rename_columns(["template", "person"]).group_by(["template", "person"], use_threads=False).aggregate([])
    )
    counted = pc.value_counts(table["template"])
    twice = pc.filter(counted.field("values"), pc.greater(counted.field("counts"), 1))
    if len(twice):
        raise DataError(f"{path}: template {twice[0]} has two people; fetch the lists again")
    return table
