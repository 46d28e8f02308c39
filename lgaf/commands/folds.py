"""Test each fold of LFW by networks that all others trained, one DVC experiment a fold, and tell their mean."""

from __future__ import annotations

import argparse

from lgaf.errors import SettingsError
from lgaf.paths import PARAMS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None of its own."""


def run(arguments: argparse.Namespace) -> None:
    """See the module."""
    from lgaf.folds import run_folds

    if arguments.params != str(PARAMS):
        raise SettingsError(f"--params {arguments.params}: DVC's experiments read {PARAMS}; copy it there")
    print(run_folds())
