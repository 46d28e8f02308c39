"""The model that a command uses: chosen from what the user names, opened, and asked."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lgaf.align.settings import Alignment
from lgaf.config import Settings, load_settings
from lgaf.errors import DataError, SettingsError
from lgaf.given.manifest import Manifest
from lgaf.paths import GIVEN, MODELS, PARAMS

if TYPE_CHECKING:
    from lgaf.embed import Network

BATCH = 64


@dataclass(frozen=True)
class Choice:
    """Which model, and how faces are found and embedded for it; choosing loads no network."""

    source: Path | Manifest
    """A checkpoint of ours, its file or folder, or another network's manifest."""
    row: str | None
    """Row of this run's tables, None for a model that is none of them; ``seed`` likewise."""
    seed: int | None
    alignment: Alignment = field(default_factory=Alignment)
    flip: bool | None = None
    """As in params.yaml."""
    device: str = "auto"

    def __str__(self) -> str:
        """The model, in print."""
        source = self.source if isinstance(self.source, Path) else self.source.file
        return f"{source}" if self.row is None else f"{self.row}, seed {self.seed} ({source})"


def choose_model(params: Path, named: str | None) -> Choice:
    """The model that ``named`` means: a row of ``params``, its first seed; or a checkpoint; None is the reference row.

    Without a file ``params`` a checkpoint is used with the default alignment.

    Raises:
        SettingsError: the parameters are wrong or missing, or it is neither.
        DataError: the checkpoint is not there.
    """
    if named is not None and params == PARAMS and not params.exists():
        return Choice(checkpoint(Path(named), "there is no params.yaml here, so that no row is known"), None, None)
    settings = load_settings(params)
    row = settings.reference if named is None else named
    if row in settings.models:
        return chosen(settings, Manifest(**settings.given(row).model_dump(exclude={"label"})), row, GIVEN)
    if row in settings.methods:
        seed = str(settings.train.seeds[0])
        todo = f"`dvc repro train@{row}-{seed}` trains it; or name another with --model"
        return chosen(settings, checkpoint(MODELS / row / seed / "model.safetensors", todo), row, seed)
    source = checkpoint(Path(row), f"nor a row of {params}: {', '.join(settings.rows)}")
    folder = (source if source.is_dir() else source.parent).resolve()
    for own in settings.methods:
        for seed in map(str, settings.train.seeds):
            if folder == (MODELS / own / seed).resolve():
                return chosen(settings, source, own, seed)
    return chosen(settings, source, None, None)


def chosen(settings: Settings, source: Path | Manifest, row: str | None, seed: str | None) -> Choice:
    """The choice, with what ``settings`` say of faces."""
    alignment = Alignment(**settings.align.model_dump(include=set(Alignment.model_fields)))
    return Choice(source, row, None if seed is None else int(seed), alignment, settings.flip, settings.device)


def checkpoint(path: Path, todo: str) -> Path:
    """The path, where a checkpoint of ours may lie.

    Raises:
        DataError: nothing is there; ``todo`` says what to do.
        SettingsError: it is another kind of network.
    """
    if not path.exists():
        raise DataError(f"{path}: no such checkpoint; {todo}")
    if path.is_file() and path.suffix != ".safetensors":
        raise SettingsError(f"{path}: no checkpoint of ours (.safetensors); a network of others needs a manifest: "
                            "write it as a row of `models` (docs/own-models.md) and name the row")  # fmt: skip
    return path


@contextmanager
def kept() -> Iterator[None]:
    """Let the collector of garbage not look through what is imported, now or at the end: two seconds of seven."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


class Embedded(NamedTuple):
    """What a model says of N faces."""

    vectors: np.ndarray
    """(N, D) float32 un-normalised, flip fused."""
    norms: np.ndarray
    """(N,) float32 quality proxy."""
    attention: np.ndarray | None
    """(N, 2) float32 weights of local and global; None where the network has none."""

    @property
    def units(self) -> np.ndarray:
        """(N, D) vectors of length 1, whose products are cosines."""
        return self.vectors / np.maximum(np.linalg.norm(self.vectors, axis=1, keepdims=True), 1e-12)


class Model:
    """A model, opened: crops to :class:`Embedded`."""

    def __init__(self, choice: Choice):
        with kept():  # here and not above: what a user named is checked first, and these take seconds
            import torch

            from lgaf.device import choose_device

            if isinstance(choice.source, Manifest):
                from lgaf.given.network import Given
            else:
                from lgaf.models import create_model

        self.choice = choice
        self.device = choose_device(choice.device)
        self.network: Network
        if isinstance(choice.source, Manifest):
            self.network = Given(choice.source, self.device)
        else:
            network = create_model(checkpoint=choice.source).to(self.device)
            self.network = network.to(memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
        self.image_size: int = self.network.preprocessing.image_size
        self.flip: bool = self.network.preprocessing.flip if choice.flip is None else choice.flip

    def embed(self, crops: np.ndarray) -> Embedded:
        """Embed aligned faces (N, S, S, 3) uint8 RGB, all at once.

        Raises:
            DataError: the network gives what is not finite.
        """
        import torch

        from lgaf.embed import embed_batch

        vectors, out = embed_batch(self.network, torch.from_numpy(crops).to(self.device), self.flip)
        if not torch.isfinite(vectors).all():
            raise DataError(f"{self.choice}: gives what is not finite; look at its file, its scaling and precision")
        norms = out.embedding.float().norm(dim=1).cpu().numpy()
        return Embedded(vectors.numpy(), norms, None if out.attention is None else out.attention.float().cpu().numpy())
