"""Try on some faces whether the manifest of a row of `models` is the best one; warn where another way is better."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from lgaf.paths import ALIGNED


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("row", help="row of params.yaml's models")
    parser.add_argument("--pack", type=Path, help=f"aligned faces (default: {ALIGNED}/BENCHMARK.arrow, the first one)")


def run(arguments: argparse.Namespace) -> None:
    """See the module."""
    from lgaf.config import load_settings
    from lgaf.device import choose_device
    from lgaf.errors import SettingsError
    from lgaf.given.probe import probe, show, warnings
    from lgaf.imported.manifest import ImportedRow

    settings = load_settings(arguments.params)
    pack = arguments.pack or ALIGNED / f"{settings.benchmarks[0]}.arrow"
    row = settings.given(arguments.row)
    if isinstance(row, ImportedRow):
        raise SettingsError(f"models.{arguments.row}: format {row.format}: has no network that could be tried")
    found = probe(row, pack, choose_device(settings.device))
    print(show(found))
    for line in warnings(found):
        print(f"lgaf: warning: models.{arguments.row}: {line}", file=sys.stderr)
