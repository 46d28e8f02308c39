"""The hardest trials: pairs that rows judge wrongly, with the verdict of every row, its score, and what it saw.

A verdict is that of the trials file, by the threshold of the pair's fold. Of several seeds a row's first is shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from lgaf.formats.embeddings import Embeddings, read_embeddings
from lgaf.formats.pack import read_table
from lgaf.formats.scores import holds_scores
from lgaf.report.page.faces import may_show, thumbnails
from lgaf.report.settings import ReportRun

MOST = 40
"""False accepts, and false rejects, that are shown of each row and benchmark: those farthest from its threshold."""
Json = dict[str, Any]
Pair = tuple[str, str, int]
"""Left and right image, and how often the list had these two before: another fold may judge them otherwise."""
NOTHING = (np.empty(0, bool), np.empty(0), np.empty(0, bool))
"""No pairs."""


@dataclass(frozen=True)
class Seen:
    """Where what a run's networks saw is, ``ROW/SEED/BENCHMARK.arrow`` in each of the first two, and the faces."""

    trials: Path
    embeddings: Path
    aligned: Path


def hardest(seen: Seen, settings: ReportRun, summaries: Sequence[Mapping[str, Any]]) -> list[Json]:
    """The hardest pairs of each benchmark whose faces may be shown, as the page's script reads them.

    Of a benchmark: ``name``; ``rows`` [{threshold, accepts, rejects}], the row's mean threshold and how many pairs it
    judges wrongly, None for a row without trials; ``faces`` [{name, image, rows: [[norm, share of the benchmark's
    images with a lower one, local weight] or None]}]; ``pairs`` [[left, right, same, [score a row], [right a row]]],
    faces by their place, a row's score None where it has none, the pairs that most rows judge wrongly first.

    Raises:
        DataError: a file is missing or broken, or a face is not among the aligned ones.
    """
    told = {(it["method"], it["seed"], it["benchmark"]): it for it in summaries}
    shown = dict.fromkeys(it["benchmark"] for it in summaries)
    found = []
    for key, name in zip(settings.benchmarks, shown, strict=True):
        if not may_show(name, settings.faces):
            continue
        models = [
            Model.read(seen, row.id, seed, key, told[row.id, seed, name])
            for row in settings.rows
            for seed in settings.seeds_of(row)[:1]
        ]
        if any(model.pairs for model in models):
            found.append({"name": name, **benchmark(models, seen.aligned / f"{key}.arrow")})
    return found


@dataclass(frozen=True)
class Model:
    """What one model says of a benchmark's pairs.

    pairs: pair -> its place in same, score and right, each (N,); none where the benchmark lists no pairs;
    threshold: the mean of the folds' on the score; faces: image -> norm, share of the images with a lower one, local
    weight.
    """

    pairs: dict[Pair, int]
    same: np.ndarray
    score: np.ndarray
    right: np.ndarray
    threshold: float | None
    faces: dict[str, list[float | None]]

    @staticmethod
    def read(seen: Seen, row: str, seed: int, benchmark: str, summary: Mapping[str, Any]) -> Model:
        """Read one model's trials and what it saw."""
        place = Path(row) / str(seed) / f"{benchmark}.arrow"
        table = read_table(seen.trials / place, ())
        if "correct" not in table.column_names:
            return Model({}, *NOTHING, threshold=None, faces={})
        place = Path(summary.get("of", row)) / place.relative_to(row)  # a row may only compare another's embeddings
        alone = holds_scores(seen.embeddings / place)
        threshold = summary["folds"]["threshold"]
        if summary["histogram"]:  # of cosines: the threshold is on a squared distance of unit vectors
            threshold = 1 - threshold / 2
        return Model(
            pairs={pair: at for at, pair in enumerate(pairs_of(table))},
            same=column(table, "same"),
            score=column(table, "score"),
            right=column(table, "correct"),
            threshold=threshold,
            faces={} if alone else looks(read_embeddings(seen.embeddings / place)),
        )  # fmt: skip

    def wrong(self, same: bool) -> list[int]:
        """Places of the false rejects, or of the false accepts where ``same`` is False, the worst first."""
        places = np.flatnonzero((self.same == same) & ~self.right.astype(bool))
        order = np.argsort(self.score[places] if same else -self.score[places], kind="stable")
        return places[order].tolist()

    def away(self, pair: Pair) -> float:
        """How far a pair that is judged wrongly is from the threshold; 0 for all others."""
        at = self.pairs.get(pair)
        if at is None or self.right[at] or self.threshold is None:
            return 0.0
        return abs(float(self.score[at]) - self.threshold)


def pairs_of(table: pa.Table) -> list[Pair]:
    """The pairs of a table of trials, no two alike."""
    seen: Counter[tuple[str, str]] = Counter()
    found = []
    for pair in zip(table["left"].to_pylist(), table["right"].to_pylist(), strict=True):
        found.append((*pair, seen[pair]))
        seen[pair] += 1
    return found


def column(table: pa.Table, name: str) -> np.ndarray:
    """A column as an array."""
    return table[name].to_numpy(zero_copy_only=False)


def looks(found: Embeddings) -> dict[str, list[float | None]]:
    """Image -> its norm, the share of the images with a lower one, and the local weight."""
    below = np.searchsorted(np.sort(found.norms), found.norms) / len(found.norms)
    local = [None] * len(found.names) if found.attention is None else found.attention[:, 0].round(3).tolist()
    values = zip(found.norms.round(2).tolist(), below.round(3).tolist(), local, strict=True)
    return {name: list(value) for name, value in zip(found.names, values, strict=True)}


def benchmark(models: Sequence[Model], faces: Path) -> Json:
    """The hardest pairs of one benchmark."""
    chosen: dict[Pair, bool] = {}
    for model in models:
        names = list(model.pairs)
        for same in (False, True):
            chosen |= {names[at]: same for at in model.wrong(same)[:MOST]}
    pairs = sorted(chosen, key=lambda pair: hardness(models, pair), reverse=True)
    images = list(dict.fromkeys(name for pair in pairs for name in pair[:2]))
    place = {name: at for at, name in enumerate(images)}
    pictures = thumbnails(faces, images)
    return {
        "rows": [
            {"threshold": model.threshold, "accepts": len(model.wrong(False)), "rejects": len(model.wrong(True))}
            if model.pairs
            else None
            for model in models
        ],
        "faces": [
            {"name": name, "image": pictures[name], "rows": [model.faces.get(name) for model in models]}
            for name in images
        ],
        "pairs": [[place[pair[0]], place[pair[1]], chosen[pair], *verdicts(models, pair)] for pair in pairs],
    }


def hardness(models: Sequence[Model], pair: Pair) -> tuple[int, float]:
    """How many rows judge a pair wrongly, and how far they are from their thresholds together."""
    away = [model.away(pair) for model in models]
    return sum(distance > 0 for distance in away), sum(away)


def verdicts(models: Sequence[Model], pair: Pair) -> tuple[list[float | None], list[bool | None]]:
    """Each row's score of a pair, and whether it is right."""
    places = [model.pairs.get(pair) for model in models]
    found = [*zip(models, places, strict=True)]
    scores = [None if at is None else round(float(model.score[at]), 4) for model, at in found]
    return scores, [None if at is None else bool(model.right[at]) for model, at in found]
