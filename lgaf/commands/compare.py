"""Compare the faces of two photos: similarity, the decision at a false match rate, and the quality of each."""

from __future__ import annotations

import argparse
from pathlib import Path

from lgaf.use.options import add_model, add_picture, add_threshold


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("photos", nargs=2, type=Path, metavar="PHOTO", help="JPEG, PNG, BMP or WebP")
    add_model(parser)
    add_threshold(parser)
    add_picture(parser, "--picture", "both photos with what was found, and the decision")


def run(arguments: argparse.Namespace) -> None:
    """See the module."""
    from lgaf.files import printable
    from lgaf.use.compare import compare, show
    from lgaf.use.model import choose_model
    from lgaf.use.threshold import find_threshold

    choice = choose_model(Path(arguments.params), arguments.model)
    threshold = find_threshold(choice.row, choice.seed, arguments.fmr, arguments.benchmark)
    found = compare(arguments.photos, choice, threshold)
    print(printable(show(found)))
    if arguments.picture:
        from lgaf.use.picture import write_picture

        write_picture(found, arguments.picture)
