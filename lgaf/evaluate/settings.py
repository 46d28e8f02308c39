"""What the score stage may be told."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from lgaf.strict import Strict

Rate = Annotated[float, Field(gt=0, lt=1)]


TemplateProtocol = Literal["insightface", "adaface", "unit"]


class TemplateSettings(Strict):
    """How templates (IJB-B, IJB-C) are pooled and compared."""

    protocol: TemplateProtocol = "insightface"
    """Whose code is followed. All take the mean over a medium and the sum over a template. ``insightface`` and
    ``adaface`` keep the norm of an image's feature, which so is its weight; ``insightface`` multiplies by the
    detector's score, ``adaface`` does not. ``unit`` is insightface's code without its norm score: the detector's score
    alone is the weight."""


class EvaluateSettings(Strict):
    """Everything that changes a reported number and is not fixed by a benchmark's protocol."""

    far: tuple[Rate, ...] = Field((1e-2, 1e-3), max_length=20)
    """False accept rates of the reported TAR@FAR; one below 1 / (non-mated pairs) is left out, with a note. Templates
    have those that the field prints, 1e-6 to 1e-1; all pairs of the generated world 1e-2 and 1e-3."""
    replicates: int = Field(1000, ge=100, le=100_000)
    """Bootstrap resamples of the identities; the smallest p-value is 2 / (replicates + 1)."""
    confidence: Rate = 0.95
    """Coverage of the intervals."""
    max_missing: float = Field(0.01, ge=0, lt=1)
    """Largest share of the images asked for that may be missing. Those are left out, counted and listed; a share
    above this is an error, since the score would no longer be the benchmark's."""
    reject_fmr: Rate = 1e-2
    """False match rate, over all pairs, that fixes the threshold of the error-versus-reject curve."""
    templates: TemplateSettings = TemplateSettings()
