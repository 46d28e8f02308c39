"""The file of metrics, read back."""

import json

import pytest

from lgaf.errors import DataError
from lgaf.report.metrics import Metric, dump_metrics, parse_metrics, summarise

METRIC = {"value": 0.5, "low": 0.25, "high": 0.75, "n": 9}


def test_seeds_are_kept_and_written_only_where_there_are_several():
    value = {"a": {"lfw": {"accuracy": METRIC}}, "b": {"lfw": {"accuracy": {**METRIC, "seeds": [0.25, 0.75]}}}}
    metrics = parse_metrics(value, "x")
    assert metrics["b"]["lfw"]["accuracy"].seeds == (0.25, 0.75)
    assert json.loads(json.dumps(dump_metrics(metrics))) == value


@pytest.mark.parametrize("bad", ["red\x1b[31m", "two\nlines", "bell\a", "\u202egnirts", "zero\x00"])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_name_that_would_steer_the_terminal_is_refused_and_not_printed(bad: str, place: int):
    names = ["row", "lfw", "accuracy"]
    names[place] = bad
    value = {names[0]: {names[1]: {names[2]: METRIC}}}
    with pytest.raises(DataError, match="a name that cannot be printed; ask them") as caught:
        parse_metrics(value, "x", "ask them")
    assert str(caught.value).isprintable()


def test_without_advice_it_is_made_again():
    with pytest.raises(DataError, match=r"x: a\.b: .*; run `dvc repro` to make it again"):
        parse_metrics({"a": {"b": 3}}, "x")


def test_the_summary_has_the_average():
    metrics = {"a": {"world/average": {"accuracy": Metric(value=0.91234, low=0, high=1, n=9)}}}
    assert summarise(metrics) == {"a": {"world/average": 91.23}}
