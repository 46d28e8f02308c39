import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from lgaf.errors import DataError
from lgaf.report.check import check, show
from lgaf.report.metrics import Metric, Metrics, dump_metrics, parse_metrics, summarise
from lgaf.report.settings import CheckSettings

SETTINGS = CheckSettings(floor=0.01, share=1.0, lost_trials=0.01)
names = st.sampled_from(["lgaf", "arcface", "magface"])
benchmarks = st.sampled_from(["world/lfw", "lfw", "world/scface"])
kinds = st.sampled_from(["accuracy", "rank1", "tar@far=1e-2"])


@st.composite
def metric(draw: st.DrawFn) -> Metric:
    low, value, high = sorted(draw(st.tuples(*[st.floats(0, 1)] * 3)))
    return Metric(value=value, low=low, high=high, n=draw(st.integers(0, 10_000)))


many = st.dictionaries(names, st.dictionaries(benchmarks, st.dictionaries(kinds, metric(), min_size=1), min_size=1))


def one(value: float, low: float, high: float, n: int = 600) -> Metrics:
    return {"lgaf": {"world/lfw": {"accuracy": Metric(value=value, low=low, high=high, n=n)}}}


def verdicts(now: Metrics, before: Metrics) -> list[str]:
    return [finding.verdict for finding in check(now, before, SETTINGS)]


@given(many)
def test_equal_results_pass(metrics: Metrics):
    assert all(finding.verdict == "same" for finding in check(metrics, metrics, SETTINGS))


@given(many, st.data())
def test_each_fall_beyond_its_tolerance_is_named_and_no_other(metrics: Metrics, data: st.DataObject):
    fallen, now = set(), {}
    for method, rows in metrics.items():
        now[method] = {}
        for benchmark, values in rows.items():
            now[method][benchmark] = {}
            for kind, before in values.items():
                allowed = max(0.01, (before.high - before.low) / 2)
                falls = data.draw(st.booleans())
                fall = allowed * (1.001 if falls else 0.999)
                now[method][benchmark][kind] = before.model_copy(update={"value": before.value - fall})
                if falls:
                    fallen.add(f"{method} {benchmark} {kind}")
    failed = [finding for finding in check(now, metrics, SETTINGS) if finding.failed]
    assert {finding.name for finding in failed} == fallen
    assert all(finding.verdict == "worse" and finding.name in str(finding) for finding in failed)


@given(many, many)
def test_every_metric_of_the_reference_is_judged_and_the_missing_fail(now: Metrics, before: Metrics):
    findings = check(now, before, SETTINGS)
    there = {(m, b, k) for m, rows in now.items() for b, values in rows.items() for k in values}
    wanted = {(m, b, k) for m, rows in before.items() for b, values in rows.items() for k in values}
    assert {f.name for f in findings} == {" ".join(key) for key in there | wanted}
    assert {f.name for f in findings if f.verdict == "missing"} == {" ".join(key) for key in wanted - there}
    assert {f.name for f in findings if f.verdict == "new"} == {" ".join(key) for key in there - wanted}
    assert all(f.failed for f in findings if f.verdict == "missing")
    assert not any(f.failed for f in findings if f.verdict == "new")


@pytest.mark.parametrize(
    ("now", "verdict"),
    [(0.90, "same"), (0.881, "same"), (0.879, "worse"), (0.919, "same"), (0.921, "better"), (0.0, "worse")],
)
def test_the_interval_sets_the_tolerance(now: float, verdict: str):
    assert verdicts(one(now, 0, 1), one(0.90, 0.88, 0.92)) == [verdict]


@pytest.mark.parametrize(("now", "verdict"), [(0.991, "same"), (0.989, "worse")])
def test_the_floor_holds_at_one_hundred_per_cent(now: float, verdict: str):
    assert verdicts(one(now, 0.9, 1), one(1.0, 1.0, 1.0)) == [verdict]


@pytest.mark.parametrize(("n", "verdict"), [(600, "same"), (594, "same"), (593, "trials lost"), (700, "same")])
def test_lost_trials(n: int, verdict: str):
    assert verdicts(one(0.9, 0.88, 0.92, n), one(0.9, 0.88, 0.92, 600)) == [verdict]


def test_a_missing_method_and_benchmark_fail():
    before = {**one(0.9, 0.8, 1.0), "arcface": one(0.8, 0.7, 0.9)["lgaf"]}
    failed = [str(finding) for finding in check(one(0.9, 0.8, 1.0), before, SETTINGS) if finding.failed]
    assert failed == ["arcface world/lfw accuracy: missing; the reference has it"]


def test_the_table_shows_every_finding():
    before = {**one(0.90, 0.88, 0.92), "arcface": one(0.8, 0.7, 0.9)["lgaf"]}
    text = show(check(one(0.8705, 0.85, 0.89), before, SETTINGS))
    row = next(line.split() for line in text.splitlines() if line.startswith("lgaf"))
    assert row == ["lgaf", "world/lfw", "accuracy", "90.00", "87.05", "-2.95", "-2.00", "WORSE"]
    assert "MISSING" in text


@pytest.mark.parametrize("bad", [{"share": -1}, {"floor": float("nan")}, {"tolerance": 0.1}, {"lost_trials": 1}])
def test_settings_refuse(bad: dict[str, float]):
    with pytest.raises(ValidationError):
        CheckSettings(**bad)


@given(many)
def test_metrics_survive_the_file(metrics: Metrics):
    assert parse_metrics(dump_metrics(metrics), "x") == metrics


def test_metrics_refuse_what_is_not_finite_and_name_it():
    value = {"lgaf": {"lfw": {"accuracy": {"value": float("nan"), "low": 0, "high": 1, "n": 1}}}}
    with pytest.raises(DataError, match=r"metrics\.json: lgaf\.lfw\.accuracy\.value"):
        parse_metrics(value, "metrics.json")


def test_summary_is_the_main_metric_in_per_cent():
    values = {
        "d2_rank1": Metric(value=0.5, low=0, high=1, n=9),
        "d1_rank5": Metric(value=0.9, low=0, high=1, n=9),
        "d1_rank1": Metric(value=1 / 3, low=0, high=1, n=9),
    }
    other = {"tar@far=1e-2": Metric(value=0.1, low=0, high=1, n=9), "accuracy": Metric(value=0.75, low=0, high=1, n=9)}
    assert summarise({"lgaf": {"world/scface": values, "lfw": other}}) == {"lgaf": {"world/scface": 33.33, "lfw": 75.0}}
