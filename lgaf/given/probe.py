"""Is a manifest the best one? A network tried on some faces, fed as its manifest says and in other ways."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from tabulate import tabulate
from tqdm import tqdm

from lgaf.embed import embed_batch
from lgaf.errors import DataError
from lgaf.formats.pack import Pack
from lgaf.given.manifest import Manifest
from lgaf.given.network import Given, Input
from lgaf.given.separation import separation
from lgaf.given.variants import Cut, variants

PEOPLE, EACH = 60, 3
"""People who are looked at, and most images of each."""
FEWEST = 5
"""People below which nothing can be said."""
REPLICATES, SEED = 2000, 0
ALPHA = 0.05
"""Probability of a false warning, over all that is tried."""
MATTERS = 0.02
"""Share of the manifest's d' that a variant must surely add; what adds less is a tie."""


class Tried(NamedTuple):
    """What came of one way to feed the network."""

    change: str
    value: float
    """d'."""
    low: float
    high: float
    """Of the difference to the manifest's d'; intervals hold for all variants together (Bonferroni)."""
    better: bool


class Probe(NamedTuple):
    """What came of all."""

    value: float
    low: float
    high: float
    """d' of the manifest with its 95 % interval."""
    people: int
    images: int
    tried: list[Tried]


def probe(manifest: Manifest, path: Path, device: torch.device) -> Probe:
    """Try the network of a manifest on the faces of an aligned pack.

    Raises:
        DataError: the pack has not enough people with two images, or images of another size; or as :class:`Given`.
    """
    network = Given(manifest, device)
    pack = Pack(path)
    chosen = choose(pack)
    faces, people = [pack.image(index) for index in chosen], pack.labels[chosen]
    for index, face in zip(chosen, faces, strict=True):
        if face.shape != (manifest.image_size,) * 2 + (3,):
            raise DataError(f"{pack.where(index)}: {face.shape[1]}x{face.shape[0]}, and the manifest says image_size "
                            f"{manifest.image_size}; set image_size so, and `dvc repro align`")  # fmt: skip
    others = variants(manifest)

    def tell(given: Manifest, cut: Cut | None = None) -> np.ndarray:
        fed = copy.copy(network)
        fed.preprocessing = Input(given)
        vectors = embed(fed, [face if cut is None else cut(face) for face in faces], device)
        return separation(vectors, people, REPLICATES, SEED)

    own = tell(manifest)
    if not np.isfinite(own[0]):
        raise DataError(f"{manifest.file}: gives what is not finite; look at its file and at its scaling")
    tried = []
    for change, given, cut in tqdm(others, "probe", unit="variant", leave=False):
        found = tell(given, cut)
        difference = np.nan_to_num(found - own, nan=-np.inf)  # what is not finite is no better
        low, high = np.quantile(difference[1:], [ALPHA / len(others), 1 - ALPHA / len(others)], method="nearest")
        tried.append(Tried(change, float(found[0]), float(low), float(high), bool(low > MATTERS * abs(own[0]))))
    low, high = np.quantile(own[1:], [0.025, 0.975])
    return Probe(float(own[0]), float(low), float(high), len(np.unique(people)), len(people), tried)


def choose(pack: Pack) -> np.ndarray:
    """Indices of up to EACH images of up to PEOPLE people who have two or more, spread over the pack.

    Raises:
        DataError: there are too few such people.
    """
    labels, counts = np.unique(pack.labels[pack.labels >= 0], return_counts=True)
    labels = labels[counts >= 2]
    if len(labels) < FEWEST:
        raise DataError(f"{pack.path}: has {len(labels)} people with two images or more, {FEWEST} are needed to tell a "
                        "good manifest from a bad one; name another with --pack")  # fmt: skip
    spread = labels[np.linspace(0, len(labels) - 1, min(PEOPLE, len(labels))).astype(int)]
    return np.concatenate([np.flatnonzero(pack.labels == label)[:EACH] for label in spread])


def embed(network: Given, faces: list[np.ndarray], device: torch.device) -> np.ndarray:
    """(N, D) embeddings of (S, S, 3) faces."""
    parts = [torch.from_numpy(np.stack(faces[k : k + 32])).to(device) for k in range(0, len(faces), 32)]
    return np.concatenate([embed_batch(network, part, network.preprocessing.flip)[0].numpy() for part in parts])


def show(found: Probe) -> str:
    """A table of what was tried, the best first."""
    rows = [["as the manifest says", f"{found.value:.2f}", f"[{found.low:.2f}, {found.high:.2f}]", ""]]
    rows += [
        [it.change, f"{it.value:.2f}", f"{it.value - found.value:+.2f} [{it.low:+.2f}, {it.high:+.2f}]",
         "better" if it.better else "worse" if it.high < 0 else "no difference that shows"]
        for it in sorted(found.tried, key=lambda it: -it.value)
    ]  # fmt: skip
    title = f"d' between mates and strangers, {found.images} faces of {found.people} people\n"
    return title + tabulate(rows, ["fed", "d'", "interval, or difference", ""], disable_numparse=True)


def warnings(found: Probe) -> list[str]:
    """One line a way that is surely better than the manifest's, the best first."""
    better = sorted((it for it in found.tried if it.better), key=lambda it: -it.value)
    return [
        f"{it.change} tells people better apart than the manifest: d' {it.value:.2f}, not {found.value:.2f}, "
        f"{it.value - found.value:+.2f} [{it.low:+.2f}, {it.high:+.2f}]; look at what the model's source says"
        for it in better
    ]
