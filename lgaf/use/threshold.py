"""The threshold of a decision, as the report wrote it: ``results/thresholds.json``."""

from __future__ import annotations

from pathlib import Path

from lgaf.errors import DataError
from lgaf.formats.thresholds import TEMPLATES, OperatingPoint, read_thresholds
from lgaf.paths import THRESHOLDS


class Threshold(OperatingPoint):
    """A cosine above which two faces are taken for one person's, and how often that is wrong."""

    def decide(self, similarity: float) -> str:
        """What a similarity says, in words."""
        said = "same person" if similarity > self.threshold else "different people"
        near = self.threshold_low <= similarity <= self.threshold_high
        return f"{said}, but within the threshold's own interval" if near else said

    def __str__(self) -> str:
        """The threshold and what it is worth, in one line."""
        return (
            f"{self.threshold:.3f} [{self.threshold_low:.3f}, {self.threshold_high:.3f}] at FMR {self.fmr:g} on "
            f"{self.benchmark} ({self.nonmated:,} non-mated pairs); there FNMR is {100 * self.fnmr:.1f} % "
            f"[{100 * self.fnmr_low:.1f}, {100 * self.fnmr_high:.1f}]"
        )


def find_threshold(
    row: str | None, seed: int | None, fmr: float, benchmark: str | None, path: Path = THRESHOLDS
) -> Threshold | str:
    """The threshold of one model at one FMR, of the first benchmark in the file or the one named; or why there is none.

    One of templates is for sets of images, and is taken only where its benchmark is named.

    row, seed: None for a model that is none of the run's. benchmark: ``world/lfw`` may also be called ``lfw``.

    Raises:
        DataError: the file is broken, or has the model but not this FMR or this benchmark.
        SettingsError: a field in it is missing or not allowed.
    """
    if row is None:
        return "no threshold: the model is none of this run's, whose rows have measured ones"
    if not path.exists():
        return f"no threshold: {path} is not there; `dvc repro` makes it"
    points = [Threshold(**point.model_dump()) for point in read_thresholds(path)]
    own = [point for point in points if (point.row, point.seed) == (row, seed)]
    if not own:
        return f"no threshold: {path} has none of row {row}, seed {seed}; `dvc repro` makes it"
    named = [
        point
        for point in own
        if benchmark in (point.benchmark, point.benchmark.rpartition("/")[2])
        or (benchmark is None and point.over != TEMPLATES)
    ]
    fitting = [point for point in named if abs(point.fmr - fmr) <= 1e-9 * fmr]
    if not fitting:
        there = ", ".join(f"{point.benchmark} at {point.fmr:g}" for point in own)
        asked = f"--benchmark {benchmark}, --fmr {fmr:g}" if benchmark else f"--fmr {fmr:g}"
        raise DataError(f"{path}: has no threshold for {asked} of row {row}, seed {seed}; there are {there}")
    return fitting[0]
