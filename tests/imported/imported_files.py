"""A benchmark's lists, and embeddings of its images in every kind of file that is read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from lgaf.formats.protocol import Verification, write_protocol


def protocol_of(path: Path, names: Sequence[str]) -> Path:
    """A list that asks for these images, each beside the next."""
    pairs = [(name, names[k - 1], k % 2 == 0) for k, name in enumerate(names)]
    write_protocol(path, Verification(pairs=pairs, folds=2))
    return path


def npz(folder: Path, names: Sequence[str], vectors: np.ndarray) -> tuple[Path, None]:
    np.savez(folder / "e.npz", names=np.array(names), embeddings=vectors, labels=np.arange(len(names)))
    return folder / "e.npz", None


def npy(folder: Path, names: Sequence[str], vectors: np.ndarray) -> tuple[Path, Path]:
    np.save(folder / "e.npy", vectors)
    (folder / "names.txt").write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
    return folder / "e.npy", folder / "names.txt"


def columns(names: Sequence[str], vectors: np.ndarray) -> pa.Table:
    table = pa.table({"name": pa.array(names, pa.string()), "label": pa.array(range(len(names)), pa.int64())})
    for k, values in enumerate(vectors.T):
        table = table.append_column(f"v{k}", pa.array(values))
    return table


def csv(folder: Path, names: Sequence[str], vectors: np.ndarray) -> tuple[Path, None]:
    pa.csv.write_csv(columns(names, vectors), folder / "e.csv")
    return folder / "e.csv", None


def parquet(folder: Path, names: Sequence[str], vectors: np.ndarray) -> tuple[Path, None]:
    pa.parquet.write_table(columns(names, vectors), folder / "e.parquet")
    return folder / "e.parquet", None


def lists(folder: Path, names: Sequence[str], vectors: np.ndarray | list) -> tuple[Path, None]:
    table = pa.table({"name": pa.array(names, pa.string()), "embedding": list(vectors), "seen": ["x"] * len(names)})
    pa.parquet.write_table(table, folder / "e.parquet")
    return folder / "e.parquet", None


WRITERS: dict[str, Callable] = {"npz": npz, "npy": npy, "csv": csv, "parquet": parquet, "lists": lists}
