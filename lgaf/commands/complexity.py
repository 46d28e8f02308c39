"""Print parameters, FLOPs and time per image of the network of a row against its plain backbone."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("row", nargs="?", default="lgaf", help="row of params.yaml (default: %(default)s)")


def run(arguments: argparse.Namespace) -> None:
    """See the module."""
    from lgaf.config import load_settings
    from lgaf.models.complexity import describe

    print(describe(load_settings(arguments.params).run(arguments.row).model))
