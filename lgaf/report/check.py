"""The regression gate: the present trials against the committed reference's. The cause of a fall is not its business.

The rule is stated once, in :class:`lgaf.report.settings.CheckSettings`.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from math import sqrt
from typing import NamedTuple

import numpy as np
from scipy.stats import norm
from scipy.stats import t as student
from tabulate import tabulate

from lgaf.evaluate.compare import holm
from lgaf.files import write_json
from lgaf.paths import REFERENCE
from lgaf.report.pooling import POOLS
from lgaf.report.reference import (
    ADVICE,
    make_reference,
    present_settings,
    read_present,
    read_reference,
    right_of,
)
from lgaf.report.settings import CheckSettings, ReportRun

Place = tuple[str, str, str]
"""(row, benchmark, metric)"""
Pairs = Mapping[Place, tuple[np.ndarray, np.ndarray, np.ndarray]]
"""Which of N trials are right, (S, N) bool before, (T, N) bool now, a row a seed; and whose they are, (N,)."""
ALL_ROWS = "all rows"
GATED = ("verification", "identification")
"""The pools that are judged."""
TINY = 1e-12
"""A standard error below this is rounding: no trial changed, or all did alike."""


class Verdict(NamedTuple):
    """What became of one rate, a mean over rows and benchmarks; fractions."""

    before: float
    now: float
    trials: int
    p: float
    """Probability that chance makes it fall as far or farther, corrected for all that are judged together."""
    worse: bool

    @property
    def change(self) -> float:
        """How much better it is now."""
        return self.now - self.before


def judge(pairs: Pairs, rule: CheckSettings, trained: Container[str]) -> dict[str, Verdict]:
    """Judge each pool of each row, and of all rows where there are several: name -> verdict.

    trained: the rows that have luck of training.
    """
    rows = list(dict.fromkeys(row for row, _, _ in pairs))
    found: dict[str, tuple[float, float, int, float]] = {}
    for name in [*rows, *([ALL_ROWS] if len(rows) > 1 else [])]:
        for pool in GATED:
            chosen = {
                place: pair for place, pair in pairs.items() if name in (place[0], ALL_ROWS) and POOLS[pool](place[2])
            }
            if chosen:
                luck = luck_error(chosen, getattr(rule.luck, pool) / 100, trained)
                found[f"{name} {pool}"] = compare(chosen, luck, rule.luck.seeds)
    corrected = holm([p for *_, p in found.values()])
    return {
        name: Verdict(before, now, trials, p, p <= rule.alpha)
        for (name, (before, now, trials, _)), p in zip(found.items(), corrected, strict=True)
    }


def compare(pairs: Pairs, luck: float, seeds: int) -> tuple[float, float, int, float]:
    """(before, now, trials, p) of one pool, all its places counted alike; p one-sided.

    The change over its standard error is a normal deviate, or where the error is that of ``luck``, which is known from
    so many ``seeds``, Student's t of one degree of freedom fewer.
    """
    before, now = (float(np.mean([pair[k].mean() for pair in pairs.values()])) for k in (0, 1))
    people = people_error(pairs)
    if max(people, luck) <= TINY:
        p = float(now >= before)
    else:
        p = float(student.cdf((now - before) / luck, seeds - 1) if luck > people else norm.cdf((now - before) / people))
    return before, now, sum(pair[0].shape[1] for pair in pairs.values()), p


def people_error(pairs: Pairs) -> float:
    """The standard error of a pool's change by which of its trials changed.

    A trial's change is -1, 0 or 1 (or a fraction, a mean over seeds). The change over this error is the deviate of
    McNemar's test (Psychometrika 12 (1947)), of several tables together. The trials of one person move together, as
    when its gallery image turns worse, so the error is that of sums over people (Liang & Zeger, Biometrika 73 (1986)),
    each person of a benchmark once for all its metrics and all rows.
    """
    people = dict[str, dict[int, float]]()
    for (_, benchmark, _), (before, now, person) in pairs.items():
        change = now.mean(axis=0) - before.mean(axis=0)
        known, place = np.unique(person, return_inverse=True)
        sums = np.bincount(place, (change - change.mean()) / len(change) / len(pairs))
        own = people.setdefault(benchmark, {})
        for each, total in zip(known.tolist(), sums.tolist(), strict=True):
            own[each] = own.get(each, 0.0) + total
    return sqrt(sum(total**2 for own in people.values() for total in own.values()))


def luck_error(pairs: Pairs, luck: float, trained: Container[str]) -> float:
    """The standard error of a pool's change between trainings that differ in their seeds alone.

    luck: of one model's rate on these very trials, whose choice therefore plays no part. Rows are trained apart; the
    luck of a mean over seeds is that of one over the root of their number.
    """
    models = {row: (len(before), len(now)) for (row, _, _), (before, now, _) in pairs.items()}
    return luck * sqrt(sum(1 / s + 1 / t for row, (s, t) in models.items() if row in trained)) / len(models)


def check(run: ReportRun, rule: CheckSettings) -> tuple[str, list[str]]:
    """Hold the results in the workspace against the reference: what to print, and one line a failure.

    What the reference has and the results have not, or have on other trials, is a failure too.

    Raises:
        DataError: the reference or the trials are missing or broken.
    """
    reference, present = read_reference(), read_present(run)
    pairs: dict[Place, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}
    failed = []
    for row, benchmarks in reference.rows.items():
        for benchmark, metrics in benchmarks.items():
            for metric, kept in metrics.items():
                name = f"{row} {benchmark} {metric}"
                now = present.get(row, {}).get(benchmark, {}).get(metric)
                if now is None:
                    failed.append(f"{name}: missing; the reference has it")
                elif now.kept.trials != kept.trials or now.kept.n != kept.n:
                    failed.append(f"{name}: other trials than the reference's ({now.kept.n:,} now, {kept.n:,} there)")
                else:
                    pairs[row, benchmark, metric] = right_of(kept, name), now.right, now.person
    if failed and (
        others := [stage for stage, it in present_settings().items() if reference.settings.get(stage) != it]
    ):
        failed.append(f"{REFERENCE} is of other settings ({', '.join(others)}), as with another preset: {ADVICE}")
    verdicts = judge(pairs, rule, {row.id for row in run.rows if row.trained})
    failed += [
        f"{name}: {100 * it.before:.2f} -> {100 * it.now:.2f} % of {it.trials:,} trials, p = {it.p:.2g}"
        for name, it in verdicts.items()
        if it.worse
    ]
    new = [row for row in present if row not in reference.rows]
    return show(verdicts, new), failed


def show(verdicts: Mapping[str, Verdict], new: list[str]) -> str:
    """All verdicts as a text table in per cent."""
    rows = [
        [name, it.trials, f"{100 * it.before:.2f}", f"{100 * it.now:.2f}", f"{round(100 * it.change, 2) + 0.0:+.2f}",
         f"{it.p:.3f}", "WORSE" if it.worse else "same"]
        for name, it in verdicts.items()
    ]  # fmt: skip
    rows += [[row, "", "", "", "", "", "not in the reference"] for row in new]
    headers = ("row and pool", "trials", "reference", "now", "change", "p of a fall", "verdict")
    return tabulate(rows, headers, disable_numparse=True, colalign=("left", *["right"] * 5, "left"))


def update(run: ReportRun) -> None:
    """Make the results in the workspace the reference."""
    write_json(REFERENCE, make_reference(run).model_dump(mode="json"))
