"""Precision is decided once a machine."""

import json

import pytest
import torch

import lgaf.train.precision as precision

CPU = torch.device("cpu")


@pytest.fixture
def clock(monkeypatch, tmp_path):
    """A clock that says what it is told, and counts how often it is asked."""
    monkeypatch.setattr(precision, "user_cache_path", lambda name: tmp_path / name)
    seconds, asked = {torch.float32: 1.0, torch.bfloat16: 1.0}, []

    def read(dtype, device):
        asked.append(dtype)
        return seconds[dtype]

    monkeypatch.setattr(precision, "seconds_a_step", read)
    return seconds, asked


@pytest.mark.parametrize(("time", "expected"), [(0.5, "bfloat16"), (0.95, "float32"), (9.0, "float32")])
def test_the_faster_is_taken_and_kept(clock, time, expected):
    seconds, asked = clock
    seconds[torch.bfloat16] = time
    assert precision.choose_precision("auto", CPU) == expected
    assert len(asked) == 2
    seconds[torch.bfloat16] = 1 / time
    assert precision.choose_precision("auto", CPU) == expected
    assert len(asked) == 2


def test_another_machine_is_measured_again(clock, monkeypatch):
    _, asked = clock
    precision.choose_precision("auto", CPU)
    monkeypatch.setattr(precision, "describe_machine", lambda: "another")
    precision.choose_precision("auto", CPU)
    assert len(asked) == 4
    assert len(json.loads(precision.decisions_path().read_text())) == 2


@pytest.mark.parametrize("text", ["", "[]", "{"])
def test_a_broken_file_is_measured_again(clock, text):
    precision.decisions_path().parent.mkdir(parents=True)
    precision.decisions_path().write_text(text)
    assert precision.choose_precision("auto", CPU) == "float32"


def test_what_is_said_is_not_measured(clock):
    assert precision.choose_precision("bfloat16", CPU) == "bfloat16"
    assert precision.choose_precision("float32", CPU) == "float32"
    assert clock[1] == []


def test_the_clock_reads_a_step_and_draws_nothing():
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    assert precision.seconds_a_step(torch.float32, CPU) > 0
    assert torch.equal(torch.rand(1), expected)
