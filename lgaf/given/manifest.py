"""The manifest of a network's file, a block ``models.ROW`` of params.yaml: every field is said, none guessed."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints, field_validator

from lgaf.errors import DataError
from lgaf.files import read_bytes, regular_file
from lgaf.model_settings import EmbeddingDim
from lgaf.rows import Label
from lgaf.strict import Strict

READERS = {
    "onnx": "lgaf.given.onnx",
    "tflite": "lgaf.given.tflite",
    "torchscript": "lgaf.given.torchscript",
    "exported": "lgaf.given.exported",
    "dlib": "lgaf.given.dlib",
    **dict.fromkeys(("arcface_torch", "adaface", "magface", "cvlface"), "lgaf.given.official"),
}
"""Format of a file -> the module that reads it; a factory, ``module:function``, is the other one."""
FACTORY = "lgaf.given.factory"
LARGEST = 2**34
"""Bytes; a ViT-L in float32 has 1.2 GB."""
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
FlipFusion = Literal["sum", "unit_sum"]
Finite = Annotated[float, Field(ge=-1e6, le=1e6)]
Positive = Annotated[float, Field(gt=0, le=1e6)]
Each = BeforeValidator(lambda value: (value,) * 3 if isinstance(value, (int, float)) else value)
"""One number stands for all three channels."""


class Origin(Strict):
    """Where something that was not made here is from, as the tables print it."""

    train_set: Text
    """What the network was trained on; ``not stated`` where its source does not say."""
    licence: Text
    """Licence of the file, as its source states it."""
    source: Text
    """Where the file is from."""


class Manifest(Origin):
    """What has to be known of a network's file before it is run. Wrong channels or scaling give silent nonsense."""

    file: Text
    """Path from the folder of the run, or a whole one; ``package:path`` is a file that a Python package brings."""
    format: Text
    """A key of :data:`READERS`; or ``module:function`` of your own, which takes the file's path and gives a network."""
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    """Of the file; it is checked before the file is opened."""
    image_size: int = Field(ge=32, le=448)
    """S, side in pixels of the aligned face that it takes."""
    channels: Literal["RGB", "BGR"]
    """Order in which the network takes them."""
    mean: Annotated[tuple[Finite, Finite, Finite], Each]
    """A value of the input is (pixel - mean) / scale, pixels 0 to 255; one number, or one a channel in its order."""
    scale: Annotated[tuple[Positive, Positive, Positive], Each]
    """See ``mean``: 127.5 and 127.5 for [-1, 1], 0 and 255 for [0, 1]."""
    flip: bool
    """Whether the mirror image is embedded too; the top level's ``flip``, where it is not null, goes before it."""
    flip_fusion: FlipFusion
    """How the two embeddings become one: their ``sum`` as they come, or the sum of both at length 1, ``unit_sum``."""
    alignment: Literal["arcface", "dlib"]
    """How its faces are cut: ``arcface``, the suite's crop by insightface's five points; ``dlib``, dlib's chip of 150
    pixels, cut out of that crop (:mod:`lgaf.given.dlib`)."""
    embedding_dim: EmbeddingDim
    """D, length of an embedding."""

    @field_validator("format")
    @classmethod
    def known(cls, name: str) -> str:
        """A format that is read here, or a function."""
        module, colon, function = name.partition(":")
        if name not in READERS and not (colon and function.isidentifier() and all_identifiers(module)):
            raise ValueError(f"allowed: {', '.join(READERS)}, embeddings, scores, or module:function of your own")
        return name

    @field_validator("alignment")
    @classmethod
    def for_its_format(cls, alignment: str, info: Any) -> str:
        """dlib's network takes dlib's chip, and no other does."""
        if (alignment == "dlib") != (info.data.get("format", "dlib" if alignment == "dlib" else "") == "dlib"):
            raise ValueError("format dlib and alignment dlib go together")
        return alignment

    @property
    def reader(self) -> str:
        """The module that opens the file."""
        return READERS.get(self.format, FACTORY)


class GivenRow(Manifest):
    """A row of the tables without training: ``models.ROW``."""

    label: Label | None = None
    """The row's name in print; null: its id."""


def all_identifiers(module: str) -> bool:
    """Whether it is a module's dotted name."""
    return all(part.isidentifier() for part in module.split("."))


def path_of(file: str) -> Path:
    """Where a manifest's ``file`` lies.

    Raises:
        DataError: it is in a package that is not installed.
    """
    package, colon, inside = file.partition(":")
    if not colon or not package.isidentifier() or len(package) == 1:  # one letter: a drive
        return Path(file)
    spec = find_spec(package)  # finds the package without running it
    if spec is None or not spec.submodule_search_locations:
        raise DataError(f"{file}: package {package} is not installed; install it with pip")
    return Path(spec.submodule_search_locations[0]) / inside


def checked_bytes(manifest: Manifest) -> bytes:
    """The file's content, which is the one that the manifest is of.

    Raises:
        DataError: the file is missing, cannot be read, or is another one.
    """
    path = path_of(manifest.file)
    todo = f"put it there ({manifest.source}), or give a whole path, which experiments in a copy (--temp) need"
    regular_file(path, todo)
    content = read_bytes(path, todo, LARGEST)
    found = hashlib.sha256(content).hexdigest()
    if found != manifest.sha256:
        raise DataError(f"{path}: its sha256 is {found}, the manifest says {manifest.sha256}; get the file that the "
                        "manifest is of, or look at what it is and correct the manifest")  # fmt: skip
    return content
