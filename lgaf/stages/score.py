"""Stage ``score``: one model on one benchmark."""

from __future__ import annotations

from lgaf.evaluate.score import score_files
from lgaf.evaluate.settings import EvaluateSettings
from lgaf.evaluate.similarity import QMagFace
from lgaf.paths import ALIGNED, EMBEDDINGS, PHOTOS, REPLICATES, RESULTS, TRIALS
from lgaf.provenance import RowRun, benchmark_version, made_now
from lgaf.stages.inputs import read_settings
from lgaf.strict import Strict


class ScoreRun(Strict):
    """How benchmarks are scored."""

    generated: bool
    """Whether they are of the generated world, so that results call them ``world/...``."""
    seed: int
    """Seed of the bootstrap."""
    evaluate: EvaluateSettings


def run(row: str, benchmark: str, seed: str) -> None:
    """Score the model of ``row`` and ``seed`` on ``benchmark``."""
    score_row(read_settings("score", ScoreRun), row, benchmark, seed)


def score_row(
    settings: ScoreRun,
    row: str,
    benchmark: str,
    seed: str,
    of: str | None = None,
    similarity: QMagFace | None = None,
) -> None:
    """Score ``row`` on ``benchmark`` by the embeddings of its model of ``seed``, or by those of the row ``of``."""
    place, protocol = f"{row}/{seed}/{benchmark}", PHOTOS / f"{benchmark}.json"
    version = benchmark_version(protocol, ALIGNED / f"{benchmark}.arrow")
    score_files(
        EMBEDDINGS / (of or row) / seed / f"{benchmark}.arrow",
        protocol,
        RESULTS / "scores" / f"{place}.json",
        TRIALS / f"{place}.arrow",
        REPLICATES / f"{place}.arrow",
        row,
        int(seed),
        f"world/{benchmark}" if settings.generated else benchmark,
        settings.evaluate,
        settings.seed,
        of,
        similarity,
        made_now(version, read_settings(f"rows/{row}", RowRun).parameters),
    )
