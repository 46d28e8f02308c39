"""The regression gate: results against the committed reference. The cause of a fall is not its business."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tabulate import tabulate

from lgaf.report.metrics import Metric, Metrics
from lgaf.report.settings import CheckSettings

Verdict = Literal["worse", "missing", "trials lost", "better", "new", "same"]
FAILURES = ("worse", "missing", "trials lost")


@dataclass(frozen=True)
class Finding:
    """What became of one metric. ``now`` is None where it is missing, ``before`` where it is new.

    allowed: the fall that the settings tolerate, as a fraction.
    """

    name: str
    verdict: Verdict
    now: Metric | None
    before: Metric | None
    allowed: float | None

    @property
    def failed(self) -> bool:
        """Whether this finding fails the gate."""
        return self.verdict in FAILURES

    def __str__(self) -> str:
        """One line that names the metric and says what happened to it."""
        if self.now is None:
            return f"{self.name}: missing; the reference has it"
        if self.before is None or self.allowed is None:
            return f"{self.name}: {self.now.value:.2%}, not in the reference"
        if self.verdict == "trials lost":
            return f"{self.name}: rests on {self.now.n} trials; the reference on {self.before.n}"
        return (
            f"{self.name}: {self.verdict}: {self.before.value:.2%} -> {self.now.value:.2%}, "
            f"{100 * (self.now.value - self.before.value):+.2f} points; a fall of {100 * self.allowed:.2f} is allowed"
        )


def allowed_fall(reference: Metric, settings: CheckSettings) -> float:
    """How far a metric may fall below ``reference``: see :class:`CheckSettings`."""
    return max(settings.floor, settings.share * reference.half_width)


def judge(name: str, now: Metric | None, before: Metric | None, settings: CheckSettings) -> Finding:
    """Compare one metric with its reference; a rise counts as "better" where a fall of its size would fail."""
    if before is None:
        return Finding(name, "new", now, None, None)
    allowed = allowed_fall(before, settings)
    verdict: Verdict = "same"
    if now is None:
        verdict = "missing"
    elif now.value < before.value - allowed:
        verdict = "worse"
    elif now.n < before.n * (1 - settings.lost_trials):
        verdict = "trials lost"
    elif now.value > before.value + allowed:
        verdict = "better"
    return Finding(name, verdict, now, before, allowed)


def flatten(metrics: Metrics) -> dict[str, Metric]:
    """{"method benchmark metric": metric} in the file's order."""
    return {
        f"{method} {benchmark} {name}": metric
        for method, benchmarks in metrics.items()
        for benchmark, values in benchmarks.items()
        for name, metric in values.items()
    }


def check(metrics: Metrics, reference: Metrics, settings: CheckSettings) -> list[Finding]:
    """Compare every metric with the reference; what the reference has must be there.

    Returns one finding a metric, of the reference's metrics in its order, then the new ones. The gate fails if any
    ``failed``.
    """
    now, before = flatten(metrics), flatten(reference)
    names = [*before, *(name for name in now if name not in before)]
    return [judge(name, now.get(name), before.get(name), settings) for name in names]


def show(findings: Sequence[Finding]) -> str:
    """All findings as a text table in per cent, failures marked."""

    def cell(metric: Metric | None) -> str:
        return "" if metric is None else f"{100 * metric.value:.2f}"

    rows = [
        (
            item.name,
            cell(item.before),
            cell(item.now),
            f"{100 * (item.now.value - item.before.value):+.2f}" if item.now and item.before else "",
            "" if item.allowed is None else f"-{100 * item.allowed:.2f}",
            item.verdict.upper() if item.failed else item.verdict,
        )
        for item in findings
    ]
    headers = ("metric", "reference", "now", "change", "allowed", "verdict")
    return tabulate(rows, headers, disable_numparse=True, colalign=("left", *["right"] * 4, "left"))
