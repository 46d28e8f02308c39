"""Speed of LGAF against the plain network of the same backbone: training with a margin loss, and inference.

python measure/model.py [--backbone iresnet_mini] [--image-size 64] [--batch 128] [--threads 2]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import torch
from tabulate import tabulate
from torch.nn.functional import cross_entropy

from baselines import create_head
from lgaf.models import create_model
from lgaf.models.complexity import interleaved


def training_step(name: str, options: argparse.Namespace, precision: torch.dtype) -> Callable[[], None]:
    model = create_model(
        name, backbone=options.backbone, embedding_dim=options.embedding_dim, image_size=options.image_size
    ).to(memory_format=torch.channels_last)
    head = create_head("adaface", options.embedding_dim, options.classes)
    optimiser = torch.optim.SGD([*model.parameters(), *head.parameters()], lr=0.01)
    images = torch.randn(options.batch, 3, options.image_size, options.image_size)
    images = images.contiguous(memory_format=torch.channels_last)
    labels = torch.randint(options.classes, (options.batch,))

    def step() -> None:
        with torch.autocast("cpu", precision, enabled=precision != torch.float32):
            out = model(images)
        losses = [cross_entropy(head(feature, labels).logits, labels) for feature in (out.embedding, *out.branches)]
        optimiser.zero_grad()
        torch.stack(losses).sum().backward()
        optimiser.step()

    return step


def inference(name: str, options: argparse.Namespace) -> Callable[[], None]:
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
    runs = {}
    for name in ("plain", "lgaf"):
        runs["train float32", name] = training_step(name, options, torch.float32)
        runs["train bfloat16", name] = training_step(name, options, torch.bfloat16)
        runs["inference float32", name] = inference(name, options)
    seconds = interleaved(runs, options.rounds)
    rows = []
    for task in dict.fromkeys(task for task, _ in runs):
        plain, lgaf = (options.batch / seconds[task, name] for name in ("plain", "lgaf"))
        rows.append([task, plain, lgaf, lgaf / plain, 1e3 / plain, 1e3 / lgaf])
    headers = ["task", "plain images/s", "lgaf images/s", "lgaf : plain", "plain ms/image", "lgaf ms/image"]
    title = f"{options.backbone}, {options.image_size} px, batch {options.batch}, {options.threads} threads"
    print(f"{title}, torch {torch.__version__}\n")
    print(tabulate(rows, headers, floatfmt=("", ".0f", ".0f", ".2f", ".2f", ".2f"), tablefmt="github"))


if __name__ == "__main__":
    main()
