"""Parameters of the report."""

from __future__ import annotations

from pydantic import Field

from lgaf.strict import Strict


class CheckSettings(Strict):
    """How far a metric may fall below the committed reference before ``lgaf check`` fails.

    The allowed fall is the larger of ``floor`` and ``share`` times the half-width of the reference's own 95 % interval.
    Training is chaotic: another CPU sums floats in another order, and after some hundred steps the weights, and a few
    test decisions, differ. How much that moves a metric follows from how few trials it rests on, which is what the
    interval's width says; a fixed tolerance would be too loose for LFW or too tight for a small benchmark. The floor
    is for metrics at 100 %, whose interval has no width. A fall inside the reference's interval is not evidence of a
    regression, so ``share`` is 1; lower it once repeated runs on your machines show that they agree better.
    """

    floor: float = Field(0.01, ge=0, le=1)
    """Fall that is always allowed, as a fraction: 0.01 is one percentage point."""
    share: float = Field(1.0, ge=0)
    """Allowed fall as a share of the half-width of the reference's interval."""
    lost_trials: float = Field(0.01, ge=0, lt=1)
    """Share of a metric's trials that may be missing against the reference; leaving out hard images raises a metric."""
