"""Mean and standard error over folds, and the table that shows them."""

import csv
import io
import statistics

import pytest
from report.reading import markdown_tables

from lgaf.errors import DataError
from lgaf.folds_table import Fold, spread, to_csv, to_markdown
from lgaf.report.metrics import parse_metrics

LABELS = {"lgaf": "LGAF", "arc_face": "Arc_Face"}
VALUES = {"lgaf": (0.90, 0.92, 0.85, 0.93), "arc_face": (0.88, 0.93, 0.84, 0.90)}


def fold(k: int, **more: object) -> Fold:
    """The ``k``-th fold, counted from 0."""
    metrics = {
        row: {"part/lfw": {"accuracy": {"value": own[k], "low": 0.8, "high": 0.95, "n": 600, **more}}}
        for row, own in VALUES.items()
    }
    return Fold(f"lfw-0-fold-{k + 1}", 7000 + k, parse_metrics(metrics, "here"))


FOLDS = [fold(k) for k in range(4)]


@pytest.mark.parametrize(
    "values", [(0.5, 0.7), (0.9, 0.9, 0.9), (0.61, 0.58, 0.6, 0.63, 0.55, 0.6, 0.62, 0.6, 0.59, 0.6)]
)
def test_mean_and_standard_error(values):
    found = spread(values)
    assert found.mean == pytest.approx(statistics.mean(values))
    assert found.error == pytest.approx(statistics.stdev(values) / len(values) ** 0.5, abs=1e-12)


def test_the_table():
    text = to_markdown(FOLDS, LABELS, "lgaf")
    ((heading, *lines),) = markdown_tables(text)
    assert heading == ["fold", "LGAF", "Arc_Face"]
    assert lines[:4] == [
        ["1", "90.00", "88.00"],
        ["2", "92.00", "93.00"],
        ["3", "85.00", "84.00"],
        ["4", "93.00", "90.00"],
    ]
    # By hand: squared deviations 0, 4, 25, 9 (mean 90) and 0.5625, 18.0625, 22.5625, 1.5625 (mean 88.75); of the
    # differences 2, -1, 1, 3 (mean 1.25) they sum to 8.75. sqrt(sum / 3 / 4).
    assert lines[4] == ["mean ± standard error", "90.00 ± 1.78", "88.75 ± 1.89"]
    assert lines[5] == ["LGAF minus it", "-", "+1.25 ± 0.85"]
    for said in ("600 pairs a fold", "7,000 to 7,003 photos", "over the 4 folds", "lfw-0-fold-1, lfw-0-fold-2"):
        assert said in text
    assert "seeds" not in text


def test_several_seeds_are_said():
    assert "mean over 2 seeds" in to_markdown([fold(k, seeds=(0.9, 0.9)) for k in (0, 1)], LABELS, "lgaf")


def test_the_csv():
    first, second = csv.DictReader(io.StringIO(to_csv(FOLDS, LABELS, "lgaf")))
    assert (second["row"], second["method"], second["reference"]) == ("arc_face", "Arc_Face", "LGAF")
    assert [float(second[f"fold_{k}"]) for k in range(1, 5)] == [88, 93, 84, 90]
    assert (second["mean"], second["standard_error"]) == ("88.7500", "1.8875")
    assert (second["reference_minus_this"], second["difference_standard_error"]) == ("1.2500", "0.8539")
    assert (first["reference_minus_this"], first["difference_standard_error"]) == ("0.0000", "0.0000")


def test_a_row_without_an_accuracy():
    folds = [FOLDS[0], FOLDS[1]._replace(metrics={"lgaf": FOLDS[1].metrics["lgaf"]})]
    with pytest.raises(DataError, match=r"lfw-0-fold-2: results/metrics\.json has no accuracy of arc_face on part/lfw"):
        to_markdown(folds, LABELS, "lgaf")
