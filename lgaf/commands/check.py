"""Compare the results with the committed reference; exit 1 if a row got worse."""

from __future__ import annotations

import argparse

from lgaf.errors import RegressionError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("--update", action="store_true", help="make the present results the reference")


def run(arguments: argparse.Namespace) -> None:
    """See the module."""
    from lgaf.config import load_settings
    from lgaf.report import check as gate
    from lgaf.report.settings import ReportRun
    from lgaf.stages.inputs import read_settings

    settled = read_settings("report", ReportRun)
    if arguments.update:
        gate.update(settled)
        return
    said, failed = gate.check(settled, load_settings(arguments.params).check)
    print(said)
    if failed:
        raise RegressionError("\n".join(["results fall short of the reference:", *failed]))
