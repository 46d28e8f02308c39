"""What an official run reads, from ``data.root`` into packs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lgaf.data.benchmark import write_benchmark
from lgaf.data.official.readers import locate, not_there, open_benchmark
from lgaf.data.official.scface import import_tuning
from lgaf.data.settings import SCFACE, OfficialOptions
from lgaf.data.training import import_training
from lgaf.errors import DataError
from lgaf.formats.pack import write_pack
from lgaf.strict import checked


def import_run(
    root: Path, train: Path | None, benchmarks: Sequence[str], options: dict[str, Any], out_dir: Path
) -> None:
    """Write every benchmark's pack and protocol and the training set's pack, ``train.arrow``, into ``out_dir``.

    root: ``data.root``; train: the training set below it, SCFace's folder for the people that its ``scface_test80``
    leaves, None where nothing is trained, which makes an empty pack;
    options: those of :func:`lgaf.data.official.readers.open_benchmark`.

    Raises:
        DataError: something is not there, a line each and before anything is written; or it is malformed.
    """
    if missing := lacking(root, train, benchmarks):
        raise DataError("\n".join(missing))
    for name in benchmarks:  # the quicker first, so that what is wrong is said early
        write_benchmark(open_benchmark(name, root, **options), out_dir)
    if train is not None and str(train) in SCFACE:
        import_tuning(root / train, out_dir / "train.arrow", checked(OfficialOptions, options))
    elif train is not None:
        import_training(root / train, out_dir / "train.arrow")
    else:
        with write_pack(out_dir / "train.arrow"):  # the pipeline has one arrow from it to training
            pass


def lacking(root: Path, train: Path | None, benchmarks: Sequence[str]) -> list[str]:
    """What is not there at all, a line each."""
    if not os.path.isdir(root):
        return [no_root(root)]
    found = [] if train is None or os.path.lexists(root / train) else [no_training_set(root / train)]
    return found + [str(not_there(name, root)) for name in benchmarks if not any(locate(name, root))]


def no_root(root: Path) -> str:
    """What is said of a ``data.root`` that is not there."""
    return f"{root}: no such folder; set data.root to the folder that holds the data sets, see docs/datasets/README.md"


def no_training_set(path: Path) -> str:
    """What is said of a training set that is not there."""
    return f"{path}: no such file or folder; set data.train, see docs/datasets/training.md"
