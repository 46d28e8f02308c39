"""How often the gate errs: false alarms between trainings that differ in their seed alone, and planted faults missed.

    python measure/gate.py --seeds 20       # after `dvc repro`; minutes a seed and core, goes on where killed

Trains one row (default: arcface) once a seed, a core each, and embeds the benchmarks whole and with each fault. The
deviation of the pooled rates over seeds is the ``luck`` of `lgaf check`'s rule. Then many pairs of runs are drawn, each
run of other seeds than the other's, of one row and of several, and judged by the rule, with the luck of the seeds that
are in neither. Without a fault every alarm is false; with one, every silence is a miss. Prints tables and writes
results/gate.json.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
import torch
from tabulate import tabulate
from tqdm import tqdm

from lgaf.evaluate.identification.trials import identification_trials
from lgaf.evaluate.outcomes import Outcomes, outcomes
from lgaf.evaluate.verification.trials import verification_trials
from lgaf.files import atomic, write_json
from lgaf.formats.embeddings import Embeddings
from lgaf.formats.pack import Pack, read_table
from lgaf.formats.protocol import read_protocol
from lgaf.machine import describe_machine
from lgaf.models import create_model
from lgaf.paths import ALIGNED, PHOTOS, RESULTS
from lgaf.report.check import GATED, Verdict, judge
from lgaf.report.pooling import POOLS
from lgaf.report.settings import CheckSettings, Luck, ReportRun
from lgaf.stages.inputs import read_settings, read_sources
from lgaf.stages.score import ScoreRun
from lgaf.train.loop import train
from lgaf.train.settings import TrainingRun
from lgaf.workers import cores, ordered_map

WORK = Path(".cache/gate")
FAULTS = ("none", "no mirror", "bgr 0.05", "bgr 0.065", "bgr 0.1", "shift 1", "shift 2")
"""What is planted: mirror images left out; a share of the images in the wrong channel order; crops cut some pixels
beside the template."""
BATCH = 128
DRAWS = 1000
"""Pairs of runs that are judged."""

Model = Mapping[str, Mapping[str, Outcomes]]
"""Benchmark -> metric -> its trials."""


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


def trials_file(row: str, seed: int, epochs: int | None, fault: str, benchmark: str, max_missing: float) -> Path:
    """The trials of one model on one benchmark, kept between runs."""
    path = WORK / "trials" / fault.replace(" ", "-") / name_of(row, seed, epochs) / f"{benchmark}.arrow"
    if not path.exists():
        embeddings = embedded(checkpoint(row, seed, epochs), Pack(ALIGNED / f"{benchmark}.arrow"), fault)
        protocol = read_protocol(PHOTOS / f"{benchmark}.json")
        if protocol.kind == "verification":
            _, table, _ = verification_trials(embeddings, protocol, max_missing)
        else:
            table, _ = identification_trials(embeddings, protocol, max_missing)
        with atomic(path) as temporary, pa.ipc.new_file(str(temporary), table.schema) as sink:
            sink.write_table(table)
    return path


def maker(
    row: str, epochs: int | None, tasks: list[tuple[str, int]], benchmarks: tuple[str, ...], max_missing: float
) -> Callable[[int], dict[str, Path]]:
    """Makes the trials of the (fault, seed) of each place of ``tasks``, on one core."""
    torch.set_num_threads(1)

    def make(place: int) -> dict[str, Path]:
        fault, seed = tasks[place]
        return {name: trials_file(row, seed, epochs, fault, name, max_missing) for name in benchmarks}

    return make


def rate(model: Model, pool: str) -> float:
    """A model's mean rate over a pool, per cent."""
    rates = [it.right.mean() for metrics in model.values() for name, it in metrics.items() if POOLS[pool](name)]
    return 100 * float(np.mean(rates))


def luck_of(models: list[Model]) -> Luck:
    """The deviation of the pooled rates over models that differ in their seed."""
    return Luck(seeds=len(models), **{pool: float(np.std([rate(it, pool) for it in models], ddof=1)) for pool in GATED})


