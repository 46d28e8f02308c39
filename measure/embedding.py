"""Embedding a pack beside its network alone: ``python measure/embedding.py PACK MODEL``.

The network alone gets the same batches, decoded and on the device, image and mirror image.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from tabulate import tabulate

from lgaf.device import choose_device
from lgaf.embed import BATCH, embed_batch, embed_pack
from lgaf.formats.pack import Pack
from lgaf.machine import describe_machine
from lgaf.models import create_model
from lgaf.models.complexity import interleaved


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pack", type=Path, help="aligned faces, data/aligned/NAME.arrow")
    parser.add_argument("model", type=Path, help="models/ROW/SEED/model.safetensors")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--device", default="auto")
    options = parser.parse_args()
    pack, device = Pack(options.pack), choose_device(options.device)
    network = create_model(checkpoint=options.model).to(device).to(memory_format=torch.channels_last).eval()
    pixels = torch.from_numpy(np.stack([pack.image(index) for index in range(len(pack))])).to(device)

    def alone() -> None:
        for start in range(0, len(pack), BATCH):
            embed_batch(network, pixels[start : start + BATCH], flip=True)

    runs = {"the network alone": alone, "embed_pack": lambda: embed_pack(network, pack, device, flip=True)}
    seconds = interleaved(runs, options.rounds)
    rows = [[name, len(pack) / value, seconds["the network alone"] / value] for name, value in seconds.items()]
    print(f"{len(pack):,} faces, {device}, {torch.get_num_threads()} threads; {describe_machine()}\n")
    print(tabulate(rows, ["", "faces/s", "to the first"], floatfmt=(None, ".0f", ".2f"), tablefmt="github"))


if __name__ == "__main__":
    main()
