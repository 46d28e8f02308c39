"""What several processes give: ``python measure/processes.py [1 2 4]``, steps of one batch shared out among them.

Without a GPU each has its share of the cores, so that on a CPU the figure is what the exchange costs, not what is won.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from step import STEPS, made_up, this_suite, waited
from tabulate import tabulate

from lgaf.device import choose_device
from lgaf.files import read_json, write_json
from lgaf.machine import describe_machine
from lgaf.models.complexity import interleaved
from lgaf.processes.launch import launch
from lgaf.processes.team import Team
from lgaf.train.fastest import DTYPES, settle


def timed(options: argparse.Namespace, told: Path, team: Team) -> None:
    """Seconds of a step in a team, by rank 0's clock."""
    device = team.device(options.device)
    torch.manual_seed(0)
    batch = made_up(options.batch // team.size, options.image_size, options.classes)
    step = waited(this_suite(options.network, options, device, batch, options.precision, team), device)
    seconds = interleaved({"step": step}, options.rounds)["step"] / STEPS
    if team.rank == 0:
        write_json(told, {"seconds": seconds, "device": device.type})


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("processes", type=int, nargs="*", default=[1, 2, 4])
    parser.add_argument("--network", default="lgaf", choices=("plain", "lgaf"))
    parser.add_argument("--backbone", default="iresnet_mini")
    parser.add_argument("--image-size", type=int, default=64)
    parser.add_argument("--embedding-dim", type=int, default=512)
    parser.add_argument("--batch", type=int, default=128, help="images of all processes together")
    parser.add_argument("--classes", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--device", default="auto")
    options = parser.parse_args()
    options.precision = DTYPES[settle("auto", choose_device(options.device))]
    rows = []
    with TemporaryDirectory() as folder:
        for number in options.processes:
            told = Path(folder, f"{number}.json")
            launch(number, options.device, timed, options, told)
            found = read_json(told)
            rows.append([number, found["device"], 1e3 * found["seconds"], options.batch / found["seconds"]])
    print(f"{options.network} of {options.backbone}, {options.image_size} px, batch {options.batch}, "
          f"{options.classes:,} classes; {describe_machine()}\n")  # fmt: skip
    headers = ["processes", "device", "ms", "images/s", "to the first"]
    table = [[*row, row[3] / rows[0][3]] for row in rows]
    print(tabulate(table, headers, floatfmt=(None, None, ".0f", ".0f", ".2f"), tablefmt="github"))


if __name__ == "__main__":
    main()
