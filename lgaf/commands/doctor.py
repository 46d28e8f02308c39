"""Say what of the data asked for is there and where to ask for the rest; exit 1 if any is missing."""

from __future__ import annotations

import argparse

from lgaf.errors import DataError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None of its own."""


def run(arguments: argparse.Namespace) -> None:
    """See the module."""
    from lgaf.config import load_settings
    from lgaf.doctor import find_problems, show

    findings = find_problems(load_settings(arguments.params))
    print(show(findings))
    if failed := [str(finding) for finding in findings if finding.failed]:
        raise DataError("\n".join([f"{len(failed)} problems with the data:", *failed]))
