"""Where training starts from: the weights of a checkpoint, and the modules that stay as they are."""

from __future__ import annotations

from typing import Any

from torch import nn

from lgaf.errors import DataError, SettingsError
from lgaf.files import regular_file, sha256_of
from lgaf.models import LGAF, Official, Plain, create_model
from lgaf.models.adopt import BACKBONE, adopt
from lgaf.models.checkpoint import give_weights, load_model
from lgaf.models.official import FORMATS, load_official
from lgaf.train.settings import StartFrom, TrainingRun

TODO = "set backbone, embedding_dim, fusion and heads as they are there, or take: backbone for its backbone alone"


def begun(model: LGAF | Plain, start: StartFrom | None) -> LGAF | Plain:
    """``model``, on the CPU, with the weights that it starts from, fed as the checkpoint's network is fed.

    Statistics of batch norm are taken with the weights. Of the backbone, modules that ``model`` has not at all, as an
    LGAF without a global branch has no last stage, are left.

    Raises:
        SettingsError: the checkpoint's network takes images of another size, is no LGAF where all of one is asked for,
            or its format is not said.
        DataError: the file is missing, broken or another one, or a weight is missing, has no place or another shape.
    """
    if start is None:
        return model
    path = start.path
    regular_file(path, "put the checkpoint there, or correct train.start_from.checkpoint")
    if start.format is None and path.suffix != ".safetensors":
        raise SettingsError(f"{path}: no model.safetensors of ours; say whose format it is: {', '.join(FORMATS)}")
    found = sha256_of(path)
    if start.sha256 not in (None, found):
        raise DataError(f"{path}: its sha256 is {found}, {start.sha256} is expected; get that file, or correct "
                        "train.start_from.sha256, or leave it out and run `dvc repro -f settings`")  # fmt: skip
    source = load_official(path, start.format) if start.format else load_model(path)
    size, own_size = source.preprocessing.image_size, model.preprocessing.image_size
    if size != own_size:
        raise SettingsError(
            f"{path}: its network takes {size}x{size} pixels, image_size is {own_size}; set it to {size}"
        )
    if isinstance(source, Official) and isinstance(model, LGAF) and start.take == "whole":
        raise SettingsError(f"{path}: a network of format {start.format} has no local branch, LGAF has; take: backbone")
    weights = adopt(path, source) if isinstance(source, Official) else source.state_dict()
    who = f"the row's {model.architecture.backbone}"
    if start.take == "backbone":
        network = model.backbone.network
        parts = {name.partition(".")[0] for name in network.state_dict()}
        inside = {name.removeprefix(BACKBONE): value for name, value in weights.items() if name.startswith(BACKBONE)}
        inside = {name: value for name, value in inside.items() if name.partition(".")[0] in parts}
        give_weights(path, network, inside, who, "set backbone as it is there", BACKBONE)
    else:
        give_weights(path, model, weights, f"{who} ({model.architecture.name})", TODO)
    model.preprocessing = source.preprocessing
    return model


def freeze(model: LGAF | Plain, start: StartFrom | None) -> list[nn.Module]:
    """Take the gradients from the modules that stay as they are; while others train, they must be in evaluation mode.

    Raises:
        SettingsError: a module is not there, or none is left to train.
    """
    frozen: list[nn.Module] = []
    network = model.backbone.network
    known = {**dict(model.named_modules()), **dict(network.named_modules())}
    for name in start.freeze if start else ():
        if name not in known:
            inside, whole = (", ".join(name for name, _ in module.named_children()) for module in (network, model))
            raise SettingsError(f"freeze: {name!r} is no module of {model.architecture.backbone} ({inside}) "
                                f"nor of the network ({whole})")  # fmt: skip
        frozen.append(known[name].requires_grad_(False))
    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise SettingsError("freeze: nothing of the network is left to train; freeze less")
    return frozen


def hashed(run: TrainingRun) -> TrainingRun:
    """``run`` with the hash of the file that it starts from, so that another file is another training."""
    start = run.train.start_from
    if start is None or not start.path.is_file():
        return run
    start = start.model_copy(update={"sha256": sha256_of(start.path)})
    return run.model_copy(update={"train": run.train.model_copy(update={"start_from": start})})


def origin(start: StartFrom | None) -> dict[str, Any]:
    """What a trained model says of where it started from; nothing where that is random weights."""
    if start is None:
        return {}
    return {"started_from": {"file": start.path.name, **start.model_dump(mode="json", exclude={"checkpoint"})}}


def check_start(run: TrainingRun) -> None:
    """Look whether a training can start as it is told to, before anything is run.

    Raises:
        SettingsError, DataError: as :func:`begun` and :func:`freeze`.
    """
    if run.train.start_from is not None:
        freeze(begun(create_model(**run.model), run.train.start_from), run.train.start_from)
