"""A folder of photos as a file of embeddings, and a report of what became of each photo."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from lgaf.align.settings import Alignment
from lgaf.errors import SettingsError
from lgaf.files import atomic
from lgaf.formats.embeddings import Embeddings, write_embeddings
from lgaf.use.model import Model
from lgaf.use.photos import Faces

ENDINGS = (".arrow", ".parquet")


def check_target(target: Path) -> None:
    """Look at the name of the file to write.

    Raises:
        SettingsError: its ending is none of ``ENDINGS``.
    """
    if target.suffix not in ENDINGS:
        raise SettingsError(f"{target}: ends in neither {' nor '.join(ENDINGS)}, the kinds of file that are written")


def rule(alignment: Alignment) -> str:
    """Which of several faces is taken, in print."""
    which = {"nearest": "nearest to the photo's centre", "largest": "of largest area"}[alignment.face]
    return f"the face {which} (align.face: {alignment.face})"


def write_folder(model: Model, folder: Path, faces: Faces, target: Path) -> dict[str, Any]:
    """Write the embeddings of a folder's photos, and beside them, as .json, the report that is returned.

    Names are paths below the folder; labels number the folders that hold photos, in order; -1 is the folder itself.
    Neither file appears unless both are whole.

    Raises:
        DataError: a file cannot be written.
    """
    names = [path.relative_to(folder) for path in faces.paths]
    people = sorted({str(name.parent) for name in names} - {"."})
    place = {person: number for number, person in enumerate(people)} | {".": -1}
    embedded = faces.embedded
    labels = np.array([place[str(name.parent)] for name in names], np.int32)
    embeddings = Embeddings([text_of(name) for name in names], labels, embedded.vectors, embedded.norms,
                            embedded.attention, model.flip, {"faces": faces.counts.astype(np.float32)})  # fmt: skip
    several = [name for name, count in zip(embeddings.names, faces.counts, strict=True) if count > 1]
    missed = {"no_face": faces.no_face, "unreadable": faces.unreadable}
    report = {
        "model": str(model.choice),
        "counts": {
            "photos": len(names) + len(faces.no_face) + len(faces.unreadable), "found": len(names),
            **{name: len(reasons) for name, reasons in missed.items()}, "several_faces": len(several),
        },
        "of_several": rule(model.choice.alignment),
        "people": people,
        "several_faces": several,
        **{name: {str(path): reason for path, reason in reasons.items()} for name, reasons in missed.items()},
    }  # fmt: skip
    with atomic(target.with_suffix(".json")) as waiting:
        waiting.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
        write_embeddings(target, embeddings)
    return report


def text_of(path: Path) -> str:
    """A path as text that Arrow keeps: letters that are no Unicode become question marks."""
    return path.as_posix().encode("utf-8", "replace").decode()
