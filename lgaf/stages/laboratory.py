"""Stage ``laboratory``: one model in the damage laboratory."""

from __future__ import annotations

from lgaf.evaluate.laboratory.score import score_files
from lgaf.evaluate.settings import EvaluateSettings
from lgaf.paths import DAMAGE, EMBEDDINGS, LABORATORY
from lgaf.provenance import RowRun, faces_version, made_now
from lgaf.stages.inputs import read_settings
from lgaf.strict import Strict


class LaboratoryRun(Strict):
    """How the laboratory is scored."""

    enabled: bool
    seed: int
    """Seed of the bootstrap."""
    evaluate: EvaluateSettings


def run(row: str, seed: str) -> None:
    """Score the model of ``row`` and ``seed``; without a laboratory the folder stays empty, as for a row whose
    embeddings were made elsewhere, where nothing can be damaged: its embeddings have no file of the laboratory."""
    settings = read_settings("laboratory", LaboratoryRun)
    folder = LABORATORY / row / seed
    folder.mkdir(parents=True, exist_ok=True)
    embeddings = EMBEDDINGS / row / seed
    if settings.enabled and ((embeddings / DAMAGE.name).exists() or not embeddings.is_dir()):
        made = made_now(faces_version(DAMAGE), read_settings(f"rows/{row}", RowRun).parameters)
        score_files(embeddings / DAMAGE.name, folder, row, int(seed), settings.evaluate, settings.seed, made)
