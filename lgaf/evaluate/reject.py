"""Error versus reject: does leaving out the faces of lowest quality leave out the errors?"""

from __future__ import annotations

from typing import Any

import numpy as np

FRACTIONS = np.arange(20) / 20  # 0 to 0.95


def error_versus_reject(errors: np.ndarray, quality: np.ndarray) -> dict[str, Any]:
    """Share of errors among the trials left when the lowest ``quality`` are rejected.

    errors: (N,) bool; quality: (N,), higher is better, ties rejected in the order given. At a rejected fraction f the
    floor(f N) lowest are left out: FNMR over the remaining mated pairs, after Grother & Tabassi, "Performance of
    biometric quality measures", IEEE TPAMI 29 (2007). ``auc``: area under the curve from 0 to 0.95, by trapezoids.
    """
    remaining = errors[np.argsort(quality, kind="stable")]
    left_out = (FRACTIONS * len(errors) + 1e-9).astype(int)
    error = [float(remaining[start:].mean()) for start in left_out]
    return {"fraction": FRACTIONS.tolist(), "error": error, "auc": float(np.trapezoid(error, FRACTIONS))}


def threshold_at_fmr(nonmated: np.ndarray, fmr: float) -> float:
    """The lowest of the (N,) ``nonmated`` scores t such that "accept iff score > t" accepts at most ``fmr`` of them."""
    descending = np.sort(nonmated)[::-1]
    return float(descending[min(int(fmr * len(nonmated) + 1e-9), len(nonmated) - 1)])
