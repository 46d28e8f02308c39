"""A run's files, written by the real scoring stage from embeddings drawn from a seed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from lgaf.evaluate.score import score_files
from lgaf.evaluate.settings import EvaluateSettings
from lgaf.files import write_json, write_text
from lgaf.formats.embeddings import Embeddings, write_embeddings
from lgaf.formats.protocol import Identification, Protocol, Verification, write_protocol
from lgaf.formats.templates import MEMBERS, PAIRS, Templates
from lgaf.report.notes import Run
from lgaf.report.sources import Layout

METHODS = ("lgaf", "arcface", "magface")
BENCHMARKS = ("cfp_fp", "lfw", "tinyface", "scface")  # not in the order of the table
RUN = Run(seed=7, train_seeds=(7, 7), backbone="iresnet_mini", train_set="made_up & small", machine="2 CPU cores")
SETTINGS = EvaluateSettings(replicates=200, far=(1e-1,), reject_fmr=1e-1)
PEOPLE, PHOTOS = 40, 5
NOISE = {"lgaf": 0.8, "arcface": 0.9, "adaface": 1.0, "magface": 1.6}


def name(person: int, photo: int) -> str:
    return f"p{person:02}/{photo}"


def embeddings(method: str, seed: int) -> Embeddings:
    """40 people of 5 photos: a common centre a person, noise by method and by how much of the face is hidden."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(PEOPLE, 16))
    labels = np.repeat(np.arange(PEOPLE), PHOTOS)
    hidden = rng.uniform(0, 0.6, len(labels))
    deformation = rng.uniform(0, 1, len(labels))
    spread = NOISE[method] * (0.6 + hidden)
    vectors = centres[labels] + spread[:, None] * rng.normal(size=(len(labels), 16))
    local = 0.4 + 0.3 * hidden - 0.1 * deformation + 0.05 * rng.normal(size=len(labels))
    return Embeddings(
        names=[name(person, photo) for person in range(PEOPLE) for photo in range(PHOTOS)],
        labels=labels,
        vectors=vectors,
        norms=20 * (1 - hidden) + rng.normal(size=len(labels)),
        attention=np.stack([local, 1 - local], axis=1) if method == "lgaf" else None,
        flip=True,
        truth={"hidden": hidden, "deformation": deformation},
    )


def protocol(benchmark: str) -> Protocol:
    """100 mated and 100 non-mated pairs; or search for photos 1 and 2, or three sets of photos, among photos 0.

    Of ijbc: every two photos, each a template.
    """
    if benchmark == "ijbc":
        names = [name(person, photo) for person in range(PEOPLE) for photo in range(PHOTOS)]
        ids, left_right = np.arange(len(names)), np.triu_indices(len(names), 1)
        members = pa.table([names, ids, ids, np.ones(len(ids))], schema=MEMBERS)
        same = np.equal(*(side // PHOTOS for side in left_right))
        return Templates(members=members, pairs=pa.table([*left_right, same], schema=PAIRS))
    gallery = [name(person, 0) for person in range(PEOPLE)]
    if benchmark == "tinyface":
        probes = {"": [name(person, photo) for person in range(30) for photo in (1, 2)]}
        return Identification(gallery=gallery[:30], distractors=gallery[30:], probes=probes)
    if benchmark == "scface":
        return Identification(
            gallery=gallery, probes={f"d{k}": [name(person, k) for person in range(PEOPLE)] for k in (1, 2, 3)}
        )
    pairs = [
        pair
        for k in range(100)
        for pair in (
            (name(k % PEOPLE, k % 4), name(k % PEOPLE, 4), True),
            (name(k % PEOPLE, k % 4), name((k + 1 + k % 7) % PEOPLE, 3), False),
        )
    ]
    return Verification(pairs=pairs, folds=10)


def write_run(
    folder: Path, world: bool, methods: tuple[str, ...] = METHODS, benchmarks: tuple[str, ...] = BENCHMARKS
) -> Layout:
    """Write what the report reads, and where."""
    layout = Layout(folder / "results", folder / "trials", folder / "models")
    for number, benchmark in enumerate(benchmarks):
        write_protocol(folder / "protocol.json", protocol(benchmark))
        for method in methods:
            write_embeddings(folder / "embeddings.arrow", embeddings(method, number))
            score_files(
                folder / "embeddings.arrow",
                folder / "protocol.json",
                layout.results / "scores" / method / f"{benchmark}.json",
                layout.trials / method / f"{benchmark}.arrow",
                method,
                f"world/{benchmark}" if world else benchmark,
                SETTINGS,
                RUN.seed,
            )
        counts = {"images": 205, "detected": 196, "given": 0, "missed": 4 + number, "unreadable": 1, "written": 200}
        write_json(layout.results / "align" / f"{benchmark}.json", {"counts": counts, "missed": [], "unreadable": []})
    counts = {"images": 500, "detected": 495, "given": 0, "missed": 3, "unreadable": 2, "written": 495}
    write_json(layout.results / "align" / "train.json", {"counts": counts, "missed": [], "unreadable": []})
    for place, method in enumerate(methods):
        live = layout.models / method / "live" / "plots" / "metrics"
        for curve, values in (("loss", 9 / np.arange(1, 13) + place), ("images_per_second", 140 - np.arange(12) % 3)):
            rows = "".join(f"{step}\t{value}\n" for step, value in enumerate(values))
            write_text(live / f"{curve}.tsv", f"step\t{curve}\n{rows}")
    return layout
