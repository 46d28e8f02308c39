"""Parameters of the report and of the gate."""

from __future__ import annotations

from pydantic import Field

from lgaf.evaluate.settings import EvaluateSettings
from lgaf.paths import GIVEN
from lgaf.strict import Strict


class ReportRow(Strict):
    """What the report knows of a row before it reads what training left."""

    id: str
    label: str
    """Name in print."""
    network: str
    """``plain``, ``lgaf``, or of a row that was made elsewhere ``file``, ``embeddings`` or ``scores``."""
    head: str
    fusion: str | None
    """None for a plain network."""
    trained: bool = True
    """False where it was trained elsewhere."""

    @property
    def imported(self) -> bool:
        """Whether there is no network, only what one has given."""
        return self.network in ("embeddings", "scores")


class ReportRun(Strict):
    """All that decides what the report shows, beside the results themselves."""

    rows: tuple[ReportRow, ...]
    """In the order of the tables."""
    reference: str
    """Id of the row that the others are compared with."""
    seeds: tuple[int, ...]
    """Seeds of training; one model of each row a seed."""
    benchmarks: tuple[str, ...]
    source: str
    """``data.source``."""
    own: tuple[str, ...] = ()
    """Benchmarks of the user's own photos, which no sheet shows."""
    damaged: tuple[str, ...] = ()
    """Benchmarks whose faces are in the damage laboratory; none where there is none."""
    train_set: str | None
    """Training set of source ``official``, as params.yaml names it."""
    seed: int
    """Seed of the bootstrap."""
    evaluate: EvaluateSettings

    def seeds_of(self, row: ReportRow) -> tuple[int, ...]:
        """Seeds of a row's models; a row that was trained elsewhere has one model, without luck to show."""
        return self.seeds if row.trained else (int(GIVEN),)


class Luck(Strict):
    """Standard deviation, over ``seeds`` of training, of a row's mean rate over a pool, in percentage points.

    Measured by measure/gate.py on the default's settings. 0: unknown, and left out.
    """

    seeds: int = Field(2, ge=2)
    verification: float = Field(0, ge=0, le=100)
    identification: float = Field(0, ge=0, le=100)


class CheckSettings(Strict):
    """The rule of ``lgaf check``; how often it errs is measured by measure/gate.py and kept in results/gate.json.

    For each row, and for all rows together, the mean accuracy over all verification benchmarks and the mean rank-1 rate
    over all searches are compared with the reference's, trial by trial. A fall is an alarm where chance alone makes one
    as deep or deeper with a probability of ``alpha`` at most; all that is tested is tested together (Holm), so that
    ``alpha`` holds for the whole check. Chance is the larger of two: which trials happen to change, people as units
    (:func:`lgaf.report.check.people_error`), and the ``luck`` of training, which other code or another machine draws
    anew for each row that is trained (:func:`lgaf.report.check.luck_error`).
    """

    alpha: float = Field(0.05, gt=0, lt=1)
    """Largest probability of a false alarm."""
    luck: Luck = Luck()
