"""The ``align`` block of params.yaml."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from lgaf.strict import Strict

OnMiss = Literal["drop", "centre", "error"]


class Alignment(Strict):
    """How photos become aligned face crops; the same for training and test."""

    detector: Literal["centerface"] = "centerface"
    """Finds faces and their five points."""
    detect_size: int = Field(128, ge=64, le=2048, multiple_of=32)
    """Longer side, in pixels, to which every image is scaled before detection; raise it for wide views."""
    refine: bool = True
    """Average the detector's points with those of MTCNN's output network, which drift half as much."""
    min_score: float = Field(0.5, gt=0, lt=1)
    """Detections below this score are no faces."""
    face: Literal["nearest", "largest"] = "nearest"
    """Which of several faces: nearest to the image's centre, or largest."""
    landmarks: Literal["detect", "given"] = "detect"
    """``given`` takes the points that come with an image, and detects only where it has none."""
    centre_share: float = Field(0.52, gt=0, le=1)
    """Side of that central crop as a share of the image's shorter side: 0.52 suits LFW's frame, 1 an image cut to the
    face."""
    max_unreadable: float = Field(0.0, ge=0, lt=1)
    """Share of files that may be no image before it is an error; those within it are skipped and listed."""


class AlignSettings(Alignment):
    """The ``align`` block of params.yaml."""

    train_miss: OnMiss = "drop"
    """A training image with no face: left out, cropped at the centre, or an error. Each is listed in the report."""
    test_miss: OnMiss = "centre"
    """The same for a test image. ``centre`` keeps a benchmark's pairs whole, as its protocol asks."""
