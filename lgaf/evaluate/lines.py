"""Lines under a table: how the numbers of a benchmark came about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lgaf.evaluate.images import Images
from lgaf.evaluate.settings import EvaluateSettings
from lgaf.evaluate.similarity import QMagFace

if TYPE_CHECKING:
    from lgaf.formats.protocol import Verification

FUSION = {True: "the mirror image's added", False: "without the mirror image's"}
LEFT_OUT = "trials with them are left out"
"""What becomes of images without an embedding."""


def embedding_line(flip: bool, similarity: QMagFace | None) -> str:
    """What is compared, and how."""
    return f"embeddings, {FUSION[flip]}, scaled to length 1; {similarity or 'cosine'}"


def folds_of_pairs(protocol: Verification) -> str:
    """How many folds there are, and how large where they are not all alike."""
    sizes = protocol.fold_sizes
    uneven = f" of {min(sizes):,} to {max(sizes):,} pairs" if sizes else ""
    return f"{protocol.folds} contiguous folds{uneven}"


def condition_lines(protocol: Verification) -> list[str]:
    """What the accuracy of a condition is; nothing where there is none."""
    said = "accuracy of a condition: the share of its pairs judged right, by the thresholds of all pairs"
    return [said] if protocol.conditions else []


def interval_line(settings: EvaluateSettings, known: bool) -> str:
    """How the intervals were made."""
    units = "identities" if known else "pairs, whose identities are unknown (too narrow where pairs share people)"
    return f"{100 * settings.confidence:g} % intervals: {settings.replicates:,} bootstrap resamples of {units}"


def left_out_lines(asked: Sequence[str], shown: Sequence[str], nonmated: int, what: str = "pairs") -> list[str]:
    """Why a metric that was asked for is not there; ``what`` the non-mated trials are."""
    return [f"{name} left out: {nonmated:,} non-mated {what} cannot show it" for name in asked if name not in shown]


def missing_lines(images: Images, then: str) -> list[str]:
    """How many images lack an embedding, and ``then``, what becomes of their trials; nothing where none does."""
    return [f"images without an embedding: {len(images.missing):,}; {then}"] if images.missing else []
