"""Bring scores of any matcher for the pairs of one benchmark, as a file of a row of `models`, format scores."""

from __future__ import annotations

import argparse
from pathlib import Path

from lgaf.paths import PHOTOS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("row", help="row of params.yaml's models, now or later")
    parser.add_argument("benchmark", help="benchmark of params.yaml that lists pairs, whose photos are there")
    parser.add_argument("file", type=Path, help=".parquet or .csv with the columns left, right, score")
    parser.add_argument("--distances", action="store_true", help="lower is more alike, not higher")


def run(arguments: argparse.Namespace) -> None:
    """See the module."""
    from lgaf.config import load_settings
    from lgaf.files import printable
    from lgaf.imported.manifest import place
    from lgaf.imported.scores import import_scores

    settings = load_settings(arguments.params)
    target = place(arguments.row, arguments.benchmark, settings.benchmarks)
    protocol, missing = PHOTOS / f"{arguments.benchmark}.json", settings.evaluate.max_missing
    print(printable("\n".join(import_scores(arguments.file, protocol, target, arguments.distances, missing))))
