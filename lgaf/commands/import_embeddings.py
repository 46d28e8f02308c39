"""Bring embeddings of one benchmark that were made elsewhere, as a file of a row of `models`, format embeddings."""

from __future__ import annotations

import argparse
from pathlib import Path

from lgaf.paths import PHOTOS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("row", help="row of params.yaml's models, now or later")
    parser.add_argument("benchmark", help="benchmark of params.yaml, whose photos are there")
    parser.add_argument("file", type=Path, help=".npz, .npy, .parquet or .csv (docs/own-models.md)")
    parser.add_argument("--names", type=Path, help="of a .npy: a text file, a name a line")
    parser.add_argument(
        "--flip", choices=("true", "false"), required=True, help="whether the mirror image's embedding is added to each"
    )


def run(arguments: argparse.Namespace) -> None:
    """See the module."""
    from lgaf.config import load_settings
    from lgaf.files import printable
    from lgaf.imported.embeddings import import_embeddings
    from lgaf.imported.manifest import place

    settings = load_settings(arguments.params)
    target = place(arguments.row, arguments.benchmark, settings.benchmarks)
    protocol, missing = PHOTOS / f"{arguments.benchmark}.json", settings.evaluate.max_missing
    lines = import_embeddings(arguments.file, arguments.names, protocol, target, arguments.flip == "true", missing)
    print(printable("\n".join(lines)))
