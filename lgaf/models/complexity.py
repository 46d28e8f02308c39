"""What LGAF costs: parameters, FLOPs and time beside the plain network of the same backbone."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from statistics import median
from typing import Any, NamedTuple

import torch
from tabulate import tabulate
from torch.utils.flop_counter import FlopCounterMode
from tqdm import tqdm

from lgaf.models import create_model


class Cost(NamedTuple):
    """One network's cost."""

    name: str
    parameters: int
    """All that are trained, the class weights of the head left out."""
    flops: int
    """Operations of one image; convolutions and matrix products only, a multiply-add counts two."""
    milliseconds: float
    """An image, in evaluation mode, in batches; the median of the rounds."""


def interleaved(runs: Mapping[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """Median seconds of each run; one round runs all in turn, so that a busy machine slows all alike."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for number in tqdm(range(rounds + 1), "timing", unit="round", leave=False):
        for name, run in runs.items():
            started = time.perf_counter()
            run()
            if number:  # the first is a warm-up
                seconds[name].append(time.perf_counter() - started)
    return {name: median(values) for name, values in seconds.items()}


@torch.inference_mode()
def costs(arguments: Mapping[str, Any], batch: int = 16, rounds: int = 7) -> list[Cost]:
    """Cost of the plain network and of LGAF, measured on the CPU with torch's present number of threads.

    Args:
        arguments: of :func:`lgaf.models.create_model`, ``name`` ignored.
        batch: images at once.
        rounds: how often each is timed.

    Raises:
        SettingsError: an argument is unknown or out of range.
    """
    models = {name: create_model(**{**arguments, "name": name}).eval() for name in ("plain", "lgaf")}
    side = models["lgaf"].architecture.image_size
    images = torch.randn(batch, 3, side, side).contiguous(memory_format=torch.channels_last)
    for model in models.values():
        model.to(memory_format=torch.channels_last)
    seconds = interleaved({name: partial(model, images) for name, model in models.items()}, rounds)
    rows = []
    for name, model in models.items():
        with FlopCounterMode(display=False) as counter:
            model(images[:1])
        parameters = sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
        rows.append(Cost(name, parameters, counter.get_total_flops(), 1e3 * seconds[name] / batch))
    return rows


def describe(arguments: Mapping[str, Any]) -> str:
    """The costs as a table, with LGAF as multiples of plain."""
    plain, lgaf = costs(arguments)
    table = [[row.name, row.parameters / 1e6, row.flops / 1e9, row.milliseconds] for row in (plain, lgaf)]
    table.append(["lgaf : plain", *(getattr(lgaf, key) / getattr(plain, key) for key in Cost._fields[1:])])
    threads = torch.get_num_threads()
    headers = ["network", "parameters (M)", "GFLOP an image", f"ms an image ({threads} threads)"]
    return tabulate(table, headers, floatfmt=".3f", tablefmt="github")
