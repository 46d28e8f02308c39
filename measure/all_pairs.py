"""Which number tells two networks apart best: over the drawn pairs of a world benchmark, or over all its pairs.

    python measure/all_pairs.py       # after `dvc repro`; a minute a model on one core

Embeds the run's benchmarks of pairs by every model of the run, whole and with faults planted (those of
measure/gate.py), scores both, and tests each model against itself with the fault, on the same resamples of the people.
Prints for each metric its value and the width of its interval, a mean over models and benchmarks, and for each fault
the fall, the fall over its standard error, and how often the paired test finds it (p < 0.05). Then the time of the
score over all pairs.
"""

from __future__ import annotations

import time
from itertools import product

import numpy as np
from gate import embedded
from tabulate import tabulate
from tqdm import tqdm

from lgaf.evaluate.compare import paired_difference
from lgaf.evaluate.replicates import seed_of
from lgaf.evaluate.score import score
from lgaf.evaluate.verification.all_pairs import score_all_pairs
from lgaf.formats.pack import Pack
from lgaf.formats.protocol import Verification, read_protocol
from lgaf.paths import ALIGNED, MODELS, PHOTOS
from lgaf.report.settings import ReportRun
from lgaf.stages.inputs import read_settings

FAULTS = ("no mirror", "bgr 0.05", "bgr 0.1", "bgr 0.2", "shift 2")


def main() -> None:
    """Measure and print."""
    run = read_settings("report", ReportRun)
    protocols = {name: read_protocol(PHOTOS / f"{name}.json") for name in run.benchmarks}
    asked = {name: it for name, it in protocols.items() if isinstance(it, Verification) and it.all_pairs}
    models = [path for row in run.rows for seed in run.seeds if (path := MODELS / row.id / str(seed)).exists()]
    whole, falls, seconds = {}, {}, []
    for path, (name, protocol) in tqdm(list(product(models, asked.items()))):
        pack, seed = Pack(ALIGNED / f"{name}.arrow"), seed_of(run.seed, f"world/{name}")
        for fault in ("none", *FAULTS):
            embeddings = embedded(path / "model.safetensors", pack, fault)
            estimates = score(embeddings, protocol, run.evaluate, seed)[2]
            if fault == "none":
                before = estimates
                start = time.process_time()
                score_all_pairs(embeddings, protocol, run.evaluate, seed)
                seconds.append(time.process_time() - start)
            for metric, estimate in estimates.items():
                if fault == "none":
                    low, high = estimate.interval(run.evaluate.confidence)
                    whole.setdefault(metric, []).append((estimate.value, high - low))
                    continue
                found = paired_difference(before[metric], estimate, run.evaluate.confidence)
                error = np.nanstd(before[metric].replicates - estimate.replicates)
                fall = (found.difference, found.difference / error, found.p < 0.05 and found.difference > 0)
                falls.setdefault(metric, {}).setdefault(fault, []).append(fall)
    rows = []
    for metric, values in whole.items():
        value, width = 100 * np.mean(values, axis=0)
        cells = []
        for each in falls[metric].values():
            fall, ratio, share = np.mean(each, axis=0)
            cells.append(f"{100 * fall:.2f}, {ratio:.2f}, {share:.0%}")
        rows.append([metric, f"{value:.2f}", f"{width:.2f}", *cells])
    print(f"{len(models)} models, {len(asked)} benchmarks; per cent; of a fault: fall, over its error, found")
    print(tabulate(rows, ["metric", "value", "interval", *FAULTS], disable_numparse=True))
    print(f"score over all pairs: {np.mean(seconds):.2f} s of one core, at most {np.max(seconds):.2f} s")


if __name__ == "__main__":
    main()
