"""Time and memory of scoring: ``python measure/scoring.py``.

verify() against a plain NumPy rendering of insightface's loops, identify() at the size of TinyFace against the bare
matrix product, the bootstrap of one benchmark. Ratios are of medians of runs that alternate, in one process.
"""

from __future__ import annotations

import os
import statistics
import time
import tracemalloc
from collections.abc import Callable, Sequence

import numpy as np

from lgaf.catalogue import TINYFACE
from lgaf.evaluate import identify, verify
from lgaf.evaluate.bootstrap import pair_weights
from lgaf.evaluate.verification.estimates import WeightedTar

PAIRS, DIMENSION = 6000, 512
PROBES, MATED, DISTRACTORS = TINYFACE.values()
GALLERY = MATED + DISTRACTORS
PEOPLE = 2569


def alternate(functions: Sequence[Callable[[], object]], rounds: int) -> list[float]:
    """Median seconds of each function, run in turns after one warm-up."""
    times: list[list[float]] = [[] for _ in functions]
    for turn in range(rounds + 1):
        for function, found in zip(functions, times, strict=True):
            start = time.perf_counter()
            function()
            if turn:
                found.append(time.perf_counter() - start)
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
    gallery = rng.standard_normal((GALLERY, DIMENSION), dtype=np.float32)
    probes = rng.standard_normal((PROBES, DIMENSION), dtype=np.float32)
    gallery_ids = np.full(GALLERY, -100)
    gallery_ids[rng.choice(GALLERY, MATED, replace=False)] = rng.integers(0, PEOPLE, MATED)
    probe_ids = rng.integers(0, PEOPLE, PROBES)

    def ours() -> object:
        return identify(gallery, gallery_ids, probes, probe_ids)

    seconds, product = alternate([ours, lambda: probes @ gallery.T], 3)
    tracemalloc.start()
    ours()
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    print(
        f"identify {PROBES} x {GALLERY} x {DIMENSION}: {seconds:.2f} s; bare product {product:.2f} s; "
        f"ratio {seconds / product:.2f}; {peak:.0f} MiB beyond the inputs"
    )


if __name__ == "__main__":
    print(f"numpy {np.__version__}, {os.cpu_count()} cores")
    verification(np.random.default_rng(0))
    identification(np.random.default_rng(0))
