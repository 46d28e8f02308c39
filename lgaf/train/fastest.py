"""How networks train fastest on this machine, measured once and kept: the precision, and on a CPU the threads."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import torch
from platformdirs import user_cache_path

from lgaf.errors import DataError
from lgaf.files import read_json, write_json
from lgaf.machine import describe_machine
from lgaf.models import create_model
from lgaf.workers import cores

Precision = Literal["float32", "bfloat16"]
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
BATCH, SIZE, ROUNDS = 64, 64, 5
WORTH = 0.9
"""Share of the time of float32, or of all threads, below which bfloat16, or fewer, are taken."""


def settle(setting: Precision | Literal["auto"], device: torch.device) -> Precision:
    """What the network is computed in; and on a CPU, let torch compute with as many threads as are fastest.

    Old processors emulate bfloat16 at a tenth of the speed, new ones gain a half from it; two threads of one core may
    be slower than one: only a clock knows. It is read once: what it says is kept in the user's cache folder, by
    machine, software and device, and holds for every row and run until that file is deleted. Where the environment
    variable ``OMP_NUM_THREADS`` is set, as torchrun does, the threads stay what it says.
    """
    counts = list(thread_counts(device))
    if setting != "auto" and len(counts) == 1:
        return setting
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else f"{counts} threads"
    seconds = measured(f"{describe_machine()}, {device.type}: {name}", counts, device)
    if setting == "auto":
        best = {precision: min(seconds[precision].values()) for precision in DTYPES}
        setting = "bfloat16" if best["bfloat16"] < WORTH * best["float32"] else "float32"
    torch.set_num_threads(fewest(seconds[setting], counts))
    return setting


def thread_counts(device: torch.device) -> Iterator[int]:
    """Numbers of threads that come into question: all cores, half of them, and so on to one."""
    if device.type == "cuda" or "OMP_NUM_THREADS" in os.environ:
        yield torch.get_num_threads()
        return
    count = cores()
    while count > 1:
        yield count
        count //= 2
    yield 1


def fewest(seconds: dict[str, float], counts: list[int]) -> int:
    """The fastest number of threads, if it is worth leaving the others idle; else all."""
    best = min(counts, key=lambda count: seconds[str(count)])
    return best if seconds[str(best)] < WORTH * seconds[str(counts[0])] else counts[0]


def measured(machine: str, counts: list[int], device: torch.device) -> dict[str, dict[str, float]]:
    """Seconds of a training step by precision and number of threads, from the file or, once, from the clock."""
    try:
        known = read_json(decisions_path())
        seconds = {precision: {str(count): float(known[machine][precision][str(count)]) for count in counts}
                   for precision in DTYPES}  # fmt: skip
    except (DataError, KeyError, TypeError, ValueError):
        seconds = {precision: {} for precision in DTYPES}
        before = torch.get_num_threads()
        for count in counts:
            torch.set_num_threads(count)
            for precision, dtype in DTYPES.items():
                seconds[precision][str(count)] = seconds_a_step(dtype, device)
        torch.set_num_threads(before)
        try:
            known = dict(read_json(decisions_path()))
        except (DataError, TypeError, ValueError):
            known = {}
        write_json(decisions_path(), {**known, machine: seconds})
        print(f"seconds of a training step on this machine, by threads: {json.dumps(seconds)}; kept in "
              f"{decisions_path()}")  # fmt: skip
    return seconds


def decisions_path() -> Path:
    """The file that keeps what was measured."""
    return user_cache_path("lgaf") / "seconds_a_step.json"


def seconds_a_step(precision: torch.dtype, device: torch.device) -> float:
    """The best time of a few training steps of a small plain network."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        model = create_model("plain", backbone="iresnet_mini", embedding_dim=128, image_size=SIZE)
        model = model.to(device).to(memory_format=torch.channels_last).train()
        images = torch.randn(BATCH, 3, SIZE, SIZE, device=device).to(memory_format=torch.channels_last)
        direction = torch.randn(BATCH, 128, device=device)
    best = float("inf")
    for _ in range(ROUNDS):  # the first is a warm-up
        started = time.perf_counter()
        with torch.autocast(device.type, precision, enabled=precision != torch.float32):
            embedding = model(images).embedding
        (embedding.float() * direction).sum().backward()  # after batch norm a sum of squares has no gradient
        if device.type == "cuda":
            torch.cuda.synchronize()
        best = min(best, time.perf_counter() - started)
    return best
