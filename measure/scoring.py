"""Time and memory of scoring: ``python measure/scoring.py``.

verify() against a plain NumPy rendering of insightface's loops, search() at the size of TinyFace against the bare
matrix product, the bootstrap of one benchmark. Times are processor times, which neighbours hardly move; ratios are of
medians of runs that alternate, in one process.
"""

from __future__ import annotations

import os
import statistics
import time
import tracemalloc
from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa

from lgaf.catalogue import TINYFACE
from lgaf.evaluate import verify
from lgaf.evaluate.bootstrap import pair_weights
from lgaf.evaluate.identification.open_set import FPIRS, estimate_fnir
from lgaf.evaluate.identification.search import search
from lgaf.evaluate.verification.estimates import WeightedTar

PAIRS, DIMENSION = 6000, 512
PROBES, MATED, DISTRACTORS = TINYFACE.values()
GALLERY = MATED + DISTRACTORS
PEOPLE = 2569


def alternate(functions: Sequence[Callable[[], object]], rounds: int) -> list[float]:
    """Median seconds of processor time of each function, run in turns after one warm-up."""
    times: list[list[float]] = [[] for _ in functions]
    for turn in range(rounds + 1):
        for function, found in zip(functions, times, strict=True):
            start = time.process_time()
            function()
            if turn:
                found.append(time.process_time() - start)
    return [statistics.median(found) for found in times]


def loops(left: np.ndarray, right: np.ndarray, same: np.ndarray) -> float:
    """Accuracy as insightface computes it: every threshold of every fold anew."""
    left, right = (v.astype(np.float64) for v in (left, right))
    left, right = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in (left, right))
    distance = np.sum(np.square(left - right), axis=1)
    accuracies = []
    for test in np.array_split(np.arange(len(same)), 10):
        train = np.setdiff1d(np.arange(len(same)), test)
        grid = np.arange(0, 4, 0.01)
        best = grid[np.argmax([np.mean((distance[train] < t) == same[train]) for t in grid])]
        accuracies.append(np.mean((distance[test] < best) == same[test]))
    return float(np.mean(accuracies))


def verification(rng: np.random.Generator) -> None:
    same = np.arange(PAIRS) % 2 == 0
    people = rng.standard_normal((2, PAIRS, DIMENSION), dtype=np.float32)
    noise = 2 * rng.standard_normal(people.shape, dtype=np.float32)
    left, right = people[0] + noise[0], np.where(same[:, None], people[0], people[1]) + noise[1]
    assert verify(left, right, same).accuracy == loops(left, right, same)
    ours, theirs = alternate([lambda: verify(left, right, same), lambda: loops(left, right, same)], 7)
    print(f"verify {PAIRS} x {DIMENSION}: {1e3 * ours:.1f} ms; loops {1e3 * theirs:.1f} ms; ratio {ours / theirs:.3f}")

    result = verify(left, right, same)
    left_ids = rng.integers(0, 3000, PAIRS)
    right_ids = np.where(same, left_ids, (left_ids + 1) % 3000)

    def bootstrap() -> None:
        tar = WeightedTar(result)
        for weights in pair_weights(left_ids, right_ids, 1000, 0):
            tar(weights, {"2": 1e-2, "3": 1e-3})

    (seconds,) = alternate([bootstrap], 3)
    print(f"bootstrap, 1000 resamples of {PAIRS} pairs, two FARs: {seconds:.2f} s")


def identification(rng: np.random.Generator) -> None:
    """Closed and open set in one search: of the probes' people a third is not in the gallery."""
    gallery = rng.standard_normal((GALLERY, DIMENSION), dtype=np.float32)
    probes = rng.standard_normal((PROBES, DIMENSION), dtype=np.float32)
    gallery_ids = np.full(GALLERY, -100)
    gallery_ids[rng.choice(GALLERY, MATED, replace=False)] = rng.integers(0, PEOPLE, MATED)
    probe_ids = rng.integers(0, PEOPLE, PROBES)
    outside = np.where(rng.random(PROBES) < 1 / 3, PEOPLE + probe_ids, probe_ids)

    def closed() -> object:
        return search(gallery, gallery_ids, probes, probe_ids)

    def opened() -> object:
        return search(gallery, gallery_ids, probes, outside)

    one, both, product = alternate([closed, opened, lambda: probes @ gallery.T], 3)
    tracemalloc.start()
    found = search(gallery, gallery_ids, probes, outside)
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    print(
        f"search {PROBES} x {GALLERY} x {DIMENSION}: {one:.2f} s, with people outside the gallery {both:.2f} s; bare "
        f"product {product:.2f} s; ratios {one / product:.2f}, {both / product:.2f}; {peak:.0f} MiB beyond the inputs"
    )
    mateless = found.rank < 0
    trials = pa.table(
        {
            "set": [""] * PROBES,
            "identity": outside,
            "dropped": mateless,
            "nonmated": mateless,
            "rank": pa.array(found.rank, pa.int64(), mask=mateless),
            "mate": found.mate,
            "other": found.other,
        }
    )
    (seconds,) = alternate([lambda: estimate_fnir(trials, "", FPIRS, 0, 1000)], 3)
    print(
        f"FNIR at {len(FPIRS)} FPIRs, 1000 resamples of {PROBES} searches, {np.count_nonzero(mateless)} of them "
        f"non-mated: {seconds:.2f} s"
    )


if __name__ == "__main__":
    print(f"numpy {np.__version__}, {os.cpu_count()} cores")
    verification(np.random.default_rng(0))
    identification(np.random.default_rng(0))
