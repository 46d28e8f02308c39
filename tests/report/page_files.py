"""What the page reads beside the report: embeddings, and aligned faces that are grey squares."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from report_files import embeddings, make, write_run

from lgaf.formats.embeddings import write_embeddings
from lgaf.formats.image import encode
from lgaf.formats.pack import write_pack
from lgaf.report.page.page import write_page
from lgaf.report.page.trials import Seen
from lgaf.report.settings import ReportRun


def write_seen(folder: Path, run: ReportRun) -> Seen:
    """Embeddings as those that were scored, and the faces of each benchmark, no two alike."""
    seen = Seen(folder / "trials", folder / "embeddings", folder / "data" / "aligned")
    for number, benchmark in enumerate(run.benchmarks):
        for row in run.rows:
            for seed in run.seeds:
                path = seen.embeddings / row.id / str(seed) / f"{benchmark}.arrow"
                write_embeddings(path, embeddings(row.id, number, seed))
        write_faces(seen.aligned / f"{benchmark}.arrow")
    write_faces(seen.aligned / "train.arrow")
    return seen


def write_faces(path: Path) -> None:
    """A pack of all people's faces."""
    found = embeddings("lgaf", 0, 0)
    with write_pack(path) as pack:
        for place, (name, label) in enumerate(zip(found.names, found.labels.tolist(), strict=True)):
            pack.add(name, encode(np.full((16, 16, 3), (place, 255 - place, 99), np.uint8)), label)


def make_page(folder: Path, run: ReportRun, world: bool = True, train_set: str = "made_up & small") -> Path:
    """A run, its report and its page."""
    layout = write_run(folder, run, world)
    found = make(layout, run, train_set)
    path = layout.results / "report.html"
    write_page(found, run, write_seen(folder, run), layout.results / "plots", folder / "costs", path)
    return path
