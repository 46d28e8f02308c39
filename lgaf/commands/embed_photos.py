"""Embed the faces of all photos below a folder; write a file of embeddings, and beside it what became of each photo."""

from __future__ import annotations

import argparse
from pathlib import Path

from lgaf.use.options import add_model


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("folder", type=Path, help="a folder of photos, or of folders of photos")
    parser.add_argument("out", type=Path, help="OUT.arrow, as the stage embed writes, or OUT.parquet; and OUT.json")
    add_model(parser)


def run(arguments: argparse.Namespace) -> None:
    """See the module."""
    from lgaf.files import printable
    from lgaf.use.folder import check_target, write_folder
    from lgaf.use.model import Model, choose_model
    from lgaf.use.photos import embed_photos, photos_below

    check_target(arguments.out)
    choice = choose_model(Path(arguments.params), arguments.model)
    paths = photos_below(arguments.folder)
    model = Model(choice)
    report = write_folder(model, arguments.folder, embed_photos(model, paths), arguments.out)
    counts = report["counts"]
    print(printable(f"{arguments.out}: {counts['found']:,} faces of {counts['photos']:,} photos, by {report['model']}"))
    print(f"several faces in {counts['several_faces']:,}: {report['of_several']}")
    named = arguments.out.with_suffix(".json")
    print(printable(f"no face in {counts['no_face']:,}, unreadable {counts['unreadable']:,}; {named} names each"))
