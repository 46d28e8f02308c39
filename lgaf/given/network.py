"""A given network, opened: pixels to embeddings as its manifest says, and what it gives is looked at."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NamedTuple

import torch
from torch import Tensor

from lgaf.errors import DataError
from lgaf.given.manifest import FlipFusion, Manifest, checked_bytes, path_of

Run = Callable[[Tensor], Any]
"""(B, 3, S, S) float32, scaled, to one tensor or several, the embeddings among them, B rows each."""


class Features(NamedTuple):
    """What a given network says of B images."""

    embedding: Tensor
    """(B, D) float32, as it comes."""
    attention: None = None
    """It tells of no local and global branch, here and below."""
    local: None = None
    global_: None = None
    visibility: None = None


class Input:
    """What a manifest says of the input, as :class:`lgaf.models.preprocessing.Preprocessing` of our own networks."""

    def __init__(self, manifest: Manifest):
        self.image_size = manifest.image_size
        self.flip = manifest.flip
        self.flip_fusion: FlipFusion = manifest.flip_fusion
        self.bgr = manifest.channels == "BGR"
        self.mean, self.scale = (torch.tensor(it).reshape(1, 3, 1, 1) for it in (manifest.mean, manifest.scale))

    def __call__(self, images: Tensor) -> Tensor:
        """(B, S, S, 3) uint8 RGB to (B, 3, S, S) float32."""
        x = images.permute(0, 3, 1, 2)
        if self.bgr:
            x = x.flip(1)
        return ((x.float() - self.mean.to(x.device)) / self.scale.to(x.device)).contiguous()


class Given:
    """A network that others trained: ``given(given.preprocessing(pixels))`` gives :class:`Features`.

    Raises:
        DataError: the file is missing or another one, is not of its format, or what reads it is not installed.
    """

    def __init__(self, manifest: Manifest, device: torch.device | str = "cpu"):
        self.manifest = manifest
        self.where = path_of(manifest.file)
        self.preprocessing = Input(manifest)
        content = checked_bytes(manifest)
        reader = import_module(manifest.reader)
        try:
            self.run: Run = reader.open_network(content, manifest, torch.device(device))
        except DataError:
            raise
        except Exception as error:  # each library has its own kinds, and some say only RuntimeError
            raise DataError(f"{self.where}: cannot be opened as {manifest.format}: {one_line(error)}; is it whole, and "
                            "of that format and of this version?") from None  # fmt: skip

    def __call__(self, images: Tensor) -> Features:
        """Embed (B, 3, S, S), as ``preprocessing`` makes them.

        Raises:
            DataError: the network fails, or gives another width than its manifest says.
        """
        try:
            found = self.run(images)
        except DataError:
            raise
        except Exception as error:
            raise DataError(f"{self.where}: fails on {tuple(images.shape)}: {one_line(error)}; look at image_size in "
                            "its manifest, and at the file") from None  # fmt: skip
        outputs = [found] if isinstance(found, Tensor) else list(found)
        flat = [it.reshape(len(images), -1).float() for it in outputs if it.numel() and it.numel() % len(images) == 0]
        fitting = [it for it in flat if it.shape[1] == self.manifest.embedding_dim]
        if not fitting:
            widths = " and ".join(str(it.shape[1]) for it in flat) or "nothing"
            raise DataError(f"{self.where}: gives {widths} values a face, the manifest says embedding_dim "
                            f"{self.manifest.embedding_dim}; correct it, or get the right file")  # fmt: skip
        return Features(fitting[0])


def check_file(manifest: Manifest) -> None:
    """Look, without opening it, whether the file is there and the right one, and whether its reader can run.

    Raises:
        DataError: it is not so.
    """
    checked_bytes(manifest)
    reader = import_module(manifest.reader)
    check = getattr(reader, "check", None)
    if check is not None:
        check(manifest)


def need(package: str, extra: str) -> None:
    """Check that an optional package is installed.

    Raises:
        DataError: it is not.
    """
    try:
        spec = find_spec(package)
    except ModuleNotFoundError:  # of a dotted name, the first part is not there
        spec = None
    if spec is None:
        raise DataError(f"{package.partition('.')[0]} is not installed; run pip install 'lgaf[{extra}]'")


def one_line(error: BaseException) -> str:
    """What an error says, in one line of at most 200 letters."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 200 else text[:197] + "..."
