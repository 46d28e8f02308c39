"""The gate, its reference file, and its rule against an independent count."""

import json
from fractions import Fraction
from math import erf, sqrt
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from report_files import settings, write_run

import lgaf.report.check as gate
import lgaf.report.reference as reference_module
from lgaf.config import load_settings
from lgaf.errors import DataError
from lgaf.evaluate.outcomes import outcomes, pack_bits, unpack_bits
from lgaf.files import write_json
from lgaf.formats.pack import read_table
from lgaf.paths import REFERENCE
from lgaf.report.reference import read_reference
from lgaf.report.settings import CheckSettings

ROOT = Path(__file__).parents[2]
RULE = CheckSettings(alpha=0.05)
bits = st.integers(1, 60).flatmap(lambda n: arrays(bool, n))


def table(before, now):
    """One benchmark, every trial another person's."""
    return {("row", "lfw", "accuracy"): (np.array([before], bool), np.array([now], bool), np.arange(len(now)))}


def only(pairs, rule=RULE, trained=("row", "a")):
    """The verdict on the one pool of one row."""
    (verdict,) = gate.judge(pairs, rule, trained).values()
    return verdict


@given(bits)
def test_bits_survive_the_text(right):
    np.testing.assert_array_equal(unpack_bits(pack_bits(right), len(right)), right)


@pytest.mark.parametrize(("text", "count"), [("", 1), ("AA==", 9), ("not base64", 8), (3, 8), ("AAA=", 8)])
def test_what_is_no_bits(text, count):
    with pytest.raises(DataError, match="does not hold"):
        unpack_bits(text, count)


@given(bits)
def test_an_equal_run_is_no_fall(right):
    before, now, trials, p = gate.compare(table(right, right), 0, 20)
    assert before == now == right.mean()
    assert trials == len(right)
    assert p == 1


@given(st.lists(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=2, max_size=40), min_size=1, max_size=4))
def test_the_rule_counted_in_fractions(benchmarks):
    """p from the numbers of trials lost and won, in exact fractions but for the last step."""
    pairs, value, variance = {}, Fraction(0), Fraction(0)
    for k, trials in enumerate(benchmarks):
        before, now = zip(*trials, strict=True)
        pairs["row", f"b{k}", "accuracy"] = np.array([before]), np.array([now]), np.arange(len(trials))
        n, lost, won = len(trials), trials.count((True, False)), trials.count((False, True))
        mean = Fraction(won - lost, n)
        value += mean
        variance += (Fraction(won + lost, n) - mean**2) / n
    *_, p = gate.compare(pairs, 0, 20)
    expected = 0.5 * (1 + erf(float(value) / sqrt(2 * variance))) if variance else float(value >= 0)
    assert p == pytest.approx(expected, abs=1e-9)


def test_a_fall_by_hand():
    """600 trials, 30 lost and 10 won: McNemar's z is 20 / sqrt(40 - 20^2 / 600)."""
    before, now = np.ones(600, bool), np.ones(600, bool)
    before[:10] = False
    now[10:40] = False
    *_, p = gate.compare(table(before, now), 0, 20)
    assert p == pytest.approx(0.5 * (1 + erf(-20 / sqrt(40 - 400 / 600) / sqrt(2))))
    assert only(table(before, now)).worse
    assert not only(table(now, before)).worse


def test_seeds_are_averaged():
    before = np.array([[1, 1, 0, 0], [1, 0, 0, 0]], bool)
    now = np.array([[1, 0, 0, 0]], bool)
    found = only({("row", "lfw", "accuracy"): (before, now, np.arange(4))})
    assert (found.before, found.now, found.trials) == (0.375, 0.25, 4)
    change = np.array([0, -0.5, 0, 0])
    assert found.p == pytest.approx(0.5 * (1 + erf(change.mean() / sqrt(change.var() / 4) / sqrt(2))))


