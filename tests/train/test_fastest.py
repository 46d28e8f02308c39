"""Precision and threads are decided once a machine, by a clock."""

import json

import pytest
import torch

import lgaf.train.fastest as fastest

CPU = torch.device("cpu")
STEPS = {("float32", 4): 1.0, ("float32", 2): 2.0, ("float32", 1): 4.0,
         ("bfloat16", 4): 1.0, ("bfloat16", 2): 2.0, ("bfloat16", 1): 4.0}  # fmt: skip


@pytest.fixture
def clock(monkeypatch, tmp_path):
    """A clock that says what it is told of a machine of four cores, and how often it is asked."""
    monkeypatch.setattr(fastest, "user_cache_path", lambda name: tmp_path / name)
    monkeypatch.setattr(fastest, "cores", lambda: 4)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    seconds, asked, before = dict(STEPS), [], torch.get_num_threads()

    def read(dtype, device):
        asked.append(dtype)
        return seconds[str(dtype).removeprefix("torch."), torch.get_num_threads()]

    monkeypatch.setattr(fastest, "seconds_a_step", read)
    yield seconds, asked
    torch.set_num_threads(before)


@pytest.mark.parametrize(("time", "expected"), [(0.5, "bfloat16"), (0.95, "float32"), (9.0, "float32")])
def test_the_faster_precision_is_taken_and_kept(clock, time, expected):
    seconds, asked = clock
    seconds["bfloat16", 4] = time
    assert fastest.settle("auto", CPU) == expected
    assert len(asked) == 6
    seconds["bfloat16", 4] = 1 / time
    assert fastest.settle("auto", CPU) == expected
    assert len(asked) == 6


@pytest.mark.parametrize(("changed", "threads"), [
    ({}, 4),
    ({("float32", 2): 0.95}, 4),
    ({("float32", 2): 0.85}, 2),
    ({("float32", 2): 0.85, ("float32", 1): 0.5}, 1),
    ({("bfloat16", 2): 0.1}, 4),
])  # fmt: skip
def test_threads_are_the_fastest_of_the_precision(clock, changed, threads):
    """Fewer than all only where that is worth it; and so also where the precision is given."""
    clock[0].update(changed)
    assert fastest.settle("float32", CPU) == "float32"
    assert torch.get_num_threads() == threads
    torch.set_num_threads(3)
    assert fastest.settle("float32", CPU) == "float32", "from the file"
    assert torch.get_num_threads() == threads


def test_the_precision_is_compared_at_the_best_threads_of_each(clock):
    clock[0]["bfloat16", 1] = 0.8
    assert fastest.settle("auto", CPU) == "bfloat16"
    assert torch.get_num_threads() == 1


def test_threads_of_the_environment_stay(clock, monkeypatch):
    seconds, asked = clock
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    torch.set_num_threads(2)
    seconds["bfloat16", 2] = 0.1
    assert fastest.settle("auto", CPU) == "bfloat16"
    assert (torch.get_num_threads(), len(asked)) == (2, 2)
    assert fastest.settle("float32", CPU) == "float32"
    assert (torch.get_num_threads(), len(asked)) == (2, 2), "what is said needs no clock"


def test_numbers_of_threads_are_halves_down_to_one(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    for cores, expected in ((1, [1]), (2, [2, 1]), (6, [6, 3, 1]), (16, [16, 8, 4, 2, 1])):
        monkeypatch.setattr(fastest, "cores", lambda cores=cores: cores)
        assert list(fastest.thread_counts(CPU)) == expected


def test_measuring_leaves_the_threads_as_they_are(clock):
    torch.set_num_threads(3)
    fastest.measured("here", [4, 2, 1], CPU)
    assert torch.get_num_threads() == 3


def test_another_machine_is_measured_again(clock, monkeypatch):
    _, asked = clock
    fastest.settle("auto", CPU)
    monkeypatch.setattr(fastest, "describe_machine", lambda: "another")
    fastest.settle("auto", CPU)
    assert len(asked) == 12
    assert len(json.loads(fastest.decisions_path().read_text())) == 2


@pytest.mark.parametrize("text", ["", "[]", "{", "3", '{"a": 1}'])
def test_a_broken_file_is_measured_again(clock, text):
    fastest.decisions_path().parent.mkdir(parents=True)
    fastest.decisions_path().write_text(text)
    assert fastest.settle("auto", CPU) == "float32"
    assert len(clock[1]) == 6


def test_a_broken_entry_is_measured_again(clock):
    fastest.settle("auto", CPU)
    (machine,) = json.loads(fastest.decisions_path().read_text())
    for entry in ({}, {"float32": {"4": 1.0}}, {"float32": None, "bfloat16": None}, 5):
        fastest.decisions_path().write_text(json.dumps({machine: entry, "other": 1}))
        clock[1].clear()
        fastest.settle("auto", CPU)
        assert len(clock[1]) == 6
        assert json.loads(fastest.decisions_path().read_text())["other"] == 1


def test_the_clock_reads_a_step_and_draws_nothing():
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    assert fastest.seconds_a_step(torch.float32, CPU) > 0
    assert torch.equal(torch.rand(1), expected)
