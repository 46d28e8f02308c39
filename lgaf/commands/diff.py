"""Compare two revisions row by row: commits, DVC experiments, or the workspace (the default)."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("old", nargs="?", default="HEAD", help="revision (default: %(default)s)")
    parser.add_argument("new", nargs="?", help="revision (default: the workspace)")


def run(arguments: argparse.Namespace) -> None:
    """See the module."""
    from lgaf.report.diff import diff_revisions

    print(diff_revisions(arguments.old, arguments.new))
