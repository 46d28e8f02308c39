"""Where a run's files are, below the folder that it runs in."""

from __future__ import annotations

from pathlib import Path

PARAMS = Path("params.yaml")
SETTINGS = Path("settings")
OWN_LISTS = Path("own")
"""Folder whose CSV files DVC watches."""
BASIS = Path("data/basis.safetensors")
PHOTOS = Path("data/photos")
ALIGNED = Path("data/aligned")
DAMAGE = Path("data/damage.arrow")
MODELS = Path("models")
EMBEDDINGS = Path("embeddings")
TRIALS = Path("trials")
REPLICATES = Path("replicates")
LABORATORY = Path("laboratory")
MAPS = Path("maps")
RESULTS = Path("results")
REFERENCE = RESULTS / "reference.json"
THRESHOLDS = RESULTS / "thresholds.json"
STATE = Path(".cache/train")
GIVEN = "0"
"""What stands in a seed's place in the paths of a row that is not trained."""
EXPERIMENTS = Path(".dvc/tmp/exps")
"""Where DVC puts the copies of the project that `dvc exp run --temp` and `--queue` run in."""


def in_project(path: Path) -> Path:
    """A path of params.yaml, which is of the project's folder also where the run is in a copy of it.

    A copy has tracked files only; data sets, which Git ignores, stay where they are.
    """
    copies = (folder for folder in Path.cwd().parents if folder.parts[-3:] == EXPERIMENTS.parts)
    return next((copy.parents[2] / path for copy in copies), path)
