"""The precision that networks train in on this machine, measured once and kept: all rows of a table share it."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Literal

import torch
from platformdirs import user_cache_path

from lgaf.errors import DataError
from lgaf.files import read_json, write_json
from lgaf.machine import describe_machine
from lgaf.models import create_model

Precision = Literal["float32", "bfloat16"]
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
BATCH, SIZE, ROUNDS = 32, 64, 6
WORTH = 0.9
"""Share of float32's time below which bfloat16 is taken."""


def choose_precision(setting: Precision | Literal["auto"], device: torch.device) -> Precision:
    """What the network is computed in; ``auto`` is the faster of the two on this machine.

    Old processors emulate bfloat16 at a tenth of the speed, new ones gain a half from it: only a clock knows. It is
    read once: the answer is kept in the user's cache folder, by machine, software and device, and holds for every row
    and run until that file is deleted.
    """
    if setting != "auto":
        return setting
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else f"{torch.get_num_threads()} threads"
    machine = f"{describe_machine()}, {device.type}: {name}"
    path = decisions_path()
    try:
        known = read_json(path)
    except DataError:
        known = {}
    known = known if isinstance(known, dict) else {}
    if known.get(machine, {}).get("precision") not in DTYPES:
        seconds = {name: seconds_a_step(dtype, device) for name, dtype in DTYPES.items()}
        faster = "bfloat16" if seconds["bfloat16"] < WORTH * seconds["float32"] else "float32"
        known[machine] = {"precision": faster, "seconds_a_step": seconds}
        write_json(path, known)
        print(f"precision: {faster} on this machine ({json.dumps(seconds)} s a step), kept in {path}")
    return known[machine]["precision"]


def decisions_path() -> Path:
    """The file that keeps what was measured."""
    return user_cache_path("lgaf") / "precision.json"


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
