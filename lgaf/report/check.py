"""The regression gate: the present trials against the committed reference's. The cause of a fall is not its business.

The rule is stated once, in :class:`lgaf.report.settings.CheckSettings`.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt
from typing import NamedTuple

import numpy as np
from scipy.stats import norm
from tabulate import tabulate

from lgaf.evaluate.compare import holm
from lgaf.files import write_json
from lgaf.paths import REFERENCE
from lgaf.report.pooling import POOLS, Place
from lgaf.report.reference import (
    ADVICE,
    make_reference,
    present_settings,
    read_present,
    read_reference,
    right_of,
)
from lgaf.report.settings import CheckSettings, ReportRun

Pairs = Mapping[Place, tuple[np.ndarray, np.ndarray, np.ndarray]]
"""(benchmark, metric) -> which of its N trials are right, (S, N) bool before, (T, N) bool now, a row a seed; and whose
they are, (N,)."""


TINY = 1e-12
"""A standard error below this is rounding: no trial changed, or all did alike."""


class Verdict(NamedTuple):
    """What became of one row's rate over one pool of benchmarks, fractions."""

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


def judge(pools: Mapping[str, Pairs], rule: CheckSettings) -> dict[str, Verdict]:
    """Judge several pools of metrics together: name -> verdict."""
    found = {name: compare(pairs) for name, pairs in pools.items()}
    corrected = holm([p for *_, p in found.values()])
    verdicts = {}
    for (name, (before, now, _)), p in zip(found.items(), corrected, strict=True):
        trials = sum(pair[0].shape[1] for pair in pools[name].values())
        verdicts[name] = Verdict(before, now, trials, p, p <= rule.alpha)
    return verdicts


def compare(pairs: Pairs) -> tuple[float, float, float]:
    """(before, now, p) of one pool, all its metrics counted alike.

    A trial's change is -1, 0 or 1 (or a fraction, a mean over seeds). Their mean over its standard error is taken for a
    normal deviate: McNemar's test (Psychometrika 12 (1947)), one-sided, of several tables together. The trials of one
    person move together, as when its gallery image turns worse, so the error is that of sums over people (Liang &
    Zeger, Biometrika 73 (1986)), each person of a benchmark once for all its metrics.
    """
    value, people = 0.0, dict[str, dict[int, float]]()
    for (benchmark, _), (before, now, person) in pairs.items():
        change = now.mean(axis=0) - before.mean(axis=0)
        value += change.mean() / len(pairs)
        known, place = np.unique(person, return_inverse=True)
        sums = np.bincount(place, (change - change.mean()) / len(change) / len(pairs))
        own = people.setdefault(benchmark, {})
        for each, total in zip(known.tolist(), sums.tolist(), strict=True):
            own[each] = own.get(each, 0.0) + total
    error = sqrt(sum(total**2 for own in people.values() for total in own.values()))
    before_rate, now_rate = (float(np.mean([pair[k].mean() for pair in pairs.values()])) for k in (0, 1))
    return before_rate, now_rate, float(norm.cdf(value / error)) if error > TINY else float(value >= 0)


def by_pool(pairs: Pairs) -> dict[str, Pairs]:
    """The pairs of each pool that has any."""
    found = {pool: {place: pair for place, pair in pairs.items() if POOLS[pool](place[1])} for pool in POOLS}
    return {pool: chosen for pool, chosen in found.items() if chosen}


def check(run: ReportRun, rule: CheckSettings) -> tuple[str, list[str]]:
    """Hold the results in the workspace against the reference: what to print, and one line a failure.

    What the reference has and the results have not, or have on other trials, is a failure too.

    Raises:
        DataError: the reference or the trials are missing or broken.
    """
    reference, present = read_reference(), read_present(run)
    pools: dict[str, Pairs] = {}
    failed = []
    for row, benchmarks in reference.rows.items():
        pairs = {}
        for benchmark, metrics in benchmarks.items():
            for metric, kept in metrics.items():
                name = f"{row} {benchmark} {metric}"
                now = present.get(row, {}).get(benchmark, {}).get(metric)
                if now is None:
                    failed.append(f"{name}: missing; the reference has it")
                elif now.kept.trials != kept.trials or now.kept.n != kept.n:
                    failed.append(f"{name}: other trials than the reference's ({now.kept.n:,} now, {kept.n:,} there)")
                else:
                    pairs[benchmark, metric] = right_of(kept, name), now.right, now.person
        pools |= {f"{row} {pool}": chosen for pool, chosen in by_pool(pairs).items()}
    if failed and (
        others := [stage for stage, it in present_settings().items() if reference.settings.get(stage) != it]
    ):
        failed.append(f"{REFERENCE} is of other settings ({', '.join(others)}), as with another preset: {ADVICE}")
    verdicts = judge(pools, rule)
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
