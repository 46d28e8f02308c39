"""Embeddings that others made: a file of theirs, checked against a benchmark's list, to a file as the stage ``embed``
writes it; and that to a row's embeddings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lgaf.errors import DataError
from lgaf.formats.asked import asked_images
from lgaf.formats.embeddings import Embeddings, read_embeddings, write_embeddings
from lgaf.formats.pack import Pack
from lgaf.formats.protocol import read_protocol
from lgaf.imported.lines import listed, refuse, rest_lines
from lgaf.imported.tables import AGAIN, Block, embedding_blocks


class Found(NamedTuple):
    """What a file has of what a benchmark asks for."""

    names: list[str]
    vectors: np.ndarray
    """(N, D) float32."""
    unknown: list[str]
    """Names that the benchmark does not ask for."""


def import_embeddings(
    source: Path, names: Path | None, protocol: Path, target: Path, flip: bool, max_missing: float
) -> list[str]:
    """Write the embeddings of ``source`` that ``protocol`` asks for to ``target``; tell of the rest, a line each.

    flip: whether the mirror image's are added. max_missing: largest share of the images that may lack an embedding.

    Raises:
        DataError: a file is missing or broken, or the embeddings are not those of the benchmark; a line a problem.
    """
    asked = asked_images(read_protocol(protocol))
    found = select(source, embedding_blocks(source, names), asked)
    missing = sorted(set(asked).difference(found.names))
    if len(missing) > max_missing * len(asked):
        raise DataError(
            f"{source}: {len(missing):,} of {len(asked):,} images that {protocol} asks for lack an embedding: "
            f"{listed(missing)}; embed them too (evaluate.max_missing allows a share of {max_missing:g})"
        )
    write_embeddings(target, Embeddings(
        names=found.names,
        labels=np.full(len(found.names), -1, np.int32),
        vectors=found.vectors,
        norms=lengths_of(found.vectors),
        attention=None,
        flip=flip,
        truth={},
    ))  # fmt: skip
    first = f"{target}: {len(found.names):,} embeddings of {found.vectors.shape[1]:,} values"
    return [first, *rest_lines(missing, "an embedding", found.unknown, protocol)]


def select(path: Path, blocks: Iterable[Block], asked: Sequence[str]) -> Found:
    """Keep of a file's embeddings those that are asked for.

    Raises:
        DataError: a name twice, an embedding that is not finite, zero, or of another width; a line each.
    """
    wanted, first = set(asked), dict[str, int]()
    kept, unknown, wrong = list[np.ndarray](), list[str](), dict[str, list[str]]()
    start = width = 0
    for block in blocks:
        if width and block.vectors.shape[1] != width and len(block.names):
            raise DataError(f"{path}: record {start} ({block.names[0]}): an embedding of {block.vectors.shape[1]} "
                            f"values, those before have {width}; {AGAIN}")  # fmt: skip
        width = width or block.vectors.shape[1]
        rows = []
        for row, name in enumerate(block.names):
            if name not in wanted:
                unknown.append(name)
            elif name in first:
                wrong.setdefault("its name stands twice", []).append(f"record {start + row} ({name})")
            else:
                first[name] = start + row
                rows.append(row)
        with np.errstate(over="ignore"):  # what float32 cannot hold turns infinite, and is refused
            vectors = np.asarray(block.vectors[rows], np.float32)
        problems = {"is not finite": ~np.isfinite(vectors).all(axis=1), "is all zeros": ~vectors.any(axis=1)}
        for what, bad in problems.items():
            for row in np.array(rows, int)[bad]:
                wrong.setdefault(what, []).append(f"record {start + row} ({block.names[row]})")
        kept.append(vectors)
        start += len(block.names)
    refuse(path, wrong)
    if not first:
        raise DataError(
            f"{path}: none of its {start:,} names is asked for, as {asked[0]!r} is; write the benchmark's names"
        )
    return Found(list(first), np.concatenate([each for each in kept if len(each)]), unknown)


def lengths_of(vectors: np.ndarray) -> np.ndarray:
    """(N,) float32 norms of (N, D) float32."""
    return np.sqrt(np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64)).astype(np.float32)


def of_pack(path: Path, pack: Pack) -> Embeddings:
    """The embeddings of a file that are of a pack's faces, with what the pack knows of them, in its order.

    So a row of them is scored on what all other rows are: identities and truth are the benchmark's, and an image that
    alignment has left out is left out.

    Raises:
        DataError: the file is missing or broken, has a name twice, or an embedding of length 0.
    """
    found = read_embeddings(path)
    place = {name: row for row, name in enumerate(found.names)}
    if len(place) < len(found.names):
        twice = next(name for row, name in enumerate(found.names) if place[name] != row)
        raise DataError(f"{path}: the name {twice!r} stands twice; {AGAIN}")
    if (zero := ~found.vectors.any(axis=1)).any():
        bad = int(zero.argmax())
        raise DataError(f"{path}: record {bad} ({found.names[bad]}): the embedding is all zeros; {AGAIN}")
    there = np.array([row for row, name in enumerate(pack.names) if name in place], int)
    names = [pack.names[row] for row in there]
    rows = np.array([place[name] for name in names], int)
    return replace(
        found,
        names=names,
        labels=pack.labels[there],
        vectors=found.vectors[rows],
        norms=found.norms[rows],
        attention=None if found.attention is None else found.attention[rows],
        truth={name: values[there] for name, values in pack.truth.items()},
        local=None,
        global_=None,
    )
