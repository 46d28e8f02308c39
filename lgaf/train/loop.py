"""The training loop of every row."""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from threading import Event

import numpy as np
import torch
from dvclive import Live
from tqdm import tqdm

from lgaf.errors import TrainingError
from lgaf.files import write_json
from lgaf.models import create_model
from lgaf.models.checkpoint import save_model
from lgaf.processes.team import ALONE, Team
from lgaf.train.dataset import FaceDataset, training_batches
from lgaf.train.failures import explained, stopped, termination
from lgaf.train.fastest import DTYPES, settle
from lgaf.train.optim import learning_rate
from lgaf.train.parts import check_share
from lgaf.train.settings import TrainingRun
from lgaf.train.start import begun, freeze, origin
from lgaf.train.state import fingerprint, load_state, restore_random, save_state
from lgaf.train.step import TrainingStep
from lgaf.train.trained import Progress, Trained

LOOKS = {"cpu": 1, "cuda": 10}
"""Steps after which training looks whether the losses are finite and SIGTERM came: a GPU is waited for each time."""


def train(
    pack: Path, out: Path, state: Path, run: TrainingRun, seed: int, sources: Mapping[str, str], team: Team = ALONE
) -> None:
    """Train one row from one seed; write ``out/model.safetensors``, ``out/training.json`` and dvclive's ``out/live/``.

    Args:
        pack: aligned training faces.
        out: written whole at the end of training.
        state: folder for what a killed run needs to go on; emptied at the end.
        seed: seed of initial weights, data order, augmentation and dropout.
        sources: {path: hash} of the code that runs; a state of other code is not gone on from.
        team: this process among those that train together.

    Raises:
        TrainingError: the loss is no longer finite, memory is out, another process has died, or SIGTERM came.
        DataError: the pack cannot be trained on.
    """
    with explained(run, team), termination() as asked:
        go_on(pack, out, state, run, seed, sources, team, asked)


def go_on(
    pack: Path,
    out: Path,
    state: Path,
    run: TrainingRun,
    seed: int,
    sources: Mapping[str, str],
    team: Team,
    asked: Event,
) -> None:
    """:func:`train`, from the last state on where there is one."""
    settings = run.train
    device = team.device(run.device)
    dataset = FaceDataset(pack, run.model["image_size"], settings.augment, seed)
    steps = len(dataset) // settings.batch_size
    if steps == 0:
        raise TrainingError(f"{pack}: {len(dataset)} images are fewer than train.batch_size {settings.batch_size}")
    check_share(settings, team)
    fastest = team.told(list(DTYPES), lambda: settle(settings.precision, device))
    torch.set_flush_denormal(True)  # numbers below 1e-38 are slow on a CPU and mean nothing here
    torch.manual_seed(seed)
    model = begun(create_model(**run.model), settings.start_from).to(device).to(memory_format=torch.channels_last)
    if settings.sync_batch_norm:
        model = team.synchronised(model, device)
    frozen = freeze(model, settings.start_from)
    train_on = TrainingStep(run, model, dataset.num_classes, seed, team)

    trained = Trained({"model": model, "heads": train_on.heads}, train_on.optimiser)
    what = fingerprint(run, seed, dataset.pack.content_hash(), sources)
    progress = load_state(state / "states", trained, what, team)
    if progress is None:
        if team.rank == 0:
            shutil.rmtree(state, ignore_errors=True)
        progress = Progress([], fastest)
    elif team.rank == 0:
        inside = f", step {progress.step} of {steps}" if progress.step else ""
        print(f"{run.row}: going on after epoch {len(progress.history)} of {settings.epochs}{inside}")
    precision, history = DTYPES[progress.precision], progress.history
    batches = training_batches(dataset, range(len(history), settings.epochs), settings.batch_size, settings.workers,
                               progress.step, team)  # fmt: skip
    live = Live(str(state / "live"), dvcyaml=False, save_dvc_exp=False) if team.rank == 0 else None
    for past in history:
        log(live, past)

    for epoch in range(len(history), settings.epochs):
        torch.manual_seed(seed * 100_003 + epoch + team.rank * 2**50)  # dropout; a resumed run repeats an unbroken one
        if progress.step:
            restore_random(progress)
        started, losses = time.perf_counter() - progress.seconds, []
        model.train()
        for part in frozen:
            part.eval()
        bar = tqdm(islice(batches, steps - progress.step), f"{run.row} epoch {epoch + 1}/{settings.epochs}", steps,
                   initial=progress.step, unit="batch", leave=False, disable=team.rank > 0)  # fmt: skip
        for step, batch in enumerate(bar, progress.step + 1):
            rate = learning_rate(settings, epoch + step / steps)
            losses.append(train_on(batch, rate, epoch * steps + step, precision))
            due = step == steps or step % (settings.checkpoint_steps or steps) == 0
            if not due and step % LOOKS[device.type]:
                continue
            found, stop = team.look(losses, asked.is_set())
            for number, value in enumerate(found, step - len(found) + 1):
                if not math.isfinite(value):
                    raise TrainingError(
                        f"{run.row}: the loss is {value} in epoch {epoch + 1}, step {number}, rate {rate:.3g}; "
                        f"lower train.lr, raise train.warmup_epochs or set train.precision to float32"
                    )
                progress.loss = float(np.float32(progress.loss) + np.float32(value))
            losses.clear()
            bar.set_postfix_str(f"loss {progress.loss / step:.3f}", refresh=False)
            if step < steps and (due or stop):
                progress.step, progress.seconds = step, time.perf_counter() - started
                save_state(state / "states", trained, progress, what, epoch * steps + step, team)
                if stop:
                    raise stopped(run.row, epoch + 1, step)

        speed = steps * settings.batch_size / (time.perf_counter() - started)
        history.append({"epoch": epoch + 1, "loss": progress.loss / steps, "learning_rate": rate,
                        "images_per_second": speed})  # fmt: skip
        progress = Progress(history, progress.precision)
        save_state(state / "states", trained, progress, what, (epoch + 1) * steps, team)
        log(live, history[-1])
        if stop and epoch + 1 < settings.epochs:
            raise stopped(run.row, epoch + 1, steps)

    if live is None:
        return  # rank 0 writes for all
    live.end()
    facts = {
        "row": run.row,
        "seed": seed,
        "backbone": run.model["backbone"],
        "parameters": sum(weight.numel() for weight in model.parameters()),
        "precision": progress.precision,
        "images": len(dataset),
        "identities": dataset.num_classes,
        "epochs": settings.epochs,
        **origin(settings.start_from),
    }
    save_model(model, out / "model.safetensors", {**facts, "head": run.head, "head_options": run.head_options})
    write_json(out / "training.json", {**facts, "device": str(device), "processes": team.size,
                                       "threads": torch.get_num_threads(), "history": history})  # fmt: skip
    shutil.copytree(state / "live", out / "live", dirs_exist_ok=True)
    shutil.rmtree(state)


def log(live: Live | None, epoch: Mapping[str, float]) -> None:
    """Log one epoch's curves, in the process that has a log."""
    if live is None:
        return
    for name in ("loss", "learning_rate", "images_per_second"):
        live.log_metric(name, epoch[name])
    live.next_step()
