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
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, linear, normalize
from torch.utils.flop_counter import FlopCounterMode

from lgaf.device import choose_device
from lgaf.machine import describe_machine
from lgaf.models import create_model
from lgaf.models.complexity import interleaved
from lgaf.processes.team import ALONE, Team
from lgaf.train.loss import build_heads, training_loss
from lgaf.train.optim import build_optimiser
from lgaf.train.precision import DTYPES, choose_precision
from lgaf.train.settings import Recipe, TrainingRun
from lgaf.train.sharded import clip_heads

SCALE, MARGIN, CLIP = 64.0, 0.5, 5.0
STEPS = 3
"""Steps of a turn."""
SIDE = 4096
"""Of the matrices whose product shows the peak."""


def plain_recipe(options: argparse.Namespace, device: torch.device, batch: tuple[Tensor, ...]) -> Callable[[], None]:
    """A step as arcface_torch takes it."""
    half = device.type == "cuda"
    model = create_model("plain", backbone=options.backbone, embedding_dim=512, image_size=options.image_size)
    model = model.to(device).train()
    centres = nn.Parameter(torch.normal(0, 0.01, (options.classes, 512)).to(device))
    optimiser = torch.optim.SGD([*model.parameters(), centres], lr=0.01, momentum=0.9, weight_decay=5e-4)
    scaler = torch.amp.GradScaler(device.type, growth_interval=100, enabled=half)
    pixels, _, labels = batch

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
    options: argparse.Namespace, device: torch.device, batch: tuple[Tensor, ...], team: Team = ALONE
) -> Callable[[], None]:
    """A step as lgaf/train/loop.py takes it; ``batch`` is this process's share."""
    precision = DTYPES[choose_precision("auto", device)]
    run = TrainingRun(
        row=options.network,
        model={"name": options.network, "backbone": options.backbone, "embedding_dim": 512,
               "image_size": options.image_size},
        head="arcface", head_options={"margin": MARGIN, "scale": SCALE}, branch_weight=0.5, visibility_weight=0.5,
        device=device.type, train=Recipe(epochs=1, batch_size=options.batch, lr=0.01, weight_decay=5e-4),
    )  # fmt: skip
    model = create_model(**run.model).to(device).to(memory_format=torch.channels_last).train()
    if options.network == "plain":
        run = run.model_copy(update={"branch_weight": 0.0})
    heads = build_heads(run, options.classes, team).to(device)
    optimiser = build_optimiser(model, heads, run.train)
    network = team.distributed(model)
    pixels, visible, labels = batch

    def step() -> None:
        images = model.preprocessing(pixels.to(device))
        loss = training_loss(network, heads, images, visible.to(device), labels, run, precision)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        clip_heads(heads, CLIP, team)
        optimiser.step()

    return step


def made_up(images: int, size: int, classes: int, device: torch.device) -> tuple[Tensor, ...]:
    """A batch of noise: pixels and what is visible of them, on the CPU as from a loader, and classes."""
    pixels = torch.randint(256, (images, size, size, 3), dtype=torch.uint8)
    return pixels, torch.ones(pixels.shape[:3], dtype=torch.bool), torch.randint(classes, (images,), device=device)


def waited(step: Callable[[], None], device: torch.device, times: int = STEPS) -> Callable[[], None]:
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
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--classes", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peak", type=float, help="the device's TFLOP/s, where its maker's figure is the measure")
    parser.add_argument("--device", default="auto")
    options = parser.parse_args()
    device = choose_device(options.device)
    torch.manual_seed(0)
    batch = made_up(options.batch, options.image_size, options.classes, device)
    steps = {"arcface_torch's recipe": plain_recipe(options, device, batch),
             f"this suite, {options.network}": this_suite(options, device, batch)}  # fmt: skip
    with FlopCounterMode(display=False) as counter:
        steps[f"this suite, {options.network}"]()
    precision = DTYPES[choose_precision("auto", device)]
    square = torch.randn(SIDE, SIDE, device=device, dtype=precision)
    runs = {name: waited(step, device) for name, step in steps.items()}
    runs["matrix product"] = waited(lambda: torch.mm(square, square), device)
    seconds = {name: value / STEPS for name, value in interleaved(runs, options.rounds).items()}
    reached = 2e-12 * SIDE**3 / seconds.pop("matrix product")
    peak = options.peak or reached
    reference = next(iter(seconds.values()))
    rows = [[name, 1e3 * value, options.batch / value, reference / value] for name, value in seconds.items()]
    used = 1e-12 * counter.get_total_flops() / seconds[f"this suite, {options.network}"]
    size = f"{options.image_size} px, batch {options.batch}, {options.classes:,} classes"
    threads = f"{torch.get_num_threads()} threads, {str(precision).removeprefix('torch.')}"
    print(f"{options.backbone}, {size}, {device}, {threads}; {describe_machine()}\n")
    headers, formats = ["step", "ms", "images/s", "to the first"], (None, ".0f", ".1f", ".2f")
    print(tabulate(rows, headers, floatfmt=formats, tablefmt="github"))
    print(f"\nutilisation: {used:.2f} of {peak:.2f} TFLOP/s, {100 * used / peak:.0f} % "
          f"({'as given' if options.peak else f'a {SIDE} x {SIDE} matrix product, measured beside it'})")  # fmt: skip


if __name__ == "__main__":
    main()
