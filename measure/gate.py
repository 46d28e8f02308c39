"""How often the gate errs: false alarms between trainings that differ in their seed alone, and planted faults missed.

    python measure/gate.py --seeds 20       # after `dvc repro`; minutes a seed on two cores, goes on where killed

Trains one row (default: arcface) once a seed, embeds the benchmarks whole and with each fault, and lets the rule of
`lgaf check` judge every ordered pair of seeds: one is the reference, the other the run. Without a fault every alarm is
false; with one, every silence is a miss. Prints a table and writes results/gate.json.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from itertools import permutations
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
import torch
from tabulate import tabulate
from tqdm import tqdm

from lgaf.evaluate.outcomes import Outcomes, outcomes
from lgaf.evaluate.score import score
from lgaf.files import atomic, write_json
from lgaf.formats.embeddings import Embeddings
from lgaf.formats.pack import Pack, read_table
from lgaf.formats.protocol import read_protocol
from lgaf.machine import describe_machine
from lgaf.models import create_model
from lgaf.paths import ALIGNED, PHOTOS, RESULTS
from lgaf.report.check import Verdict, by_pool, judge
from lgaf.report.settings import CheckSettings, ReportRun
from lgaf.stages.inputs import read_settings, read_sources
from lgaf.stages.score import ScoreRun
from lgaf.train.loop import train
from lgaf.train.settings import TrainingRun

WORK = Path(".cache/gate")
FAULTS = ("none", "bgr 0.05", "bgr 0.065", "bgr 0.1", "bgr 0.2", "bgr 1", "shift 1", "shift 2", "no mirror")
"""What is planted: a share of the images in the wrong channel order; crops cut some pixels beside the template; mirror
images left out."""
EPOCHS = (12, 9)
"""Epochs of trainings that are cut short, the schedule with them; for --short of the seeds."""
BATCH = 128


def name_of(row: str, seed: int, epochs: int | None) -> str:
    """What a model's folders are called."""
    return f"{row}-{seed}" + (f"-{epochs}" if epochs else "")


def checkpoint(row: str, seed: int, epochs: int | None) -> Path:
    """The model of a row trained from ``seed``, trained now where it is not there."""
    name = name_of(row, seed, epochs)
    out = WORK / "models" / name
    if not (out / "model.safetensors").exists():
        run = read_settings(f"train/{row}", TrainingRun)
        if epochs:
            run = run.model_copy(update={"train": run.train.model_copy(update={"epochs": epochs})})
        train(ALIGNED / "train.arrow", out, WORK / "state" / name, run, seed, read_sources(f"train/{row}"))
    return out / "model.safetensors"


def damaged(image: np.ndarray, fault: str, rng: np.random.Generator) -> np.ndarray:
    """An aligned face (H, W, 3) as the fault leaves it."""
    kind, _, size = fault.partition(" ")
    if kind == "bgr" and rng.random() < float(size):
        return image[..., ::-1]
    if kind == "shift":
        moved = np.float32([[1, 0, int(size)], [0, 1, int(size)]])
        return cv2.warpAffine(image, moved, image.shape[1::-1], borderMode=cv2.BORDER_REPLICATE)
    return image


@torch.inference_mode()
def embedded(path: Path, pack: Pack, fault: str) -> Embeddings:
    """A pack's embeddings by the model in ``path``, with a fault."""
    model = create_model(checkpoint=path).to(memory_format=torch.channels_last).eval()
    rng, vectors = np.random.default_rng(0), []
    for start in range(0, len(pack), BATCH):
        pixels = [damaged(pack.image(i), fault, rng) for i in range(start, min(start + BATCH, len(pack)))]
        images = model.preprocessing(torch.from_numpy(np.ascontiguousarray(np.stack(pixels))))
        found = model(images).embedding
        vectors.append(found if fault == "no mirror" else found + model(images.flip(3)).embedding)
    whole = torch.cat(vectors).float().numpy()
    norms = np.linalg.norm(whole, axis=1)
    return Embeddings(pack.names, pack.labels, whole, norms, None, fault != "no mirror", {})


