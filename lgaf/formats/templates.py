"""Templates: a question about sets of images, too long for JSON. Two Arrow tables beside the JSON file hold it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Literal

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import ConfigDict, Field, StringConstraints, ValidationInfo, field_validator

from lgaf.errors import DataError
from lgaf.files import atomic, write_json
from lgaf.formats.pack import read_table
from lgaf.strict import Strict

MEMBERS = pa.schema([("image", pa.string()), ("template", pa.int32()), ("media", pa.int32()), ("score", pa.float32())])
"""An image in a template: its name; the medium (a photo, or the video that it is a frame of), a number that means
something within its template only; the detector's score. A row each, in the order of the official list."""
PAIRS = pa.schema([("left", pa.int32()), ("right", pa.int32()), ("same", pa.bool_())])
"""Two templates to compare, and whether they show one person."""


class Templates(Strict):
    """1:1 verification of templates."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    kind: Literal["templates"] = "templates"
    members: pa.Table
    """Table of schema MEMBERS."""
    pairs: pa.Table
    """Table of schema PAIRS."""
    notes: list[str] = Field([])
    """Lines to print under the table, as in :class:`lgaf.data.benchmark.Benchmark`."""

    @field_validator("members", "pairs")
    @classmethod
    def whole(cls, table: pa.Table, info: ValidationInfo) -> pa.Table:
        """Columns as they must be, and no empty cell."""
        schema = MEMBERS if info.field_name == "members" else PAIRS
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
    notes: list[str] = Field([])


def read_templates(path: Path, files: TemplateFiles) -> Templates:
    """Read the tables that the JSON file ``path`` names.

    Raises:
        DataError: one is missing, broken, or not the one that the JSON file was written with.
    """
    tables = {}
    for name, sidecar in (("members", files.members), ("pairs", files.pairs)):
        table_path = path.parent / sidecar.file
        tables[name] = read_table(table_path, ())
        if sha256_of(table_path) != sidecar.sha256:
            raise DataError(f"{table_path}: is not the file that {path} names; delete both and run `dvc repro photos`")
    return Templates(**tables, notes=files.notes)


def write_templates(path: Path, protocol: Templates) -> None:
    """Write ``STEM.templates.arrow``, ``STEM.pairs.arrow`` and then ``path``, ``STEM.json``, each atomically."""

    def written(table: pa.Table, kind: str) -> Sidecar:
        sidecar = path.with_name(f"{path.stem}.{kind}.arrow")
        with atomic(sidecar) as temporary, pa.ipc.new_file(str(temporary), table.schema) as sink:
            sink.write_table(table.combine_chunks())  # equal tables, equal bytes
        return Sidecar(file=sidecar.name, sha256=sha256_of(sidecar))

    members, pairs = written(protocol.members, "templates"), written(protocol.pairs, "pairs")
    write_json(path, TemplateFiles(members=members, pairs=pairs, notes=protocol.notes).model_dump())


def sha256_of(path: Path) -> str:
    """The file's SHA-256 in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as source:
        while block := source.read(2**20):
            digest.update(block)
    return digest.hexdigest()
