"""From embeddings to numbers: verification, identification, intervals, curves. Never imports torch."""

from lgaf.evaluate.compare import paired_difference
from lgaf.evaluate.identification.search import identify
from lgaf.evaluate.settings import EvaluateSettings
from lgaf.evaluate.verification.folds import verify

__all__ = ["EvaluateSettings", "identify", "paired_difference", "verify"]
