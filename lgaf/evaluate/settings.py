"""What the score stage may be told."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from lgaf.strict import Strict

Rate = Annotated[float, Field(gt=0, lt=1)]


class EvaluateSettings(Strict):
    """Everything that changes a reported number and is not fixed by a benchmark's protocol."""

    far: tuple[Rate, ...] = (1e-2, 1e-3)
    """False accept rates of the reported TAR@FAR; one below 1 / (non-mated pairs) is left out, with a note."""
    replicates: int = Field(1000, ge=100)
    """Bootstrap resamples of the identities; the smallest p-value is 2 / (replicates + 1)."""
    confidence: Rate = 0.95
    """Coverage of the intervals."""
    max_missing: float = Field(0.01, ge=0, lt=1)
    """Largest share of the images asked for that may be missing. Those are left out, counted and listed; a share
    above this is an error, since the score would no longer be the benchmark's."""
    reject_fmr: Rate = 1e-2
    """False match rate, over all pairs, that fixes the threshold of the error-versus-reject curve."""
