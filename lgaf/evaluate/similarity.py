"""A quality-aware comparison score: the cosine, and less of it the lower the quality of the worse image.

QMagFace (Terhoerst et al., "QMagFace: Simple and Accurate Quality-Aware Face Recognition", WACV 2023, arXiv 2111.13475;
``similarity/qmagface.py`` and ``experiments/ijb_benchmarks.py`` of pterhoer/QMagFace at 4cd47fc and 54923db):

    s' = s + min(0, beta s - alpha) min(q_a, q_b)

with s the cosine and q the norm of an image's un-normalised embedding, not mirrored. Two faces that look alike, s above
alpha / beta, keep their cosine; of the others the better the images, the surer that they are strangers.
"""

from __future__ import annotations

import numpy as np
from pydantic import Field

from lgaf.strict import Strict


class QMagFace(Strict):
    """The score with its two parameters, which belong to one network: they are fitted to its norms."""

    alpha: float = Field(0.077428, ge=0, le=1e3)
    beta: float = Field(0.125926, ge=0, le=1e3)
    """The authors' values, of the published MagFace R100 (``magface_r100`` of ``experiments/ijb_benchmarks.py``)."""

    def __call__(self, cosine: np.ndarray, quality: np.ndarray) -> np.ndarray:
        """Scores of comparisons, from their cosines and the lower of their two qualities, all of one shape."""
        found = self.beta * cosine
        found -= self.alpha
        np.minimum(found, 0, out=found)
        found *= quality
        found += cosine
        return found

    def __str__(self) -> str:
        """The score in print."""
        return f"cosine + min(0, {self.beta:g} cosine - {self.alpha:g}) x the lower of the two norms (QMagFace)"
