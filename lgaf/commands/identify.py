"""Look for the person of a photo in a gallery of photos: a folder a person, or a photo a person, its name."""

from __future__ import annotations

import argparse
from pathlib import Path

from lgaf.use.options import add_model, add_threshold, count


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("probe", type=Path, help="a photo")
    parser.add_argument("--gallery", type=Path, required=True, help="folder of those who are known")
    parser.add_argument("--top", type=count, default=5, help="how many candidates to show (default: %(default)s)")
    add_model(parser)
    add_threshold(parser)


def run(arguments: argparse.Namespace) -> None:
    """See the module."""
    import sys

    from lgaf.files import printable
    from lgaf.use.identify import identify, show
    from lgaf.use.model import Model, choose_model
    from lgaf.use.photos import embed_photo, embed_photos, photos_below, read_photo
    from lgaf.use.threshold import find_threshold

    choice = choose_model(Path(arguments.params), arguments.model)
    threshold = find_threshold(choice.row, choice.seed, arguments.fmr, arguments.benchmark)
    image, paths = read_photo(arguments.probe), photos_below(arguments.gallery)
    model = Model(choice)
    probe = embed_photo(model, arguments.probe, image)
    faces = embed_photos(model, paths)
    for said in (*faces.no_face.values(), *faces.unreadable.values()):
        print(printable(f"lgaf: warning: left out: {said}"), file=sys.stderr)
    candidates = identify(probe, faces, arguments.gallery)
    print(printable(show(candidates, arguments.top, len(faces.paths), threshold, str(choice))))
