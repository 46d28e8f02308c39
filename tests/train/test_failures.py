"""Whatever ends a training says so in a line, within a minute, and leaves a state to go on from."""

import os
import subprocess
import sys
import time

import pytest
import torch
from small_runs import SEED, SOURCES, make_run, train
from teams import in_team, train_diverging, train_hanging

import lgaf.train.step as training_step
from lgaf.errors import LostProcess, TrainingError
from lgaf.processes.launch import GRACE
from lgaf.processes.team import PATIENCE, Team
from lgaf.train.dataset import FaceDataset
from lgaf.train.failures import explanation


def one_line(error):
    (line,) = str(error.value).splitlines()
    return line


def test_a_process_that_hangs_ends_all(pack, tmp_path):
    run, started = make_run(epochs=1, checkpoint_steps=1), time.monotonic()
    with pytest.raises(LostProcess) as error:
        in_team(2, train_hanging, pack, tmp_path / "out", tmp_path / "state", run, patience=8.0)
    assert one_line(error) == (
        "lgaf: process 0 of 2 lost another, which has ended or hangs; the same command goes on from the last state"
    )
    assert time.monotonic() - started < 60
    assert PATIENCE + 2 * GRACE < 60
    assert [int(path.name) for path in sorted((tmp_path / "state/states").iterdir())] == [1, 2]


def test_a_loss_that_is_not_finite_anywhere_stops_all(pack, tmp_path):
    with pytest.raises(TrainingError) as error:
        in_team(2, train_diverging, pack, tmp_path / "out", tmp_path / "state", make_run())
    assert "lgaf: the loss is nan in epoch 1, step 2" in one_line(error)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("[enforce fail at alloc_cpu.cpp:127] . DefaultCPUAllocator: can't allocate memory: you tried to"),
        MemoryError("Unable to allocate 3 GiB"),
    ],
)
def test_out_of_memory_says_what_to_lower(pack, tmp_path, monkeypatch, error):
    def fails(*_):
        raise error

    monkeypatch.setattr(training_step, "training_loss", fails)
    with pytest.raises(TrainingError) as told:
        train(pack, tmp_path / "out", tmp_path / "state", make_run())
    assert one_line(told) == (
        "lgaf: out of memory with iresnet_mini at 32 pixels in batches of 16; raise train.accumulate, lower "
        "train.batch_size (and train.lr by the same factor), set train.precision to bfloat16, or spread it over more "
        "GPUs with train.processes"
    )
    assert "of 16, 4 of them in each of 4 processes; raise" in str(explanation(error, make_run(), Team(1, 4)))


def test_torchs_own_words_for_too_little_memory():
    with pytest.raises(RuntimeError) as error:
        torch.empty(2**52)
    assert "out of memory" in str(explanation(error.value, make_run(), Team()))


def test_what_is_not_foreseen_is_not_explained_away(pack, tmp_path, monkeypatch):
    assert explanation(RuntimeError("shapes do not fit"), make_run(), Team(0, 2)) is None

    def fails(*_):
        raise RuntimeError("shapes do not fit")

    monkeypatch.setattr(training_step, "training_loss", fails)
    with pytest.raises(RuntimeError, match="shapes do not fit"):
        train(pack, tmp_path / "out", tmp_path / "state", make_run())


def test_a_dead_worker_is_one_line(pack, tmp_path, monkeypatch):
    monkeypatch.setattr(FaceDataset, "__getitem__", lambda *_: os._exit(1))
    with pytest.raises(TrainingError) as error:
        train(pack, tmp_path / "out", tmp_path / "state", make_run(workers=1))
    assert one_line(error) == (
        "lgaf: a process that decodes images has died, most often for want of memory; lower train.workers, now 1; "
        "the same command goes on from the last state"
    )


STARTED_ELSEWHERE = f"""
import sys
from pathlib import Path
import torch
from small_runs import make_run
from lgaf.processes.launch import launch
from lgaf.train.loop import train
torch.set_num_threads(1)
launch(1, "cpu", train, *map(Path, sys.argv[1:4]), make_run(epochs=1), {SEED}, {SOURCES})
"""


def test_processes_that_a_scheduler_has_started_are_a_team(pack, tmp_path):
    """Two processes with the variables that torchrun sets train together, whatever train.processes says."""
    (tmp_path / "run.py").write_text(STARTED_ELSEWHERE)
    path = os.pathsep.join([*sys.path, os.path.dirname(__file__)])
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
               str(tmp_path / "run.py"), str(pack), str(tmp_path / "out"), str(tmp_path / "state")]  # fmt: skip
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert '"processes": 2' in (tmp_path / "out/training.json").read_text()
