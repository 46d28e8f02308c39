"""Embeddings of one method on one benchmark: an Arrow IPC file, the bridge between torch and scoring."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from lgaf.errors import DataError
from lgaf.files import atomic
from lgaf.formats.pack import check_columns, check_types, read_table

COLUMNS = ("name", "label", "embedding", "norm", "attention")
BRANCHES = ("local", "global")
"""Columns of a file that holds the branches too, beside COLUMNS."""
VISIBLE = "visible"
"""Column of a file that holds what the network thinks it sees of each face."""
FLIP = "flip"
"""Key of the schema's metadata."""


@dataclass(frozen=True)
class Embeddings:
    """N embedded images.

    names: N image names; labels: (N,) int32 identities; vectors: (N, D) float32 un-normalised, flip fused;
    norms: (N,) float32 quality proxy, the norm of the un-normalised feature of the image as it is (not mirrored);
    attention: (N, 2) float32 weights of local and global, or None for a method that has none;
    flip: whether the mirror image's feature was added to ``vectors``;
    truth: column -> (N,) float32, what is known of each image (yaw, hidden, ...);
    local, global_: (N, E) float32 features of the two branches of the image as it is, un-normalised; both or none. Only
    the damage laboratory asks for them, and for
    visible: (N,) float32 mean of the network's own visibility over the face, 0 to 1; None where it has none.
    """

    names: list[str]
    labels: np.ndarray
    vectors: np.ndarray
    norms: np.ndarray
    attention: np.ndarray | None
    flip: bool
    truth: dict[str, np.ndarray]
    local: np.ndarray | None = None
    global_: np.ndarray | None = None
    visible: np.ndarray | None = None


def write_embeddings(path: str | Path, embeddings: Embeddings) -> None:
    """Write an embeddings file, atomically; a ``path`` that ends in .parquet is for other tools, scoring reads none."""
    table = table_of(embeddings)
    with atomic(path) as temporary:
        if Path(path).suffix == ".parquet":
            import pyarrow.parquet as pq  # here: scoring needs none of it

            pq.write_table(table, temporary)
        else:
            with pa.ipc.new_file(str(temporary), table.schema) as sink:
                sink.write_table(table)


def table_of(embeddings: Embeddings) -> pa.Table:
    """The columns of an embeddings file."""

    def rows(values: np.ndarray) -> pa.Array:
        return pa.FixedSizeListArray.from_arrays(pa.array(values.astype(np.float32).ravel()), values.shape[1])

    count = len(embeddings.names)
    attention = embeddings.attention
    columns = {
        "name": pa.array(embeddings.names, pa.string()),
        "label": pa.array(embeddings.labels, pa.int32()),
        "embedding": rows(embeddings.vectors),
        "norm": pa.array(embeddings.norms, pa.float32()),
        "attention": pa.nulls(count, pa.list_(pa.float32(), 2)) if attention is None else rows(attention),
        **{name: pa.array(values, pa.float32()) for name, values in embeddings.truth.items()},
    }
    if embeddings.local is not None and embeddings.global_ is not None:
        columns |= dict(zip(BRANCHES, map(rows, (embeddings.local, embeddings.global_)), strict=True))
    if embeddings.visible is not None:
        columns[VISIBLE] = pa.array(embeddings.visible, pa.float32())
    return pa.table(columns).replace_schema_metadata({FLIP: json.dumps(embeddings.flip)})


def read_embeddings(path: str | Path) -> Embeddings:
    """Read an embeddings file.

    Raises:
        DataError: the file is missing, broken or empty, or holds a value that is not finite or a norm below 0.
    """
    table = read_table(path, COLUMNS)
    width = getattr(table.schema.field("embedding").type, "list_size", 1)
    types = [pa.string(), pa.int32(), pa.list_(pa.float32(), width), pa.float32(), pa.list_(pa.float32(), 2)]
    branches = BRANCHES if BRANCHES[0] in table.column_names else ()
    check_columns(path, table, branches)
    length = getattr(table.schema.field(BRANCHES[0]).type, "list_size", 1) if branches else 0
    features = [(name, pa.list_(pa.float32(), length)) for name in branches]
    if seen := VISIBLE in table.column_names:
        features.append((VISIBLE, pa.float32()))
    expected = pa.schema([*zip(COLUMNS, types, strict=True), *features])
    check_types(path, table, expected, filled=("name", "label", "embedding", "norm", *(it for it, _ in features)))
    flip = (table.schema.metadata or {}).get(FLIP.encode())
    if flip not in (b"true", b"false"):
        raise DataError(f"{path}: does not say whether mirror images were added; run `dvc repro embed`")
    if not table.num_rows or not width:
        what = "embedding" if not table.num_rows else "value in its embeddings"
        raise DataError(f"{path}: holds no {what}; run `dvc repro embed`")
    vectors, norms = rows_of(table, "embedding"), table["norm"].to_numpy()
    attended = table["attention"].null_count < table.num_rows
    if attended:
        check_types(path, table, table.schema, filled=["attention"])
    attention = rows_of(table, "attention") if attended else None
    local, global_ = (rows_of(table, name) if branches else None for name in BRANCHES)
    visible = table[VISIBLE].to_numpy() if seen else None
    columns = {"embedding": vectors, "norm": norms, "attention": attention, "local": local, "global": global_,
               VISIBLE: visible}  # fmt: skip
    for name, values in columns.items():
        if values is None:
            continue
        wrong = ~np.isfinite(values.reshape(len(values), -1)).all(axis=1)
        if name == "norm":
            wrong |= values < 0
        if wrong.any():
            bad, what = int(wrong.argmax()), "no length" if name == "norm" else "not finite"
            said = "" if values.ndim > 1 else f" {values[bad]:g}"
            raise DataError(
                f"{path}: record {bad} ({table['name'][bad]}): the {name}{said} is {what}; train again, then embed"
            )
    return Embeddings(
        names=table["name"].to_pylist(),
        labels=table["label"].to_numpy(),
        vectors=vectors,
        norms=norms,
        attention=attention,
        flip=flip == b"true",
        truth={
            name: table[name].to_numpy() for name in table.column_names if name not in (*COLUMNS, *BRANCHES, VISIBLE)
        },
        local=local,
        global_=global_,
        visible=visible,
    )


def rows_of(table: pa.Table, column: str) -> np.ndarray:
    """A column of lists of one length, none of them null, as (N, D) float32; NaN where a list lacks a value."""
    values = table[column].combine_chunks().flatten()
    return values.to_numpy(zero_copy_only=False).reshape(table.num_rows, -1)
