"""What the classifier costs by its classes: ``python measure/classes.py [10000 100000 ...] [--processes 1 2]``.

A step is the head alone: loss, gradient and update of every class weight for ready embeddings. Memory is the most that
a process holds in its steps beyond what it holds without the head; the draw of the first weights is left out. On a CPU
glibc is told to give freed blocks back at once: by itself it keeps some of up to 32 MiB, which are not the head's.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from tabulate import tabulate

from baselines import create_head
from lgaf.files import read_json, write_json
from lgaf.machine import describe_machine
from lgaf.models.complexity import interleaved
from lgaf.processes.launch import launch
from lgaf.processes.team import Team
from lgaf.train.sharded import margin_loss, shard

DIM = 512
MIB = 2**20


def timed(options: argparse.Namespace, told: Path, team: Team) -> None:
    """Seconds of a step, and MiB, of the head of one number of classes."""
    device = team.device(options.device)
    before = held(device)
    torch.manual_seed(0)
    head = create_head(options.head, DIM, options.classes[0])
    if team.size > 1:
        shard(head, team)
    head = head.to(device)
    optimiser = torch.optim.SGD(head.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-4)
    share = options.batch // team.size
    embedding = torch.randn(share, DIM, device=device, requires_grad=True)
    labels = torch.randint(options.classes[0], (share,), device=device)

    def step() -> None:
        optimiser.zero_grad(set_to_none=True)
        margin_loss(head, embedding, labels).backward()
        optimiser.step()
        if device.type == "cuda":
            torch.cuda.synchronize()

    step()
    forget_peak(device)
    seconds = interleaved({"step": step}, options.rounds)["step"]
    if team.rank == 0:
        write_json(told, {"seconds": seconds, "mib": (peak(device) - before) / MIB})


def held(device: torch.device) -> int:
    """Bytes that this process holds now, on a GPU in tensors."""
    return torch.cuda.memory_allocated() if device.type == "cuda" else 1024 * status("VmRSS")


def peak(device: torch.device) -> int:
    """The most bytes since :func:`forget_peak`."""
    return torch.cuda.max_memory_allocated() if device.type == "cuda" else 1024 * status("VmHWM")


def forget_peak(device: torch.device) -> None:
    """Begin to look for the most anew."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
    else:
        Path("/proc/self/clear_refs").write_text("5")


def status(name: str) -> int:
    """KiB, as Linux counts for this process."""
    found = re.search(rf"^{name}:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert found
    return int(found[1])


def main() -> None:
    """Measure and print; each number in processes of its own, since memory once held is not always given back."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("classes", type=int, nargs="*", default=[10_000, 100_000, 500_000, 2_000_000])
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--head", default="arcface")
    parser.add_argument("--batch", type=int, default=128, help="images of all processes together")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--told", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.told:
        launch(options.processes[0], options.device, timed, options, options.told)
        return
    rows = []
    with TemporaryDirectory() as folder:
        told = Path(folder, "found.json")
        for classes in options.classes:
            for number in options.processes:
                given = ["--head", options.head, "--batch", options.batch, "--rounds", options.rounds,
                         "--device", options.device, "--processes", number, "--told", told]  # fmt: skip
                command = [sys.executable, __file__, str(classes), *map(str, given)]
                subprocess.run(command, check=True, env={**os.environ, "MALLOC_MMAP_THRESHOLD_": str(MIB)})
                found = read_json(told)
                each = MIB * found["mib"] / (classes / number)
                rows.append([f"{classes:,}", number, 1e3 * found["seconds"], found["mib"], each])
    print(f"{options.head}, {DIM} values, batch {options.batch}, {options.device}; {describe_machine()}\n")
    headers = ["classes", "processes", "ms", "MiB a process", "bytes a class held"]
    print(tabulate(rows, headers, floatfmt=(None, None, ".0f", ".0f", ".0f"), tablefmt="github", disable_numparse=[0]))


if __name__ == "__main__":
    main()
