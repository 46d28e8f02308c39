"""What ends a training, said in a line: memory, a worker, another process, a signal."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from lgaf.errors import LgafError, LostProcess, TrainingError
from lgaf.processes.team import Team
from lgaf.train.settings import TrainingRun

GOES_ON = "the same command goes on from the last state"


@contextmanager
def explained(run: TrainingRun, team: Team) -> Iterator[None]:
    """Let an error of torch that a user can act on say what it is of.

    Raises:
        TrainingError: memory is out, or a data worker has died. LostProcess: another process has.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        says = explanation(error, run, team)
        if says is None:
            raise
        raise says from error


def explanation(error: RuntimeError | MemoryError, run: TrainingRun, team: Team) -> LgafError | None:
    """What is said of ``error``; None of one that is not foreseen."""
    text, recipe = str(error), run.train
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)) or ("alloc" in text and "memory" in text):
        share = f", {recipe.batch_size // team.size} of them in each of {team.size} processes" if team.size > 1 else ""
        return TrainingError(
            f"{run.row}: out of memory with {run.model['backbone']} at {run.model['image_size']} pixels in batches of "
            f"{recipe.batch_size}{share}; raise train.accumulate, lower train.batch_size (and train.lr by the same "
            "factor), set train.precision to bfloat16, or spread it over more GPUs with train.processes"
        )
    if "DataLoader worker" in text:
        return TrainingError(
            f"{run.row}: a process that decodes images has died, most often for want of memory; lower train.workers, "
            f"now {recipe.workers}; {GOES_ON}"
        )
    if team.lost(error):
        return LostProcess(
            f"{run.row}: process {team.rank} of {team.size} lost another, which has ended or hangs; {GOES_ON}"
        )
    return None


def stopped(row: str, epoch: int, step: int) -> TrainingError:
    """What is said at the end that SIGTERM asks for, after a state was written."""
    return TrainingError(f"{row}: stopped by SIGTERM after epoch {epoch}, step {step}; {GOES_ON}")


@contextmanager
def termination() -> Iterator[threading.Event]:
    """An event that SIGTERM sets, so that training can end between two steps; what the signal did before comes back."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():  # Python hands signals to no other
        yield asked
        return
    before = signal.signal(signal.SIGTERM, lambda *_: asked.set())
    try:
        yield asked
    finally:
        signal.signal(signal.SIGTERM, before)