def trials(row: str, seed: int, epochs: int | None, fault: str, benchmark: str, settings: ScoreRun) -> pa.Table:
    """The trials of one model on one benchmark, kept between runs."""
    if fault.startswith("epochs"):
        epochs = int(fault.split()[1])
    path = WORK / "trials" / fault.replace(" ", "-") / name_of(row, seed, epochs) / f"{benchmark}.arrow"
    if not path.exists():
        embeddings = embedded(checkpoint(row, seed, epochs), Pack(ALIGNED / f"{benchmark}.arrow"), fault)
        quick = settings.evaluate.model_copy(update={"replicates": 100})
        table = score(embeddings, read_protocol(PHOTOS / f"{benchmark}.json"), quick)[1]
        with atomic(path) as temporary, pa.ipc.new_file(str(temporary), table.schema) as sink:
            sink.write_table(table)
    return read_table(path, ())


Model = Mapping[str, Mapping[str, Outcomes]]
"""Benchmark -> metric -> its trials."""


def judged(before: Model, now: Model, rule: CheckSettings) -> dict[str, Verdict]:
    """What the gate says of one run against one reference, pool by pool."""
    pairs = {
        (benchmark, metric): (before[benchmark][metric].right[None], it.right[None], it.person)
        for benchmark, metrics in now.items()
        for metric, it in metrics.items()
    }
    return judge(by_pool(pairs), rule)


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--row", default="arcface")
    options.add_argument("--seeds", type=int, default=20)
    options.add_argument("--faulty", type=int, default=7, help="seeds that are also embedded with faults")
    options.add_argument("--epochs", type=int, help="of every training (default: the row's own)")
    options.add_argument("--short", type=int, default=0, help="seeds that are also trained for fewer epochs")
    asked = options.parse_args()
    run, settings = read_settings("report", ReportRun), read_settings("score", ScoreRun)
    faults = {fault: range(asked.seeds if fault == "none" else asked.faulty) for fault in FAULTS}
    faults |= {f"epochs {epochs}": range(asked.short) for epochs in EPOCHS if asked.short}
    models: dict[str, dict[int, Model]] = {}
    for fault, seeds in faults.items():
        for seed in tqdm(seeds, fault):
            tables = {name: trials(asked.row, seed, asked.epochs, fault, name, settings) for name in run.benchmarks}
            models.setdefault(fault, {})[seed] = {name: outcomes(table) for name, table in tables.items()}
    rows, results = [], {}
    for fault, found in models.items():
        pairs = [(a, b) for a, b in permutations(range(asked.seeds), 2) if b in found]
        verdicts = [judged(models["none"][a], found[b], CheckSettings()) for a, b in tqdm(pairs, fault)]
        each = {}
        for pool in verdicts[0]:
            changes = np.array([100 * verdict[pool].change for verdict in verdicts])
            alarms = np.mean([verdict[pool].worse for verdict in verdicts])
            each[pool] = {"change": changes.mean(), "deviation": changes.std(), "alarms": alarms}
        any_alarm = np.mean([any(each.worse for each in verdict.values()) for verdict in verdicts])
        results[fault] = {"pairs": len(pairs), **each, "alarms": any_alarm}
        rows.append([fault, len(pairs)] + [f"{it['change']:+.2f} +- {it['deviation']:.2f}, {it['alarms']:.1%}"
                                          for it in each.values()] + [f"{any_alarm:.1%}"])  # fmt: skip
    print(tabulate(rows, ["fault", "pairs", *(f"{pool}: points, alarms" for pool in verdicts[0]), "any alarm"]))
    facts = {
        "row": asked.row,
        "seeds": asked.seeds,
        "epochs": asked.epochs or read_settings(f"train/{asked.row}", TrainingRun).train.epochs,
        "rule": CheckSettings().model_dump(),
        "machine": describe_machine(),
    }
    write_json(RESULTS / "gate.json", {**facts, "faults": results})


if __name__ == "__main__":
    main()
