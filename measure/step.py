"""A training step of this suite beside the plain recipe of arcface_torch, and how near it comes to the peak.

python measure/step.py [--backbone iresnet18] [--batch 128] [--classes 100000] [--network plain]

The plain recipe is written here by itself, after ``recognition/arcface_torch/train_v2.py`` and ``losses.py`` of
deepinsight/insightface: NCHW, eager, fp16 autocast with a GradScaler on a GPU, float32 on a CPU, a new SGD, its loss
read at every step. Utilisation is the step's convolutions and matrix products, forward and backward, by its time, as
a share of what large matrix products reach here in the same precision, or of ``--peak`` TFLOP/s.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable

import torch
from tabulate import tabulate
from torch import nn
from torch.nn.functional import cross_entropy, linear, normalize
from torch.utils.flop_counter import FlopCounterMode

from lgaf.device import choose_device
from lgaf.machine import describe_machine
from lgaf.models import create_model
from lgaf.models.complexity import interleaved
from lgaf.processes.team import ALONE, Team
from lgaf.train.dataset import Batch
from lgaf.train.fastest import DTYPES, settle
from lgaf.train.settings import Recipe, TrainingRun
from lgaf.train.step import TrainingStep

SCALE, MARGIN, CLIP = 64.0, 0.5, 5.0
STEPS = 3
"""Steps of a turn."""
SIDE = 4096
"""Of the matrices whose product shows the peak."""


def plain_recipe(options: argparse.Namespace, device: torch.device, batch: Batch) -> Callable[[], None]:
    """A step as arcface_torch takes it."""
    half = device.type == "cuda"
    model = create_model("plain", backbone=options.backbone, embedding_dim=options.embedding_dim,
                         image_size=options.image_size)  # fmt: skip
    model = model.to(device).train()
    centres = nn.Parameter(torch.normal(0, 0.01, (options.classes, options.embedding_dim)).to(device))
    optimiser = torch.optim.SGD([*model.parameters(), centres], lr=0.01, momentum=0.9, weight_decay=5e-4)
    scaler = torch.amp.GradScaler(device.type, growth_interval=100, enabled=half)
    pixels, labels = batch[0], batch[2].to(device)

    def step() -> None:
        images = pixels.to(device).permute(0, 3, 1, 2).float().div(127.5).sub(1).contiguous()
        with torch.autocast(device.type, torch.float16, enabled=half):
            embedding = model(images).embedding
            cosines = linear(normalize(embedding), normalize(centres))
        cosines = cosines.float().clamp(-1, 1)
        rows = torch.arange(len(labels), device=device)
        target = cosines[rows, labels]
        moved = target * math.cos(MARGIN) - torch.sqrt(1 - target.square()) * math.sin(MARGIN)
        easier = target - math.sin(math.pi - MARGIN) * MARGIN
        cosines[rows, labels] = torch.where(target > math.cos(math.pi - MARGIN), moved, easier)
        loss = cross_entropy(cosines * SCALE, labels)
        scaler.scale(loss).backward()
        scaler.unscale_(optimiser)
        nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        scaler.step(optimiser)
        scaler.update()
        optimiser.zero_grad()
        loss.item()

    return step


def this_suite(
    network: str, options: argparse.Namespace, device: torch.device, batch: Batch, precision: torch.dtype,
    team: Team = ALONE,
) -> Callable[[], object]:  # fmt: skip
    """A step as training takes it (lgaf/train/step.py); ``batch`` is this process's share."""
    branches, visibility = (0.5, 0.5) if network == "lgaf" else (0.0, 0.0)
    run = TrainingRun(
        row=network,
        model={"name": network, "backbone": options.backbone, "embedding_dim": options.embedding_dim,
               "image_size": options.image_size},
        head="arcface", head_options={"margin": MARGIN, "scale": SCALE}, branch_weight=branches,
        visibility_weight=visibility, device=device.type,
        train=Recipe(epochs=1, batch_size=options.batch, lr=0.01, weight_decay=5e-4, clip_norm=CLIP),
    )  # fmt: skip
    model = create_model(**run.model).to(device).to(memory_format=torch.channels_last).train()
    step = TrainingStep(run, model, options.classes, 0, team)
    return lambda: step(batch, 0.01, 1, precision)


def made_up(images: int, size: int, classes: int) -> Batch:
    """A batch of noise, on the CPU as from a loader."""
    pixels = torch.randint(256, (images, size, size, 3), dtype=torch.uint8)
    pixels = pixels.pin_memory() if torch.cuda.is_available() else pixels
    return pixels, torch.ones(pixels.shape[:3], dtype=torch.bool), torch.randint(classes, (images,))


def waited(step: Callable[[], object], device: torch.device, times: int = STEPS) -> Callable[[], None]:
    """``step`` some times over, until the device is done."""

    def run() -> None:
        for _ in range(times):
            step()
        if device.type == "cuda":
            torch.cuda.synchronize()

    return run


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backbone", default="iresnet18")
    parser.add_argument("--network", default="plain", choices=("plain", "lgaf"))
    parser.add_argument("--image-size", type=int, default=112)
    parser.add_argument("--embedding-dim", type=int, default=512)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--classes", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peak", type=float, help="the device's TFLOP/s, where its maker's figure is the measure")
    parser.add_argument("--device", default="auto")
    options = parser.parse_args()
    device = choose_device(options.device)
    torch.manual_seed(0)
    batch = made_up(options.batch, options.image_size, options.classes)
    precision = DTYPES[settle("auto", device)]
    ours = f"this suite, {options.network}"
    steps = {"arcface_torch's recipe": plain_recipe(options, device, batch),
             ours: this_suite(options.network, options, device, batch, precision)}  # fmt: skip
    with FlopCounterMode(display=False) as counter:
        steps[ours]()
    square = torch.randn(SIDE, SIDE, device=device, dtype=precision)
    runs = {name: waited(step, device) for name, step in steps.items()}
    runs["matrix product"] = waited(lambda: torch.mm(square, square), device)
    seconds = {name: value / STEPS for name, value in interleaved(runs, options.rounds).items()}
    reached = 2e-12 * SIDE**3 / seconds.pop("matrix product")
    peak = options.peak or reached
    reference = next(iter(seconds.values()))
    rows = [[name, 1e3 * value, options.batch / value, reference / value] for name, value in seconds.items()]
    used = 1e-12 * counter.get_total_flops() / seconds[ours]
    size = f"{options.image_size} px, batch {options.batch}, {options.classes:,} classes"
    threads = f"{torch.get_num_threads()} threads, {str(precision).removeprefix('torch.')}"
    print(f"{options.backbone}, {size}, {device}, {threads}; {describe_machine()}\n")
    headers, formats = ["step", "ms", "images/s", "to the first"], (None, ".0f", ".1f", ".2f")
    print(tabulate(rows, headers, floatfmt=formats, tablefmt="github"))
    print(f"\nutilisation: {used:.2f} of {peak:.2f} TFLOP/s, {100 * used / peak:.0f} % "
          f"({'as given' if options.peak else f'a {SIDE} x {SIDE} matrix product, measured beside it'})")  # fmt: skip


if __name__ == "__main__":
    main()
