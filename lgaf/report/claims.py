"""What the laboratory can confirm or refute: differences on the same faces and resamples, each with an interval and p.

A family of tests is one question asked of one row, or of the reference against all others, over the groups of damage; p
is corrected within it (Holm). That the fusion beats both branches is two questions and needs both, so that chance is no
likelier to grant it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lgaf.damage.kinds import GROUPS
from lgaf.evaluate.bootstrap import Estimate
from lgaf.evaluate.compare import Difference, holm, paired_difference
from lgaf.evaluate.laboratory.conditions import CONSTANT, FUSED, GLOBAL, LOCAL, NORM, ORACLE, REJECT, SPEARMAN, TAR
from lgaf.report.laboratory import Laboratory


@dataclass(frozen=True)
class Question:
    """One metric minus another of the same row."""

    title: str
    first: str
    second: str


QUESTIONS = (
    Question("f_local - f_global", LOCAL, GLOBAL),
    Question("LGAF - f_local", FUSED, LOCAL),
    Question("LGAF - f_global", FUSED, GLOBAL),
    Question("LGAF - one weight", FUSED, CONSTANT),
    Question("oracle - LGAF", ORACLE, FUSED),
)
"""Of a row with two branches; all of TAR."""
Claims = dict[tuple[str, str], Difference]
"""(title, group) -> the difference, p corrected."""


def branch_claims(laboratory: Laboratory, row: str, confidence: float) -> Claims:
    """The answers to QUESTIONS, and whether the local weight follows the strength (SPEARMAN against 0)."""
    found: Claims = {}
    for question in QUESTIONS:
        found |= corrected(
            {
                (question.title, group): paired_difference(
                    laboratory.estimates[row][group][question.first + TAR].estimate,
                    laboratory.estimates[row][group][question.second + TAR].estimate,
                    confidence,
                )
                for group in GROUPS
            }
        )
    trends = {
        (SPEARMAN, group): against_zero(laboratory.estimates[row][group][SPEARMAN].estimate, confidence)
        for group in GROUPS
        if SPEARMAN in laboratory.estimates[row][group]
    }
    return found | corrected(trends)


def row_claims(laboratory: Laboratory, reference: str, metric: str, confidence: float) -> Claims:
    """(row, group) -> a metric of the reference minus that of the row, of rows of the reference's versions."""
    ours, others = laboratory.estimates[reference], laboratory.rivals(reference) - {reference}
    return corrected(
        {
            (row, group): paired_difference(ours[group][metric].estimate, theirs[group][metric].estimate, confidence)
            for row, theirs in laboratory.estimates.items()
            if row in others
            for group in GROUPS
        }
    )


def measure_claims(laboratory: Laboratory, row: str, confidence: float) -> Claims:
    """(metric, group) -> area of another measure of a row minus that of its norm."""
    found = laboratory.estimates[row]
    others = [metric for metric in found[GROUPS[0]] if metric.endswith(REJECT) and metric != NORM]
    return corrected(
        {
            (metric, group): paired_difference(found[group][metric].estimate, found[group][NORM].estimate, confidence)
            for metric in others
            for group in GROUPS
        }
    )


def against_zero(estimate: Estimate, confidence: float) -> Difference:
    """An estimate as a difference from 0."""
    zero = Estimate(0.0, estimate.n, estimate.units, 0 * estimate.replicates)
    return paired_difference(estimate, zero, confidence)


def corrected(tests: Mapping[tuple[str, str], Difference]) -> Claims:
    """The tests of one family with Holm's p."""
    p = holm([test.p for test in tests.values()]) if tests else []
    return {key: test._replace(p=value) for (key, test), value in zip(tests.items(), p, strict=True)}
