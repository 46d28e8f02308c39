"""The training loop of every method."""

from __future__ import annotations

import hashlib
import shutil
import time
from pathlib import Path

import torch
from dvclive import Live
from torch import nn
from torch.nn.functional import cross_entropy
from tqdm import tqdm

from baselines import create_head
from lgaf.device import choose_device
from lgaf.errors import TrainingError
from lgaf.models import create_model
from lgaf.models.checkpoint import save_model
from lgaf.train.dataset import FaceDataset, epoch_loader
from lgaf.train.optim import build_optimiser, learning_rate
from lgaf.train.precision import choose_precision
from lgaf.train.settings import TrainingRun
from lgaf.train.state import load_state, save_state


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
    labels: torch.Tensor,
    run: TrainingRun,
    precision: torch.dtype,
) -> torch.Tensor:
    """Margin loss of the embedding, plus ``branch_weight`` times that of each branch alone."""
    with torch.autocast(images.device.type, precision, enabled=precision != torch.float32):
        out = model(images)
    loss = torch.zeros((), device=images.device)
    for index, (head, feature) in enumerate(zip(heads, (out.embedding, *out.branches), strict=False)):
        made = head(feature, labels)
        weight = 1.0 if index == 0 else run.branch_weight
        loss = loss + weight * (cross_entropy(made.logits, labels) + made.regulariser)
    return loss


def fingerprint(run: TrainingRun, dataset: FaceDataset) -> str:
    """Tells this training from any other; device and workers may change between a kill and going on."""
    settings = run.model_dump_json(exclude={"device": True, "train": {"workers"}})
    images = f"{dataset.pack.path.stat().st_size} {dataset.pack.names} {dataset.classes.tolist()}"
    return hashlib.sha256(f"{settings}\n{images}".encode()).hexdigest()


def train(pack: Path, out: Path, state: Path, run: TrainingRun) -> None:
    """Train one method and write ``out/model.safetensors`` and ``out/live/`` (dvclive's curves).

    Args:
        pack: aligned training faces.
        out: written whole at the end of training.
        state: folder for what a killed run needs to go on; emptied at the end.

    Raises:
        TrainingError: the loss is no longer finite.
        DataError: the pack cannot be trained on.
    """
    settings = run.train
    device = choose_device(run.device)
    dataset = FaceDataset(pack, run.model["image_size"], settings.augment, run.seed)
    torch.set_flush_denormal(True)  # numbers below 1e-38 are slow on a CPU and mean nothing here
    torch.manual_seed(run.seed)
    model = create_model(**run.model).to(device).to(memory_format=torch.channels_last)
    heads = build_heads(run, dataset.num_classes).to(device)
    optimiser = build_optimiser(model, heads, settings)
    precision = choose_precision(settings, model, device)
    steps = len(dataset) // settings.batch_size
    if steps == 0:
        raise TrainingError(f"{pack}: {len(dataset)} images are fewer than train.batch_size {settings.batch_size}")

    resume_from = state / "state.safetensors"
    what = fingerprint(run, dataset)
    done = load_state(resume_from, model, heads, optimiser, what)
    if done:
        print(f"{run.method}: going on after epoch {done} of {settings.epochs}")
    else:
        shutil.rmtree(state, ignore_errors=True)
    live = Live(str(state / "live"), resume=done > 0, dvcyaml=False, save_dvc_exp=False)

    for epoch in range(done, settings.epochs):
        torch.manual_seed(run.seed * 100_003 + epoch)  # dropout; so a resumed run repeats an unbroken one
        started, total = time.perf_counter(), 0.0
        model.train()
        loader = epoch_loader(dataset, epoch, settings.batch_size, settings.workers)
        bar = tqdm(loader, f"{run.method} epoch {epoch + 1}/{settings.epochs}", steps, unit="batch", leave=False)
        for step, (pixels, labels) in enumerate(bar):
            rate = learning_rate(settings, epoch + (step + 1) / steps)
            for group in optimiser.param_groups:
                group["lr"] = rate
            images = model.preprocessing(pixels.to(device))
            loss = training_loss(model, heads, images, labels.to(device), run, precision)
            if not torch.isfinite(loss):
                raise TrainingError(
                    f"{run.method}: the loss is {loss.item()} in epoch {epoch + 1}, step {step + 1}, rate {rate:.3g}; "
                    f"lower train.lr, raise train.warmup_epochs or set train.precision to float32"
                )
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            for module in (model, heads):
                nn.utils.clip_grad_norm_(module.parameters(), settings.clip_norm)
            optimiser.step()
            total += loss.item()
            speed = (step + 1) * settings.batch_size / (time.perf_counter() - started)
            bar.set_postfix_str(f"loss {total / (step + 1):.3f}, {speed:.0f} images/s")
        live.log_metric("loss", total / steps)
        live.log_metric("learning_rate", rate)
        live.log_metric("images_per_second", speed)
        live.next_step()
        save_state(resume_from, model, heads, optimiser, epoch + 1, what)

    live.end()
    save_model(model, out / "model.safetensors", {"method": run.method})
    shutil.copytree(state / "live", out / "live", dirs_exist_ok=True)
    shutil.rmtree(state)
