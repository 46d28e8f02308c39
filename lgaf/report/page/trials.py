"""The hardest trials: pairs and searches that rows judge wrongly, with every row's verdict, scores, and what it saw.

A verdict is that of the trials file. Of several seeds a row's first is shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lgaf.formats.embeddings import Embeddings, read_embeddings
from lgaf.formats.pack import read_table
from lgaf.formats.scores import holds_scores
from lgaf.report.page.faces import may_show, thumbnails
from lgaf.report.page.judged import Answer, Judged, Trial
from lgaf.report.page.pairs import judged_pairs
from lgaf.report.page.searches import judged_searches
from lgaf.report.settings import ReportRun

Json = dict[str, Any]


@dataclass(frozen=True)
class Seen:
    """Where what a run's networks saw is, ``ROW/SEED/BENCHMARK.arrow`` in each of the first two, and the faces."""

    trials: Path
    embeddings: Path
    aligned: Path


def hardest(seen: Seen, settings: ReportRun, summaries: Sequence[Mapping[str, Any]]) -> list[Json]:
    """The hardest trials of each benchmark whose faces may be shown, each probe set apart, as the page's script reads
    them.

    Of a list of trials: ``name``; ``words`` [of a false accept, of a false reject]; ``answers`` [what each answer is];
    ``rows`` [{threshold, accepts, rejects}], the row's threshold and how many trials it judges wrongly, None for a row
    without trials; ``faces`` [{name, image, rows: [[norm, share of the benchmark's images with a lower one, local
    weight] or None]}]; ``trials`` [[[face], mated, [row or None]]], those that most rows judge wrongly first, faces by
    their place. A row: how far it is on the wrong side, None where it is right, and its answers [score, face], either
    None where there is none.

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
            judged(seen, row.id, seed, key, told[row.id, seed, name])
            for row in settings.rows
            for seed in settings.seeds_of(row)[:1]
        ]
        for part in dict.fromkeys(part for model in models for part in model):
            lists = [model.get(part) for model in models]
            found.append({"name": f"{name} {part}".rstrip(), **listed(lists, seen.aligned / f"{key}.arrow")})
    return found


def judged(seen: Seen, row: str, seed: int, benchmark: str, summary: Mapping[str, Any]) -> dict[str, Judged]:
    """What one model says of a benchmark's pairs, named "", or of each probe set; nothing of templates."""
    place = Path(row) / str(seed) / f"{benchmark}.arrow"
    table = read_table(seen.trials / place, ())
    pairs, searches = (name in table.column_names for name in ("correct", "other_image"))
    if not pairs and not searches:
        return {}
    path = seen.embeddings / summary.get("of", row) / place.relative_to(row)  # a row may only compare another's
    faces = {} if holds_scores(path) else looks(read_embeddings(path))
    return {"": judged_pairs(table, summary, faces)} if pairs else judged_searches(table, faces)


def looks(found: Embeddings) -> dict[str, list[float | None]]:
    """Image -> its norm, the share of the images with a lower one, and the local weight."""
    below = np.searchsorted(np.sort(found.norms), found.norms) / len(found.norms)
    local = [None] * len(found.names) if found.attention is None else found.attention[:, 0].round(3).tolist()
    values = zip(found.norms.round(2).tolist(), below.round(3).tolist(), local, strict=True)
    return {name: list(value) for name, value in zip(found.names, values, strict=True)}


def listed(models: Sequence[Judged | None], faces: Path) -> Json:
    """The hardest trials of one list, of which a row may have none."""
    known = [model for model in models if model]
    chosen: dict[Trial, bool] = {}
    for model in known:
        chosen |= model.hardest()
    trials = sorted(chosen, key=lambda trial: hardness(known, trial), reverse=True)
    places: dict[str, int] = {}
    found = [
        [
            [place(image, places) for image in trial[0]],
            chosen[trial],
            [said(model, trial, places) if model else None for model in models],
        ]
        for trial in trials
    ]
    pictures = thumbnails(faces, places)
    words = known[0].words
    return {
        "words": [words.accept, words.reject],
        "answers": words.answers,
        "rows": [
            {"threshold": model.threshold, "accepts": len(model.wrong(False)), "rejects": len(model.wrong(True))}
            if model
            else None
            for model in models
        ],
        "faces": [
            {
                "name": name,
                "image": pictures[name],
                "rows": [model.faces.get(name) if model else None for model in models],
            }
            for name in places
        ],
        "trials": found,
    }


def hardness(models: Sequence[Judged], trial: Trial) -> tuple[int, float]:
    """How many rows judge a trial wrongly, and how far they are on the wrong side together."""
    wrong = [beyond for model in models if (beyond := model.wrongness(trial)) is not None]
    return len(wrong), sum(wrong)


def said(model: Judged, trial: Trial, places: dict[str, int]) -> list[Any] | None:
    """What one row says of a trial, None where it does not have it."""
    if trial not in model.trials:
        return None
    at, beyond = model.trials[trial], model.wrongness(trial)
    return [None if beyond is None else round(beyond, 4), *(answered(answer, at, places) for answer in model.answers)]


def answered(answer: Answer, at: int, places: dict[str, int]) -> list[float | int | None]:
    """Score and face of an answer."""
    score, image = float(answer.score[at]), answer.images[at]
    return [None if np.isnan(score) else round(score, 4), None if image is None else place(image, places)]


def place(image: str, places: dict[str, int]) -> int:
    """The place of a face among those that are shown; one that is new is the last."""
    return places.setdefault(image, len(places))
