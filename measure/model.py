"""Speed of LGAF against the plain network of the same backbone: training, each with all of its losses, and inference.

python measure/model.py [--backbone iresnet_mini] [--image-size 64] [--batch 128] [--threads 2]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import torch
from step import made_up, this_suite
from tabulate import tabulate

from lgaf.machine import describe_machine
from lgaf.models import create_model
from lgaf.models.complexity import interleaved
from lgaf.train.fastest import DTYPES


def inference(name: str, options: argparse.Namespace) -> Callable[[], None]:
    """The embedding of a batch."""
    model = create_model(
        name, backbone=options.backbone, embedding_dim=options.embedding_dim, image_size=options.image_size
    )
    model.eval().to(memory_format=torch.channels_last)
    images = torch.randn(options.batch, 3, options.image_size, options.image_size)
    images = images.contiguous(memory_format=torch.channels_last)

    @torch.inference_mode()
    def run() -> None:
        model(images)

    return run


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backbone", default="iresnet_mini")
    parser.add_argument("--image-size", type=int, default=64)
    parser.add_argument("--embedding-dim", type=int, default=128)
    parser.add_argument("--classes", type=int, default=500)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    batch, device = made_up(options.batch, options.image_size, options.classes), torch.device("cpu")
    runs: dict[tuple[str, str], Callable[[], object]] = {}
    for name in ("plain", "lgaf"):
        for precision, dtype in DTYPES.items():
            runs[f"train {precision}", name] = this_suite(name, options, device, batch, dtype)
        runs["inference float32", name] = inference(name, options)
    seconds = interleaved(runs, options.rounds)
    rows = []
    for task in dict.fromkeys(task for task, _ in runs):
        plain, lgaf = (options.batch / seconds[task, name] for name in ("plain", "lgaf"))
        rows.append([task, plain, lgaf, lgaf / plain, 1e3 / plain, 1e3 / lgaf])
    headers = ["task", "plain images/s", "lgaf images/s", "lgaf : plain", "plain ms/image", "lgaf ms/image"]
    title = f"{options.backbone}, {options.image_size} px, batch {options.batch}, {options.threads} threads"
    print(f"{title}; {describe_machine()}\n")
    print(tabulate(rows, headers, floatfmt=("", ".0f", ".0f", ".2f", ".2f", ".2f"), tablefmt="github"))


if __name__ == "__main__":
    main()