def test_the_trials_of_a_person_move_together():
    """Two metrics of one benchmark; person 1 has lost a trial of each, which counts as one surprise and not as two."""
    before = np.ones((1, 4), bool)
    first, second = np.array([[0, 1, 1, 1]], bool), np.array([[1, 0, 1, 1]], bool)
    people = np.array([1, 2, 3, 4]), np.array([2, 1, 3, 3])
    pairs = {("r", "s", "d1_rank1"): (before, first, people[0]), ("r", "s", "d2_rank1"): (before, second, people[1])}
    *_, p = gate.compare(pairs, 0, 20)
    deviation = {1: -0.75 - 0.75, 2: 0.25 + 0.25, 3: 0.25 + 0.25 + 0.25, 4: 0.25}
    error = sqrt(sum(total**2 for total in deviation.values())) / 4 / 2
    assert p == pytest.approx(0.5 * (1 + erf(-0.25 / error / sqrt(2))))
    apart = {("r", "s", "d1_rank1"): pairs["r", "s", "d1_rank1"], ("r", "t", "rank1"): pairs["r", "s", "d2_rank1"]}
    assert gate.compare(apart, 0, 20)[-1] < p
    rows = {("r", "s", "d1_rank1"): pairs["r", "s", "d1_rank1"], ("q", "s", "d2_rank1"): pairs["r", "s", "d2_rank1"]}
    assert gate.compare(rows, 0, 20)[-1] == p


def test_many_rows_are_corrected_together_and_judged_as_one():
    before, now = np.ones(400, bool), np.ones(400, bool)
    now[:5] = False
    alone = only(table(before, now))
    assert alone.worse
    rows = {(f"row {k}", "lfw", "accuracy"): (before[None], (now if k == 0 else before)[None], np.arange(400))
            for k in range(8)}  # fmt: skip
    many = gate.judge(rows, RULE, rows)
    assert many["row 0 verification"].p == pytest.approx(9 * alone.p)
    assert many["all rows verification"].change == pytest.approx(alone.change / 8)
    assert len(many) == 9


def test_equal_trainings_seldom_alarm():
    rng, alarms = np.random.default_rng(0), 0
    for _ in range(400):
        easy = rng.random(1000)
        before, now = (rng.random(1000) < easy for _ in range(2))
        alarms += only(table(before, now)).worse
    assert 5 <= alarms <= 35  # 20 expected


def test_the_luck_of_training_by_hand():
    """Luck of 2 points; a row of one model before and two now: sqrt(4 + 2); beside a row that is not trained: half.

    Student's t of two degrees of freedom is 1/2 + x / (2 sqrt(2 + x^2)).
    """
    before, now = np.ones((1, 1000), bool), np.ones((2, 1000), bool)
    now[:, :30] = False
    rule = CheckSettings(luck={"seeds": 3, "verification": 2})
    trained = {("a", "lfw", "accuracy"): (before, now, np.arange(1000))}
    given = {("b", "lfw", "accuracy"): (before, before, np.arange(1000))}
    deviate = -3 / sqrt(4 + 4 / 2)
    raw = 0.5 + deviate / 2 / sqrt(2 + deviate**2)
    assert only(trained, rule).p == pytest.approx(raw)
    assert not only(trained, rule).worse
    found = gate.judge(trained | given, rule, {"a"})
    assert found["all rows verification"].p == pytest.approx(3 * raw)
    assert found["b verification"].p == 1
    assert only(trained, rule, trained=()).worse, "what is not trained has no luck"


def test_the_default_has_the_luck_that_was_measured():
    measured = json.loads((ROOT / "results" / "gate.json").read_text())["luck"]
    luck = load_settings(ROOT / "params.yaml").check.luck
    assert luck.model_dump() == pytest.approx(measured, abs=5e-4)
    assert load_settings(ROOT / "presets" / "tiny.yaml").check.luck.verification == 0


def test_luck_of_searches_is_their_own():
    before, now = np.ones((1, 1000), bool), np.ones((1, 1000), bool)
    now[:, :30] = False
    searches = {("a", "tinyface", "rank1"): (before, now, np.arange(1000))}
    assert only(searches, CheckSettings(luck={"verification": 50})).worse
    assert not only(searches, CheckSettings(luck={"identification": 50})).worse


