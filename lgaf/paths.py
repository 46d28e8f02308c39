"""Where a run's files are, below the folder that it runs in."""

from __future__ import annotations

from pathlib import Path

PARAMS = Path("params.yaml")
SETTINGS = Path("settings")
BASIS = Path("data/basis.safetensors")
PHOTOS = Path("data/photos")
ALIGNED = Path("data/aligned")
MODELS = Path("models")
EMBEDDINGS = Path("embeddings")
TRIALS = Path("trials")
REPLICATES = Path("replicates")
RESULTS = Path("results")
REFERENCE = RESULTS / "reference.json"
STATE = Path(".cache/train")
GIVEN = "0"
"""What stands in a seed's place in the paths of a row that is not trained."""
