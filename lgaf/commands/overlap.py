"""List the people of a training set who are likely in a benchmark too, nearest first, by the faces of aligned packs."""

from __future__ import annotations

import argparse
from pathlib import Path

from lgaf.use.options import add_model, add_picture, positive


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("train", type=Path, metavar="TRAIN_PACK", help="such as data/aligned/train.arrow")
    parser.add_argument("benchmark", type=Path, metavar="BENCHMARK_PACK", help="such as data/aligned/lfw.arrow")
    parser.add_argument(
        "--chance",
        type=positive,
        default=1.0,
        help="images of the benchmark that may be expected to be listed by chance (default: %(default)s)",
    )
    add_model(parser)
    add_picture(parser, "--out", "a sheet of the listed people, side by side")


def run(arguments: argparse.Namespace) -> None:
    """See the module."""
    from lgaf.files import printable
    from lgaf.formats.pack import Pack
    from lgaf.use.model import Model, choose_model

    choice = choose_model(Path(arguments.params), arguments.model)
    train, benchmark = Pack(arguments.train), Pack(arguments.benchmark)
    model = Model(choice)

    from lgaf.use.overlap import find_overlap
    from lgaf.use.overlap_sheet import show, write_sheet

    hits = find_overlap(model, train, benchmark, arguments.chance)
    print(printable(show(hits, train, benchmark, arguments.chance)))
    if arguments.out:
        write_sheet(hits, train, benchmark, arguments.out)