def test_trainings_that_differ_by_luck_alarm_as_often_as_promised():
    """Every model has a level of its own, which the trials' changes know nothing of."""
    rng, alarms = np.random.default_rng(0), 0
    rule = CheckSettings(luck={"seeds": 1000, "verification": 3.25})
    for _ in range(400):
        before, now = (rng.random(1000) < rng.normal(0.8, 0.03) for _ in range(2))
        alarms += only(table(before, now), rule).worse
    assert 5 <= alarms <= 35  # 20 expected; without luck about 100


@pytest.fixture
def project(tmp_path, monkeypatch):
    run = settings()
    write_run(tmp_path, run)
    monkeypatch.chdir(tmp_path)
    for stage in reference_module.COMPARABLE:
        write_json(f"settings/{stage}.json", {"settings": {"of": stage}})
    gate.update(run)
    return run


def test_a_run_is_its_own_reference(project):
    said, failed = gate.check(project, RULE)
    assert not failed
    assert said.count(" same") == 2 * (len(project.rows) + 1)
    assert REFERENCE.stat().st_size < 30_000


def test_outcomes_are_those_of_the_scores(project):
    row = project.rows[0].id
    summary = json.loads((REFERENCE.parent / "scores" / row / str(project.seeds[0]) / "scface.json").read_text())
    found = outcomes(read_table(f"trials/{row}/{project.seeds[0]}/scface.arrow", ()))
    assert {name: it.right.mean() for name, it in found.items()} == pytest.approx(
        {name: it["value"] for name, it in summary["metrics"].items() if name.endswith("_rank1")}
    )


def edit(change):
    value = json.loads(REFERENCE.read_text())
    change(value)
    REFERENCE.write_text(json.dumps(value))


def test_a_fall_is_named_and_no_other(project):
    row = project.rows[1].id

    def raise_row(value):
        for metrics in value["rows"][row].values():
            for kept in metrics.values():
                kept["right"] = [pack_bits(np.ones(kept["n"], bool))] * len(kept["right"])

    edit(raise_row)
    _, failed = gate.check(project, RULE)
    assert [line.split(":")[0] for line in failed] == [
        f"{name} {pool}" for name in (row, "all rows") for pool in ("verification", "identification")
    ]
    assert "100.00 ->" in failed[0]


def test_what_is_missing_or_of_other_trials_fails(project):
    row = project.rows[0].id

    def other(value):
        value["rows"]["gone"] = value["rows"][row]
        value["rows"][row]["world/x"] = {}
        place = next(iter(value["rows"][row]))
        value["rows"][row][place]["accuracy"]["trials"] = "other"
        value["settings"]["photos"] = {"of": "another preset"}

    edit(other)
    _, failed = gate.check(project, RULE)
    assert sum("missing; the reference has it" in line for line in failed) >= 4
    assert any("other trials than the reference's" in line for line in failed)
    assert any("of other settings (photos), as with another preset" in line for line in failed)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", "{}", "[" * 100_000, '{"settings": {}, "rows": {"a\\u001b[31m": {}}}',
     '{"settings": {}, "rows": {"a": {"b": {"c": {"trials": "x", "n": -1, "right": []}}}}}'],
    ids=range(7),
)  # fmt: skip
def test_a_broken_reference_is_told_how_to_mend_it(project, text):
    REFERENCE.write_text(text)
    with pytest.raises(DataError) as error:
        read_reference()
    (line,) = str(error.value).splitlines()
    assert line.startswith(str(REFERENCE))
    assert "git checkout" in line
    assert "lgaf check --update" in line
    assert "dvc repro" not in line
    assert "\x1b" not in line


def test_broken_bits_are_named(project):
    row, benchmark = project.rows[0].id, "world/lfw"
    edit(lambda value: value["rows"][row][benchmark]["accuracy"].update(right=["AA=="]))
    with pytest.raises(DataError, match=rf"reference\.json: {row} {benchmark} accuracy: does not hold"):
        gate.check(project, RULE)


def test_no_reference(tmp_path):
    with pytest.raises(DataError, match=r"no such file.*take the committed one back"):
        read_reference(tmp_path / "reference.json")
