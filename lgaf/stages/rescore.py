"""Stage ``rescore``: the embeddings of another row on all benchmarks, compared in another way."""

from __future__ import annotations

from lgaf.evaluate.settings import TemplateSettings
from lgaf.scorings import ScoringRow
from lgaf.stages.inputs import read_settings
from lgaf.stages.score import ScoreRun, score_row
from lgaf.strict import Strict


class RescoreRun(Strict):
    """What is scored, and how."""

    score: ScoreRun
    how: ScoringRow
    seeds: tuple[int, ...]
    """Of the other row's models."""
    benchmarks: tuple[str, ...]


def run(row: str) -> None:
    """Score the embeddings of every model of the row that ``row`` is of."""
    settings = read_settings(f"scorings/{row}", RescoreRun)
    score, how = settings.score, settings.how
    if how.templates:
        templates = TemplateSettings(protocol=how.templates)
        score = score.model_copy(update={"evaluate": score.evaluate.model_copy(update={"templates": templates})})
    for seed in settings.seeds:
        for benchmark in settings.benchmarks:
            score_row(score, row, benchmark, str(seed), how.of, how.qmagface)
