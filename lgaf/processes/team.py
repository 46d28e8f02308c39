"""The processes of one task: who this one is, and what it asks the others. One alone asks nobody."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import torch
import torch.distributed as dist
from timm.layers import convert_sync_batchnorm
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from lgaf.device import choose_device
from lgaf.errors import LostProcess, SettingsError

PATIENCE = 40.0
"""Seconds that a process waits in a step for another that is late, before it takes it for lost."""
START = 1800.0
"""Seconds that it waits elsewhere: while data are decoded, a state is written or read, a speed is measured."""
T = TypeVar("T", bound=nn.Module)


@dataclass(frozen=True)
class Team:
    """This process among ``size``, with the questions that all must ask together."""

    rank: int = 0
    """In [0, size); 0 speaks and writes for all."""
    size: int = 1
    local: int = 0
    """The rank among those of this machine: the number of its GPU."""
    steps: dist.ProcessGroup | None = None
    """For what is asked in a step, where soon nobody waits any longer; all else is asked in the default group."""

    def sum(self, values: Tensor, kind: dist.ReduceOp.RedOpType = dist.ReduceOp.SUM) -> Tensor:
        """The sum (or what ``kind`` says) over processes, in a step; a new tensor."""
        values = values.clone(memory_format=torch.contiguous_format)
        if self.size > 1:
            dist.all_reduce(values, kind, group=self.steps)
        return values

    def gather(self, values: Tensor) -> Tensor:
        """(size, ...) values of all processes in the order of their ranks, in a step."""
        if self.size == 1:
            return values.unsqueeze(0)
        everyone = [torch.empty_like(values, memory_format=torch.contiguous_format) for _ in range(self.size)]
        dist.all_gather(everyone, values.contiguous(), group=self.steps)
        return torch.stack(everyone)

    def first(self, values: Tensor) -> Tensor:
        """Those of rank 0, in a step."""
        if self.size > 1:
            dist.broadcast(values, 0, group=self.steps)
        return values

    def look(self, losses: list[Tensor], stop: bool) -> tuple[list[float], bool]:
        """The mean over processes of each loss, scalars, and whether any is asked to stop; waits for the device."""
        values = torch.stack([*losses, losses[0].new_tensor(float(stop))])
        *means, share = (self.sum(values) / self.size).tolist()
        return means, share > 0

    def agreed(self, values: Tensor) -> Tensor:
        """(size, ...) values on the CPU of all processes, which may take long to have them."""
        if self.size == 1:
            return values.unsqueeze(0)
        where = "cuda" if dist.get_backend() == "nccl" else "cpu"
        everyone = [torch.empty_like(values, device=where) for _ in range(self.size)]
        dist.all_gather(everyone, values.to(where))
        return torch.stack(everyone).cpu()

    def all(self, fact: bool) -> bool:
        """Whether it holds for every process; so long they wait for each other."""
        return bool(self.agreed(torch.tensor([fact], dtype=torch.uint8)).all())

    def told(self, choices: Sequence[str], choose: Callable[[], str]) -> str:
        """What rank 0 chooses of ``choices``; the others do not ask."""
        found = choices.index(choose()) if self.rank == 0 else 0
        return choices[int(self.agreed(torch.tensor([found]))[0])]

    def lost(self, error: BaseException) -> bool:
        """Whether an error of torch says that another process has ended, or does not answer."""
        text = str(error)
        return self.size > 1 and (isinstance(error, dist.DistError) or "gloo" in text or "onnection" in text)

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Let an error of torch that tells of another process say so.

        Raises:
            LostProcess: another process has ended, or does not answer.
        """
        try:
            yield
        except RuntimeError as error:
            if not self.lost(error):
                raise
            raise LostProcess(f"process {self.rank} of {self.size} lost another, which has ended or hangs; run the "
                              "same command again") from error  # fmt: skip

    def share(self, count: int, unit: int) -> range:
        """This process's of ``count`` things in a row, cut at multiples of ``unit``; maybe none."""
        units = -(-count // unit)
        start, stop = (min(count, units * rank // self.size * unit) for rank in (self.rank, self.rank + 1))
        return range(start, stop)

    def device(self, name: str) -> torch.device:
        """This process's device; ``name`` as in params.yaml.

        Raises:
            SettingsError: there is none, or not a GPU for each process of this machine.
        """
        device = choose_device(name)
        if device.type == "cuda" and self.size > 1:
            if self.local >= torch.cuda.device_count():
                raise SettingsError(f"train.processes: {self.size} processes, and torch sees only "
                                    f"{torch.cuda.device_count()} GPU on this machine; each needs its own")  # fmt: skip
            device = torch.device("cuda", self.local)
            torch.cuda.set_device(device)
        return device

    def synchronised(self, model: T, device: torch.device) -> T:
        """``model`` with batch norm over the rows of all processes.

        Raises:
            SettingsError: there is no GPU, for which alone torch has it.
        """
        if self.size == 1:
            return model
        if device.type == "cpu":
            raise SettingsError("train.sync_batch_norm: torch has it on GPUs only; set it to false, or processes to 1")
        return convert_sync_batchnorm(model, self.steps)  # torch's own loses the activation in timm's layers

    def distributed(self, model: nn.Module) -> nn.Module:
        """``model``, its gradients averaged over processes; batch norm's running statistics are those of rank 0."""
        if self.size == 1:
            return model
        # a static graph may have weights that no loss reaches, such as those of a visibility of weight 0
        return DistributedDataParallel(model, process_group=self.steps, static_graph=True)


ALONE = Team()


@contextmanager
def joined(device: str, rank: int, size: int, local: int, meet: str, patience: float = PATIENCE) -> Iterator[Team]:
    """The team of process ``rank``, one of ``size``; all come together at ``meet``, a URL as torch takes it.

    Raises:
        SettingsError: as :meth:`Team.device`.
    """
    Team(rank, size, local).device(device)
    os.environ.setdefault("OMP_NUM_THREADS", str(torch.get_num_threads()))  # a share of the cores, and settled
    backend = "nccl" if choose_device(device).type == "cuda" else "gloo"
    dist.init_process_group(backend, meet, timedelta(seconds=START), size, rank)
    try:
        steps = dist.new_group(timeout=timedelta(seconds=patience))
        assert isinstance(steps, dist.ProcessGroup)
        yield Team(rank, size, local, steps)
    finally:
        dist.destroy_process_group()


def appointed() -> tuple[int, int, int] | None:
    """Rank, number of processes and rank on this machine, where torchrun or a scheduler has started them; or None."""
    if not {"RANK", "WORLD_SIZE", "MASTER_ADDR"} <= os.environ.keys():
        return None
    rank = int(os.environ["RANK"])
    return rank, int(os.environ["WORLD_SIZE"]), int(os.environ.get("LOCAL_RANK", rank))
