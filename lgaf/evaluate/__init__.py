"""From embeddings to numbers: verification, identification, intervals, curves. Never imports torch."""

from lgaf.evaluate.compare import paired_difference
from lgaf.evaluate.identification import identify
from lgaf.evaluate.settings import EvaluateSettings
from lgaf.evaluate.verification import verify

__all__ = ["EvaluateSettings", "identify", "paired_difference", "verify"]
