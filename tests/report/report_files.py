"""A run's files, written by the real scoring stage from embeddings drawn from a seed."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pyarrow as pa

import lgaf
from lgaf.evaluate.score import score_files
from lgaf.evaluate.settings import EvaluateSettings
from lgaf.files import write_json
from lgaf.formats.embeddings import Embeddings, write_embeddings
from lgaf.formats.protocol import Identification, Protocol, Verification, write_protocol
from lgaf.formats.templates import MEMBERS, PAIRS, Templates
from lgaf.provenance import Made
from lgaf.report.report import Report, report
from lgaf.report.settings import ReportRow, ReportRun
from lgaf.report.sources import Layout

BENCHMARKS = ("cfp_fp", "lfw", "tinyface", "scface")  # not in the order of the table
FOUR = ("cplfw", "cfp_fp", "agedb", "calfw")
EVALUATE = EvaluateSettings(replicates=200, far=(1e-1,), reject_fmr=1e-1)
TRAIN_SET, MACHINE = "made_up & small", "2 CPU cores"
PEOPLE, PHOTOS = 40, 5
LABELS = {"lgaf": "LGAF", "lgaf_sum": "LGAF (sum)", "arcface": "ArcFace", "magface": "MagFace"}
NOISE = {"lgaf": 0.8, "lgaf_sum": 0.85, "arcface": 0.9, "magface": 1.6}
ROWS = ("lgaf", "arcface", "magface")


def settings(
    rows: tuple[str, ...] = ROWS,
    seeds: tuple[int, ...] = (7,),
    benchmarks: tuple[str, ...] = BENCHMARKS,
    labels: dict[str, str] = LABELS,
    **values,
) -> ReportRun:
    """What the stage `settings` hands to the report."""
    found = [
        ReportRow(
            id=row,
            label=labels[row],
            network="lgaf" if "lgaf" in row else "plain",
            head="arcface",
            fusion={"lgaf": "energy", "lgaf_sum": "sum"}.get(row),
        )
        for row in rows
    ]
    facts = {"reference": rows[0], "source": "world", "train_set": None, "seed": 7, "evaluate": EVALUATE}
    return ReportRun(rows=tuple(found), seeds=seeds, benchmarks=benchmarks, **{**facts, **values})


SEEDS = settings(("lgaf", "lgaf_sum", "arcface"), seeds=(0, 1, 2), benchmarks=(*FOUR, "tinyface"))
"""Two LGAFs and a baseline, three seeds each, on the four benchmarks of the average."""


def make(layout: Layout, run: ReportRun, train_set: str = TRAIN_SET, plots: bool = False) -> Report:
    """The report of a run, plots left out unless they are asked for."""
    with nullcontext() if plots else patch("lgaf.report.report.draw"):
        now = {name: made(name).benchmark for name in (*run.benchmarks, "damage")}
        return report(layout, run, train_set, MACHINE, now)


def made(benchmark: str, row: str = "", date: str = "2026-11-28T12:00:00Z", version: str = lgaf.__version__) -> Made:
    """Where scores are from that this suite has made of a benchmark as it is."""
    hashes = {"benchmark": f"{benchmark} as it is", "parameters": f"those of {row}"}
    return Made(version=version, commit="c0ffee" * 6 + "+", machine="8 cores", date=date, **hashes)


def name(person: int, photo: int) -> str:
    return f"p{person:02}/{photo}"


def embeddings(row: str, world: int, seed: int) -> Embeddings:
    """40 people of 5 photos: a common centre a person, noise by row, seed and by how much of the face is hidden."""
    rng = np.random.default_rng(world)
    centres = rng.normal(size=(PEOPLE, 16))
    labels = np.repeat(np.arange(PEOPLE), PHOTOS)
    hidden = rng.uniform(0, 0.6, len(labels))
    deformation = rng.uniform(0, 1, len(labels))
    luck = np.random.default_rng([seed, *row.encode()])
    spread = NOISE[row] * luck.uniform(0.7, 1.3) * (0.6 + hidden)
    # One noise for all rows: they meet the same photos, so that their errors go together.
    vectors = centres[labels] + spread[:, None] * (rng.normal(size=(len(labels), 16)) + 0.3 * luck.normal(size=16))
    local = 0.4 + 0.3 * hidden - 0.1 * deformation + 0.05 * luck.normal(size=len(labels))
    return Embeddings(
        names=[name(person, photo) for person in range(PEOPLE) for photo in range(PHOTOS)],
        labels=labels,
        vectors=vectors,
        norms=20 * (1 - hidden) + rng.normal(size=len(labels)),
        attention=np.stack([local, 1 - local], axis=1) if row.startswith("lgaf") else None,
        flip=True,
        truth={"hidden": hidden, "deformation": deformation, "male": labels % 2, "origin": np.minimum(labels // 4, 1)},
    )


def protocol(benchmark: str, world: bool = True) -> Protocol:
    """100 mated and 100 non-mated pairs; or search for photos 1 and 2, for all, or three sets, among photos 0.

    Of the world beside the pairs all pairs of photos, of cfp_fp those of photos 0 to 2 with photos 3 and 4. Of ijbc:
    every two photos, each a template.
    """
    names = [name(person, photo) for person in range(PEOPLE) for photo in range(PHOTOS)]
    if benchmark == "ijbc":
        ids, left_right = np.arange(len(names)), np.triu_indices(len(names), 1)
        members = pa.table([names, ids, ids, np.ones(len(ids))], schema=MEMBERS)
        same = np.equal(*(side // PHOTOS for side in left_right))
        return Templates(members=members, pairs=pa.table([*left_right, same], schema=PAIRS))
    gallery = [name(person, 0) for person in range(PEOPLE)]
    if benchmark == "tinyface":
        probes = {"": [name(person, photo) for person in range(30) for photo in (1, 2)]}
        return Identification(gallery=gallery[:30], distractors=gallery[30:], probes=probes)
    if benchmark == "door":  # half of the people are not in the gallery
        return Identification(gallery=gallery[:20], probes={"": [it for it in names if not it.endswith("/0")]})
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
    if benchmark == "cfp_fp":
        all_pairs = [[it for it in names if it[-1] in photos] for photos in ("012", "34")]
    else:
        all_pairs = [names]
    return Verification(pairs=pairs, folds=10, all_pairs=all_pairs if world else [])


def write_run(folder: Path, run: ReportRun, world: bool = True) -> Layout:
    """Write what the report reads, and where."""
    layout = Layout(folder / "results", folder / "replicates", folder / "models", folder / "laboratory")
    for number, benchmark in enumerate(run.benchmarks):
        write_protocol(folder / "protocol.json", protocol(benchmark, world))
        for row in run.rows:
            for seed in run.seeds:
                write_scores(folder, layout, run, row.id, seed, benchmark, number, world)
        counts = {"images": 205, "detected": 196, "given": 0, "missed": 4 + number, "unreadable": 1, "written": 200}
        write_json(layout.results / "align" / f"{benchmark}.json", {"counts": counts, "missed": [], "unreadable": []})
    counts = {"images": 500, "detected": 495, "given": 0, "missed": 3, "unreadable": 2, "written": 495}
    write_json(layout.results / "align" / "train.json", {"counts": counts, "missed": [], "unreadable": []})
    for place, row in enumerate(run.rows):
        for seed in run.seeds:
            write_json(layout.models / row.id / str(seed) / "training.json", training(row.id, seed, place))
    return layout


def write_scores(
    folder: Path, layout: Layout, run: ReportRun, row: str, seed: int, name: str, number: int, world: bool
):
    """Embed and score one benchmark with one model."""
    write_embeddings(folder / "embeddings.arrow", embeddings(row, number, seed))
    score_files(
        folder / "embeddings.arrow",
        folder / "protocol.json",
        layout.results / "scores" / row / str(seed) / f"{name}.json",
        folder / "trials" / row / str(seed) / f"{name}.arrow",
        layout.replicates / row / str(seed) / f"{name}.arrow",
        row,
        seed,
        f"world/{name}" if world else name,
        run.evaluate,
        run.seed,
        made=made(name, row),
    )


def training(row: str, seed: int, place: int) -> dict:
    """What a training leaves to say."""
    return {
        "row": row,
        "seed": seed,
        "backbone": "iresnet_mini",
        "parameters": 450_000 + 120_000 * row.startswith("lgaf"),
        "precision": "float32",
        "device": "cpu",
        "images": 495,
        "identities": 50,
        "epochs": 12,
        "history": [
            {"epoch": k, "loss": 9 / k + place + seed / 10, "learning_rate": 0.1, "images_per_second": 140 - k % 3}
            for k in range(1, 13)
        ],
    }
