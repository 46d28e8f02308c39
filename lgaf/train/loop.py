"""The training loop of every row."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from pathlib import Path

import torch
from dvclive import Live
from torch import nn
from torch.nn.functional import adaptive_avg_pool2d, binary_cross_entropy_with_logits, cross_entropy
from tqdm import tqdm

from baselines import create_head
from lgaf.device import choose_device
from lgaf.errors import TrainingError
from lgaf.files import write_json
from lgaf.models import create_model
from lgaf.models.checkpoint import save_model
from lgaf.train.dataset import FaceDataset, epoch_batches
from lgaf.train.optim import build_optimiser, learning_rate
from lgaf.train.precision import DTYPES, choose_precision
from lgaf.train.settings import TrainingRun
from lgaf.train.state import Progress, fingerprint, load_state, save_state


def build_heads(run: TrainingRun, num_classes: int) -> nn.ModuleList:
    """The margin head of the embedding and, for LGAF with a branch loss, one of each branch, all with one weight.

    One set of class weights keeps local and global features in one space, where adding them means something, and gives
    each feature's energy its meaning: how sure that branch is. Statistics, such as AdaFace's, are each head's own.
    """
    heads = nn.ModuleList(
        create_head(run.head, run.model["embedding_dim"], num_classes, **run.head_options)
        for _ in range(3 if run.branch_weight > 0 else 1)
    )
    for branch in heads[1:]:
        branch.weight = heads[0].weight
    return heads


def training_loss(
    model: nn.Module,
    heads: nn.ModuleList,
    images: torch.Tensor,
    visible: torch.Tensor,
    labels: torch.Tensor,
    run: TrainingRun,
    precision: torch.dtype,
) -> torch.Tensor:
    """Margin loss of the embedding, plus ``branch_weight`` times that of each branch alone, plus ``visibility_weight``
    times the cross-entropy of the visibility with the share of each cell that augmentation left uncovered."""
    with torch.autocast(images.device.type, precision, enabled=precision != torch.float32):
        out = model(images)
    loss = torch.zeros((), device=images.device)
    for index, (head, feature) in enumerate(zip(heads, (out.embedding, *out.branches), strict=False)):
        made = head(feature, labels)
        weight = 1.0 if index == 0 else run.branch_weight
        loss = loss + weight * (cross_entropy(made.logits, labels) + made.regulariser)
    if run.visibility_weight > 0 and out.visibility is not None:
        share = adaptive_avg_pool2d(visible.float(), out.visibility.shape[1:])
        loss = loss + run.visibility_weight * binary_cross_entropy_with_logits(out.visibility, share)
    return loss


def train(pack: Path, out: Path, state: Path, run: TrainingRun, seed: int, sources: Mapping[str, str]) -> None:
    """Train one row from one seed; write ``out/model.safetensors``, ``out/training.json`` and dvclive's ``out/live/``.

    Args:
        pack: aligned training faces.
        out: written whole at the end of training.
        state: folder for what a killed run needs to go on; emptied at the end.
        seed: seed of initial weights, data order, augmentation and dropout.
        sources: {path: hash} of the code that runs; a state of other code is not gone on from.

    Raises:
        TrainingError: the loss is no longer finite.
        DataError: the pack cannot be trained on.
    """
    settings = run.train
    device = choose_device(run.device)
    dataset = FaceDataset(pack, run.model["image_size"], settings.augment, seed)
    steps = len(dataset) // settings.batch_size
    if steps == 0:
        raise TrainingError(f"{pack}: {len(dataset)} images are fewer than train.batch_size {settings.batch_size}")
    torch.set_flush_denormal(True)  # numbers below 1e-38 are slow on a CPU and mean nothing here
    torch.manual_seed(seed)
    model = create_model(**run.model).to(device).to(memory_format=torch.channels_last)
    heads = build_heads(run, dataset.num_classes).to(device)
    optimiser = build_optimiser(model, heads, settings)

    parts = {"model": model, "heads": heads}
    what = fingerprint(run, seed, dataset.pack.content_hash(), sources)
    progress = load_state(state / "state.safetensors", parts, optimiser, what)
    if progress is None:
        shutil.rmtree(state, ignore_errors=True)
        progress = Progress([], choose_precision(settings.precision, device))
    else:
        print(f"{run.row}: going on after epoch {len(progress.history)} of {settings.epochs}")
    precision, history = DTYPES[progress.precision], progress.history
    live = Live(str(state / "live"), dvcyaml=False, save_dvc_exp=False)
    for past in history:
        log(live, past)

    for epoch in range(len(history), settings.epochs):
        torch.manual_seed(seed * 100_003 + epoch)  # dropout; so a resumed run repeats an unbroken one
        started, total = time.perf_counter(), torch.zeros((), device=device)
        model.train()
        batches = epoch_batches(dataset, epoch, settings.batch_size, settings.workers)
        bar = tqdm(batches, f"{run.row} epoch {epoch + 1}/{settings.epochs}", steps, unit="batch", leave=False)
        for step, (pixels, visible, labels) in enumerate(bar):
            rate = learning_rate(settings, epoch + (step + 1) / steps)
            for group in optimiser.param_groups:
                group["lr"] = rate
            images = model.preprocessing(pixels.to(device))
            loss = training_loss(model, heads, images, visible.to(device), labels.to(device), run, precision)
            if not torch.isfinite(loss):
                raise TrainingError(
                    f"{run.row}: the loss is {loss.item()} in epoch {epoch + 1}, step {step + 1}, rate {rate:.3g}; "
                    f"lower train.lr, raise train.warmup_epochs or set train.precision to float32"
                )
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            if settings.clip_norm is not None:
                for module in (model, heads):
                    nn.utils.clip_grad_norm_(module.parameters(), settings.clip_norm)
            optimiser.step()
            total += loss.detach()
            bar.set_postfix_str(f"loss {total.item() / (step + 1):.3f}", refresh=False)
        speed = steps * settings.batch_size / (time.perf_counter() - started)
        history.append({"epoch": epoch + 1, "loss": total.item() / steps, "learning_rate": rate,
                        "images_per_second": speed})  # fmt: skip
        save_state(state / "state.safetensors", parts, optimiser, progress, what)
        log(live, history[-1])

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
    }
    save_model(model, out / "model.safetensors", {**facts, "head": run.head, "head_options": run.head_options})
    write_json(out / "training.json", {**facts, "device": str(device), "history": history})
    shutil.copytree(state / "live", out / "live", dirs_exist_ok=True)
    shutil.rmtree(state)


def log(live: Live, epoch: Mapping[str, float]) -> None:
    """Log one epoch's curves."""
    for name in ("loss", "learning_rate", "images_per_second"):
        live.log_metric(name, epoch[name])
    live.next_step()
