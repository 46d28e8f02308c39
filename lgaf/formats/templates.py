"""Templates: a question about sets of images, too long for JSON. Two Arrow tables beside the JSON file hold it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import ConfigDict, Field, StringConstraints, ValidationInfo, field_validator

from lgaf.errors import DataError
from lgaf.files import atomic, sha256_of, write_json
from lgaf.formats.pack import read_table
from lgaf.strict import Strict

MEMBERS = pa.schema([("image", pa.string()), ("template", pa.int32()), ("media", pa.int32()), ("score", pa.float32())])
"""An image in a template: its name; the medium (a photo, or the video that it is a frame of), a number that means
something within its template only; the detector's score. A row each, in the order of the official list."""
PAIRS = pa.schema([("left", pa.int32()), ("right", pa.int32()), ("same", pa.bool_())])
"""Two templates to compare, and whether they show one person."""


SEARCHES = pa.schema([("gallery", pa.string()), ("template", pa.int32()), ("person", pa.int32())])
"""A template that is searched in, with the gallery that it is of, or that is searched for, with PROBES in its place;
and whom it shows. Nobody has two templates in galleries; every probe is searched in every gallery."""
PROBES = ""
SCHEMAS = {"members": MEMBERS, "pairs": PAIRS, "searches": SEARCHES}


class Templates(Strict):
    """1:1 verification of templates, and 1:N identification where there are lists for it."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    kind: Literal["templates"] = "templates"
    members: pa.Table
    """Table of schema MEMBERS."""
    pairs: pa.Table
    """Table of schema PAIRS."""
    searches: pa.Table | None = None
    """Table of schema SEARCHES."""
    notes: list[str] = Field([])
    """Lines to print under the table, as in :class:`lgaf.data.benchmark.Benchmark`."""

    @field_validator("members", "pairs", "searches")
    @classmethod
    def whole(cls, table: pa.Table | None, info: ValidationInfo) -> pa.Table | None:
        """Columns as they must be, and no empty cell."""
        if table is None:
            return table
        schema = SCHEMAS[str(info.field_name)]
        if not table.schema.equals(schema):
            found, expected = (", ".join(str(each).splitlines()) for each in (table.schema, schema))
            raise ValueError(f"columns are {found}; must be {expected}")
        if any(column.null_count for column in table.columns):
            raise ValueError("a cell is empty")
        if not table.num_rows:
            raise ValueError("no row")
        if "score" in table.column_names and not pc.all(pc.is_finite(table["score"])).as_py():
            raise ValueError("a detector's score is not finite")
        return table


class Sidecar(Strict):
    """A file beside the JSON file. The sum lets whoever watches the JSON file see that the content changed."""

    file: Annotated[str, StringConstraints(pattern=r"^[^/\\]+\.arrow$")]
    sha256: str


class TemplateFiles(Strict):
    """:class:`Templates` as the JSON file has it."""

    kind: Literal["templates"] = "templates"
    members: Sidecar
    pairs: Sidecar
    searches: Sidecar | None = None
    notes: list[str] = Field([])


def read_templates(path: Path, files: TemplateFiles) -> Templates:
    """Read the tables that the JSON file ``path`` names.

    Raises:
        DataError: one is missing, broken, or not the one that the JSON file was written with.
    """
    tables = {}
    for name in SCHEMAS:
        sidecar = getattr(files, name)
        if sidecar is None:
            continue
        table_path = path.parent / sidecar.file
        tables[name] = read_table(table_path, ())
        if sha256_of(table_path) != sidecar.sha256:
            raise DataError(f"{table_path}: is not the file that {path} names; delete both and run `dvc repro photos`")
    return Templates(**tables, notes=files.notes)


def write_templates(path: Path, protocol: Templates) -> None:
    """Write ``STEM.templates.arrow``, ``STEM.pairs.arrow``, ``STEM.searches.arrow`` where there are such, and then
    ``path``, ``STEM.json``, each atomically."""

    def written(table: pa.Table, kind: str) -> Sidecar:
        sidecar = path.with_name(f"{path.stem}.{kind}.arrow")
        with atomic(sidecar) as temporary, pa.ipc.new_file(str(temporary), table.schema) as sink:
            sink.write_table(table.combine_chunks())  # equal tables, equal bytes
        return Sidecar(file=sidecar.name, sha256=sha256_of(sidecar))

    members, pairs = written(protocol.members, "templates"), written(protocol.pairs, "pairs")
    searches = None if protocol.searches is None else written(protocol.searches, "searches")
    files = TemplateFiles(members=members, pairs=pairs, searches=searches, notes=protocol.notes)
    write_json(path, files.model_dump(exclude_none=True))
