"""Files that were brought to a row's embeddings, or scores, of every benchmark."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lgaf.errors import DataError
from lgaf.files import sha256_of
from lgaf.formats.embeddings import write_embeddings
from lgaf.formats.pack import Pack
from lgaf.formats.scores import nothing, write_scores
from lgaf.imported import embeddings, scores
from lgaf.imported.manifest import Imported, file_of
from lgaf.paths import ALIGNED


def bring(row: str, said: Imported, benchmarks: Sequence[str], folder: Path) -> None:
    """Write ``folder``/BENCHMARK.arrow of each benchmark; of one that scores alone cannot answer, no scores at all.

    Raises:
        DataError: a file is missing or broken, or has changed since its hash was taken.
    """
    for name in benchmarks:
        target = folder / f"{name}.arrow"
        if name not in said.files:
            write_scores(target, nothing())
            continue
        source, pack = file_of(row, name), Pack(ALIGNED / f"{name}.arrow")
        if said.format == "embeddings":
            write_embeddings(target, embeddings.of_pack(source, pack))
        else:
            write_scores(target, scores.of_pack(source, pack))
        if sha256_of(source) != said.files[name]:
            raise DataError(f"{source}: has changed since the run began; run `dvc repro` again")
