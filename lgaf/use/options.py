"""Options that several commands have."""

from __future__ import annotations

import argparse
from pathlib import Path

FMR = 1e-3
"""False match rate of a decision, if no other is asked for."""


def add_model(parser: argparse.ArgumentParser) -> None:
    """Which model."""
    parser.add_argument(
        "--model", metavar="PATH|ROW", help="a checkpoint, or a row of params.yaml (default: its reference row)"
    )


def add_threshold(parser: argparse.ArgumentParser) -> None:
    """Which threshold decides."""
    parser.add_argument(
        "--fmr", type=rate, default=FMR, help="false match rate that the threshold is for (default: %(default)s)"
    )
    parser.add_argument("--benchmark", help="that the threshold was measured on (default: the first one measured)")


def add_picture(parser: argparse.ArgumentParser, name: str, shows: str) -> None:
    """Where to draw."""
    parser.add_argument(name, type=png, metavar="FILE.png", help=f"draw {shows}")


def png(text: str) -> Path:
    """A path that ends in .png."""
    if not text.endswith(".png"):
        raise argparse.ArgumentTypeError(f"{text!r} does not end in .png")
    return Path(text)


def rate(text: str) -> float:
    """A rate, above 0 and below 1."""
    if not 0 < (value := float(text)) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return value


def positive(text: str) -> float:
    """A number above 0."""
    if not 0 < (value := float(text)) < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value


def count(text: str) -> int:
    """A whole number above 0."""
    if (value := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value
