"""Time and memory of reading and scoring at real size: ``python measure/templates.py [FOLDER]``.

IJB-C's three lists and random features, written in the official form and size, then read, pooled and scored; TinyFace's
score stage from file to file. Each step is a process of its own, so that its peak memory is its own. Needs about 2 GB
in FOLDER (default: a temporary one).
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv

from lgaf.data.official import ijb
from lgaf.evaluate.score import score_files
from lgaf.evaluate.settings import EvaluateSettings
from lgaf.formats.embeddings import Embeddings, write_embeddings
from lgaf.formats.protocol import Identification, write_protocol
from lgaf.formats.templates import MEMBERS, Templates

DIMENSION = 512
IMAGES, TEMPLATES, SUBJECTS, MATED, NONMATED = 469_375, 23_124, 3_531, 19_557, 15_638_932  # IJB-C
PROBES, MATES, DISTRACTORS, PEOPLE = 3_728, 4_443, 153_428, 2_569  # TinyFace


def write_lists(folder: Path) -> None:
    """IJB-C's lists: a gallery template for each subject, the others probes; all mated pairs, random others."""
    rng = np.random.default_rng(0)
    names = [f"{number}.jpg" for number in range(1, IMAGES + 1)]
    template = np.sort(np.append(np.arange(TEMPLATES), rng.integers(0, TEMPLATES, IMAGES - TEMPLATES)))
    points = [rng.uniform(20, 100, IMAGES).round(3) for _ in ijb.POINTS]
    subject = np.append(np.arange(SUBJECTS), rng.integers(0, SUBJECTS, TEMPLATES - SUBJECTS))
    probes = SUBJECTS + rng.permutation(TEMPLATES - SUBJECTS)[:MATED]
    gallery, probe = rng.integers(0, SUBJECTS, 2 * NONMATED), rng.integers(SUBJECTS, TEMPLATES, 2 * NONMATED)
    other = np.flatnonzero(gallery != subject[probe])[:NONMATED]
    pairs = np.concatenate(
        [
            np.stack([subject[probes], probes, np.ones(MATED, int)], axis=1),
            np.stack([gallery[other], probe[other], np.zeros(NONMATED, int)], axis=1),
        ]
    ).astype(np.int32)
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    lists = {
        "name_5pts_score": [names, *points, rng.uniform(0.5, 1, IMAGES).round(6)],
        "face_tid_mid": [names, template, rng.integers(0, 60_000, IMAGES)],
        "template_pair_label": list(pairs.T),
    }
    (folder / "meta").mkdir()
    for name, columns in lists.items():
        table = pa.table({str(place): column for place, column in enumerate(columns)})
        options = csv.WriteOptions(include_header=False, delimiter=" ", quoting_style="none")
        csv.write_csv(table, folder / "meta" / f"ijbc_{name}.txt", options)


def read_lists(folder: Path) -> None:
    """Read and check them, without the check that the photos are there."""
    meta = folder / "meta"
    listed = ijb.read_list(meta / "ijbc_name_5pts_score.txt", ijb.LISTED)
    grouped = ijb.read_list(meta / "ijbc_face_tid_mid.txt", ijb.GROUPED)
    pairs = ijb.read_pairs(meta / "ijbc_template_pair_label.txt", grouped["template"])
    members = grouped.append_column(MEMBERS.field("score"), listed["score"])
    write_protocol(folder / "ijbc.json", Templates(members=members, pairs=pairs))


def write_features(path: Path, names: list[str], labels: np.ndarray) -> None:
    vectors = np.random.default_rng(1).standard_normal((len(names), DIMENSION), dtype=np.float32)
    norms = np.linalg.norm(vectors, axis=1)
    write_embeddings(path, Embeddings(names, labels.astype(np.int32), vectors, norms, None, True, {}))


def write_ijbc(folder: Path) -> None:
    write_features(folder / "ijbc.arrow", [f"{number}.jpg" for number in range(1, IMAGES + 1)], np.full(IMAGES, -1))


def write_tinyface(folder: Path) -> None:
    rng = np.random.default_rng(0)
    people = np.append(np.arange(PEOPLE), rng.integers(0, PEOPLE, MATES - PEOPLE))
    of_probes = rng.integers(0, PEOPLE, PROBES)
    probes = [f"Probe/{person}_{number}.jpg" for number, person in enumerate(of_probes)]
    mates = [f"Gallery_Match/{person}_{number}.jpg" for number, person in enumerate(people)]
    distractors = [f"Gallery_Distractor/{number}.jpg" for number in range(DISTRACTORS)]
    labels = np.concatenate([of_probes, people, np.full(DISTRACTORS, -1)])
    write_features(folder / "tinyface.arrow", [*probes, *mates, *distractors], labels)
    protocol = Identification(gallery=mates, distractors=distractors, probes={"": probes})
    write_protocol(folder / "tinyface.json", protocol)


def score(folder: Path, name: str) -> None:
    inputs, outputs = (
        (folder / f"{name}.arrow", folder / f"{name}.json"),
        (folder / "out.json", folder / "trials.arrow"),
    )
    score_files(*inputs, *outputs, "random", name, EvaluateSettings(), seed=0)


def score_ijbc(folder: Path) -> None:
    score(folder, "ijbc")


def score_tinyface(folder: Path) -> None:
    score(folder, "tinyface")


def timed(step: Callable[[Path], None], folder: Path) -> None:
    start = time.perf_counter()
    step(folder)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{step.__name__}: {time.perf_counter() - start:.1f} s, {peak:.1f} GiB at its peak", flush=True)


def main(folder: Path) -> None:
    cores = len(os.sched_getaffinity(0))
    print(f"numpy {np.__version__}, {cores} cores, OMP_NUM_THREADS={os.environ.get('OMP_NUM_THREADS', 'unset')}")
    for step in (write_lists, read_lists, write_ijbc, score_ijbc, write_tinyface, score_tinyface):
        process = get_context("spawn").Process(target=timed, args=(step, folder))
        process.start()
        process.join()
        if process.exitcode:
            sys.exit(f"{step.__name__} failed")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as temporary:
            main(Path(temporary))
