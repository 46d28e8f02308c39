"""Checkpoints: one safetensors file with the weights and, as JSON in its metadata, how to build and feed the network.

Metadata, as one JSON text since safetensors keeps several in no order: ``architecture`` (every argument of
``create_model``), ``preprocessing`` (the fields of :class:`lgaf.models.preprocessing.Preprocessing`) and whatever the
writer adds. Equal weights and facts give equal bytes. Nothing is unpickled.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from pydantic import ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from lgaf.errors import DataError
from lgaf.files import atomic
from lgaf.model_settings import Architecture
from lgaf.models.lgaf import LGAF, Plain
from lgaf.models.preprocessing import Preprocessing
from lgaf.strict import Strict, shorten

METADATA = "lgaf"
"""Key of the metadata."""
LARGEST = 2**20
"""Letters of metadata; a checkpoint of ours has two thousand."""
Block = TypeVar("Block", bound=Strict)


def build(architecture: Architecture) -> LGAF | Plain:
    """The network, random weights."""
    return LGAF(architecture) if architecture.name == "lgaf" else Plain(architecture)


def save_model(model: LGAF | Plain, path: str | Path, extra: Mapping[str, Any] | None = None) -> None:
    """Write weights, architecture and preprocessing to one file, atomically.

    Args:
        model: one that :func:`lgaf.models.create_model` made.
        path: where to.
        extra: more to keep in the metadata, JSON values; read back by :func:`read_metadata`.
    """
    facts = {
        **(extra or {}),
        "architecture": model.architecture.model_dump(),
        "preprocessing": model.preprocessing.model_dump(),
    }
    write_tensors(path, model.state_dict(), facts)


def write_tensors(path: str | Path, tensors: Mapping[str, torch.Tensor], facts: Mapping[str, Any]) -> None:
    """Write a safetensors file with ``facts`` as its metadata, atomically.

    Raises:
        DataError: the disk is full or the folder cannot be written.
    """
    # safetensors wants dense rows, and no two names for one memory, as tied weights have
    copies = {
        name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format) for name, tensor in tensors.items()
    }
    try:
        with atomic(path) as temporary:
            save_file(copies, temporary, {METADATA: json.dumps(facts, sort_keys=True)})
    except SafetensorError as error:
        raise DataError(f"{path}: cannot be written: {error}; free or choose another disk") from None


def load_model(path: str | Path) -> LGAF | Plain:
    """Build the network of a checkpoint and give it its weights, on the CPU, in evaluation mode.

    Raises:
        DataError: the file is missing, broken, lacks a field, or its weights do not fit its architecture.
    """
    model = build(_block(Architecture, path, "architecture"))
    model.preprocessing = read_preprocessing(path)
    with _opened(path) as file:
        weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  not a mapping
    give_weights(path, model, weights, "its own architecture", "train again")
    return model.eval()


def give_weights(
    path: str | Path, model: nn.Module, weights: Mapping[str, torch.Tensor], who: str, todo: str, prefix: str = ""
) -> None:
    """Make ``weights`` those of ``model``, if each has its place and each place one.

    Args:
        path: the file that they are from.
        model: takes them in its own types; on the meta device, where it has no memory of its own, as they are.
        weights: by the model's names.
        who: what the error's line calls the model.
        todo: the end of that line.
        prefix: what the file's names have before the model's.

    Raises:
        DataError: one is missing, of another shape, or has no place.
    """
    own = model.state_dict()
    expected = {name: tensor.shape for name, tensor in own.items()}
    for name in sorted(expected.keys() | weights.keys()):
        found = weights[name].shape if name in weights else None
        if found != expected.get(name):
            wanted = tuple(expected[name]) if name in expected else "nothing"
            has = tuple(found) if found is not None else "missing"
            raise DataError(f"{path}: weight {prefix + name!r} is {has}, {who} wants {wanted}; {todo}")
    bare = any(tensor.is_meta for tensor in own.values())
    model.load_state_dict({name: weights[name].to(tensor.dtype) for name, tensor in own.items()}, assign=bare)


def read_metadata(path: str | Path) -> dict[str, Any]:
    """All metadata of a checkpoint.

    Raises:
        DataError: the file is missing or broken.
    """
    with _opened(path) as file:
        text = (file.metadata() or {}).get(METADATA, "")
    try:
        if len(text) > LARGEST:
            raise ValueError(f"{len(text):,} letters")
        facts = json.loads(text)
        if not isinstance(facts, dict):
            raise ValueError("no keys")
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: metadata is not ours ({error}); this is no checkpoint of ours") from None
    return facts


def read_preprocessing(path: str | Path) -> Preprocessing:
    """What the network in a checkpoint expects of its input.

    Raises:
        DataError: the file is missing or broken, or a field is.
    """
    return _block(Preprocessing, path, "preprocessing")


def _block(kind: type[Block], path: str | Path, key: str) -> Block:
    """A block of the metadata in which every field must stand, also those that have a default elsewhere."""
    values = read_metadata(path).get(key)
    if not isinstance(values, dict):
        raise DataError(f"{path}: metadata lacks {key!r}; this is no checkpoint of ours, or not a whole one")
    missing = [name for name in kind.model_fields if name not in values]
    if missing:
        raise DataError(f"{path}: metadata {key!r} lacks {missing[0]!r}; a checkpoint must say it")
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        problem = error.errors()[0]
        name = ".".join(map(str, problem["loc"]))
        given = shorten(repr(problem["input"]), 80)
        raise DataError(f"{path}: metadata {key!r}: {name}: {given}: {problem['msg']}") from None


def _opened(path: str | Path) -> Any:
    try:
        return safe_open(path, "pt")
    except FileNotFoundError:
        raise DataError(f"{path}: no such checkpoint; run `dvc repro` to train it") from None
    except (SafetensorError, OSError) as error:
        raise DataError(f"{path}: not a whole safetensors file: {error}") from None