def judged(before: list[Model], now: list[Model], luck: Luck) -> dict[str, Verdict]:
    """What the gate says of one run against one reference; a row a model."""
    pairs = {
        (f"row {k}", benchmark, metric): (first[benchmark][metric].right[None], it.right[None], it.person)
        for k, (first, second) in enumerate(zip(before, now, strict=True))
        for benchmark, metrics in second.items()
        for metric, it in metrics.items()
    }
    return judge(pairs, CheckSettings(luck=luck), {row for row, _, _ in pairs})


def characteristics(clean: dict[int, Model], faulty: dict[int, Model], rows: int) -> dict[str, float]:
    """How far the pooled rates fall between DRAWS pairs of runs of several rows, and how many of the pairs alarm."""
    rng, alarms, changes = np.random.default_rng(0), 0, []
    for _ in tqdm(range(DRAWS), f"{rows} rows", leave=False):
        now = rng.choice(sorted(faulty), rows, replace=False).tolist()
        before = rng.choice([seed for seed in clean if seed not in now], rows, replace=False).tolist()
        others = [clean[seed] for seed in clean if seed not in (*now, *before)]
        verdicts = judged([clean[seed] for seed in before], [faulty[seed] for seed in now], luck_of(others))
        alarms += any(verdict.worse for verdict in verdicts.values())
        changes.append([
            np.mean([rate(faulty[b], pool) - rate(clean[a], pool) for a, b in zip(before, now, strict=True)])
            for pool in GATED
        ])  # fmt: skip
    mean = dict(zip(GATED, np.mean(changes, axis=0).tolist(), strict=True))
    return {**mean, "alarms": alarms / DRAWS}


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--row", default="arcface")
    options.add_argument("--seeds", type=int, default=20)
    options.add_argument("--faulty", type=int, default=8, help="seeds that are also embedded with faults")
    options.add_argument("--rows", type=int, default=4, help="rows of the larger runs that are drawn")
    options.add_argument("--epochs", type=int, help="of every training (default: the row's own)")
    asked = options.parse_args()
    run, settings = read_settings("report", ReportRun), read_settings("score", ScoreRun)
    tasks = [("none", seed) for seed in range(asked.seeds)]
    tasks += [(fault, seed) for fault in FAULTS[1:] for seed in range(asked.faulty)]
    args = (asked.row, asked.epochs, tasks, run.benchmarks, settings.evaluate.max_missing)
    models: dict[str, dict[int, Model]] = {}
    files = ordered_map(maker, args, len(tasks), cores(), 1)
    for (fault, seed), found in zip(tasks, tqdm(files, "models", len(tasks)), strict=True):
        tables = {name: outcomes(read_table(path, ())) for name, path in found.items()}
        models.setdefault(fault, {})[seed] = tables
    clean = models["none"]
    luck, counts = luck_of([*clean.values()]), (1, asked.rows)
    faults = {
        fault: {str(rows): characteristics(clean, found, rows) for rows in counts} for fault, found in models.items()
    }
    headers = ["fault", "rows", *(f"{pool}, points" for pool in GATED), "alarms"]
    rows = [[fault, count, *it.values()] for fault, found in faults.items() for count, it in found.items()]
    print(tabulate(rows, headers, floatfmt=".3f"))
    facts = {
        "row": asked.row,
        "seeds": asked.seeds,
        "faulty": asked.faulty,
        "epochs": asked.epochs or read_settings(f"train/{asked.row}", TrainingRun).train.epochs,
        "machine": describe_machine(),
        "mean": {pool: float(np.mean([rate(it, pool) for it in clean.values()])) for pool in GATED},
        "luck": luck.model_dump(),
        "draws": DRAWS,
    }
    print(f"luck: {luck}")
    write_json(RESULTS / "gate.json", {**facts, "faults": faults})


if __name__ == "__main__":
    main()
