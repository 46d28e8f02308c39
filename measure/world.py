"""How much like people the generated people are, to networks that others trained on real faces.

    python measure/world.py --networks FILE --photos FOLDER

renders people as for world/lfw, finds and aligns their faces as the suite does, and prints the cosine of mates and of
strangers, d' between the two, the same for real photos (a folder a person) where they are given, the share of strangers
whom dlib takes for one person, the mean cosine of strangers after parts of generated faces are pasted into real ones,
and how many faces of each set the detector misses. ``--sheet FILE`` writes forty people beside forty real ones.
"""

from __future__ import annotations

import argparse
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from networks import Dlib, Network, one_thread, read_networks
from scipy.spatial.distance import pdist
from tabulate import tabulate
from tqdm import tqdm

from lgaf.align.find import Finder
from lgaf.align.settings import AlignSettings
from lgaf.align.warp import align, similarity, warp
from lgaf.files import write_json
from lgaf.formats.image import decode_image
from lgaf.workers import ordered_map
from lgaf.world.basis import build_basis
from lgaf.world.benchmarks import people_of, plan
from lgaf.world.render import Renderer
from lgaf.world.settings import WorldSettings

SIZE = 112
EACH = 5
ONE_PERSON = 0.6
"""Distance below which dlib's authors take two photos for one person."""
PARTS = {
    "inner face": (56, 72, 40, 46), "eyes and brows": (56, 46, 42, 17), "nose": (56, 66, 15, 17),
    "mouth": (56, 92, 24, 12),
}  # fmt: skip
"""Part -> centre (x, y) and half axes of an ellipse in the aligned face."""


@dataclass(frozen=True)
class Faces:
    """Aligned faces of people: photos with a face in them, and how many were looked at."""

    people: np.ndarray
    """(N,) a number a person."""
    crops: np.ndarray
    """(N, 112, 112, 3) uint8."""
    photos: list[np.ndarray]
    points: list[np.ndarray]
    looked_at: int


class Shooting(Renderer):
    """Photographs of one person of one set, by the person's place in the set; made once a process."""

    def __init__(self, basis: Path, name: str, settings: WorldSettings, seed: int):
        super().__init__(basis, settings, seed)
        self.people = [(world, shots) for world, shots in self.people if world.name == name]


def find(photos: list[tuple[int, np.ndarray]], finder: Finder, what: str) -> Faces:
    """Align the faces of (person, photo)."""
    people, crops, kept, points = [], [], [], []
    for person, photo in tqdm(photos, f"align {what}", unit="image"):
        with suppress(ValueError):  # no face
            five = finder(photo).points
            crops.append(align(photo, five, SIZE))
            people.append(person)
            kept.append(photo)
            points.append(five)
    return Faces(np.array(people), np.array(crops), kept, points, len(photos))


def rendered(basis: Path, name: str, people: int, seed: int, workers: int) -> list[tuple[int, np.ndarray]]:
    """(person, photo) of ``people`` people of a set."""
    whole = WorldSettings()
    count = min(people, len(people_of(next(w for w in plan(whole) if w.name == name).shots)))
    images = ordered_map(Shooting, (basis, name, whole, seed), count, workers, 1)
    bar = tqdm(images, f"render {name}", count, unit="person")
    return [(who, decode_image(photo.image, name)) for who, photos in enumerate(bar) for photo in photos]


def real(folder: Path, people: int) -> list[tuple[int, np.ndarray]]:
    """(person, photo) of a folder with a folder a person: those with EACH photos or more, evenly spread."""
    own = [sorted(p.glob("*.jpg")) for p in sorted(folder.iterdir()) if p.is_dir()]
    own = [files for files in own if len(files) >= EACH]
    chosen = [own[k] for k in np.linspace(0, len(own) - 1, min(people, len(own))).astype(int)]
    return [(who, decode_image(f.read_bytes(), str(f))) for who, files in enumerate(chosen) for f in files[:EACH]]


def likeness(embeddings: np.ndarray, people: np.ndarray) -> dict[str, float]:
    """Mean and spread of the cosine of mates and of strangers, over all pairs, and d' between them."""
    left, right = np.triu_indices(len(people), 1)
    cosine = (embeddings @ embeddings.T)[left, right]
    mated = people[left] == people[right]
    mates, strangers = cosine[mated], cosine[~mated]
    apart = (mates.mean() - strangers.mean()) / np.sqrt((mates.var() + strangers.var()) / 2)
    return {"mates": mates.mean(), "mates_sd": mates.std(), "strangers": strangers.mean(),
            "strangers_sd": strangers.std(), "d_prime": apart}  # fmt: skip


def pasted(real_faces: Faces, world_faces: Faces, part: str) -> np.ndarray:
    """The first face of each real person, with a part of a generated person's in it, soft-edged and matched in tone."""
    x, y, wide, high = PARTS[part]
    mask = np.zeros((SIZE, SIZE), np.float32)
    cv2.ellipse(mask, (x, y), (wide, high), 0, 0, 360, 1.0, -1)
    inside = mask > 0
    share = cv2.GaussianBlur(mask, (0, 0), 3)[..., None]
    out = []
    for own, other in zip(firsts(real_faces), firsts(world_faces), strict=False):
        face, piece = own.astype(np.float32), other.astype(np.float32)
        piece = piece * (face[inside].mean(0) / np.maximum(piece[inside].mean(0), 1))
        out.append(np.clip(np.rint(face + share * (piece - face)), 0, 255).astype(np.uint8))
    return np.array(out)


def firsts(faces: Faces) -> np.ndarray:
    """One face a person."""
    return faces.crops[np.unique(faces.people, return_index=True)[1]]


def report(
    network: Network, kinds: dict[str, Faces], name: str
) -> tuple[list[list[object]], list[list[object]], dict[str, object]]:
    """The rows of both tables for one network, and the same as data."""
    rows: list[list[object]] = []
    parts: list[list[object]] = []
    data: dict[str, object] = {}
    for kind, faces in kinds.items():
        found = likeness(np.stack([network(crop) for crop in tqdm(faces.crops, f"{name} {kind}")]), faces.people)
        data[kind] = {key: round(float(value), 4) for key, value in found.items()}
        rows.append([name, kind, f"{found['mates']:.3f} ± {found['mates_sd']:.3f}",
                     f"{found['strangers']:.3f} ± {found['strangers_sd']:.3f}", f"{found['d_prime']:.2f}"])  # fmt: skip
    if len(kinds) == 2:
        world_faces, real_faces = kinds.values()
        count = min(len(firsts(world_faces)), len(firsts(real_faces)))
        means = {"none": strangers(network, firsts(real_faces)[:count])}
        means |= {part: strangers(network, pasted(real_faces, world_faces, part)) for part in PARTS}
        data["pasted"] = {part: round(value, 4) for part, value in means.items()}
        parts.append([name, *(f"{value:.3f}" for value in means.values())])
    return rows, parts, data


def strangers(network: Network, crops: np.ndarray) -> float:
    """The mean cosine of faces of different people."""
    embeddings = np.stack([network(crop) for crop in crops])
    return float((embeddings @ embeddings.T)[np.triu_indices(len(crops), 1)].mean())


def confused(faces: Faces) -> float:
    """The share of pairs of strangers whom dlib takes for one person, over one photo a person."""
    network = Dlib()
    rows = np.unique(faces.people, return_index=True)[1]
    vectors = np.stack([network(faces.photos[k], faces.points[k]) for k in tqdm(rows, "dlib")])
    return float((pdist(vectors) < ONE_PERSON).mean())


def sheet(kinds: dict[str, Faces], path: Path) -> None:
    """Forty people of each kind, one photo each, eight a row; the kinds side by side."""
    blocks = []
    for faces in kinds.values():
        tiles = [cv2.resize(tile, (120, 120)) for tile in heads(faces)[:40]]
        tiles += [np.full((120, 120, 3), 255, np.uint8)] * (40 - len(tiles))
        blocks.append(np.concatenate([np.concatenate(tiles[k : k + 5], 1) for k in range(0, 40, 5)]))
        blocks.append(np.full((len(blocks[0]), 12, 3), 255, np.uint8))
    cv2.imwrite(str(path), cv2.cvtColor(np.concatenate(blocks[:-1], 1), cv2.COLOR_RGB2BGR))


def heads(faces: Faces) -> list[np.ndarray]:
    """One photo a person, cut to the head."""
    cut = np.array([[60, 92], [100, 92], [80, 115], [63, 138], [97, 138]], float) * 160 / 200
    rows = np.unique(faces.people, return_index=True)[1]
    return [warp(faces.photos[k], similarity(faces.points[k], cut), 128) for k in rows]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", type=Path, help="manifest of networks; see networks.py")
    parser.add_argument("--photos", type=Path, help="real photos, a folder a person")
    parser.add_argument("--people", type=int, default=70)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--missed", type=int, default=0, metavar="N", help="also count misses in N people of every set")
    parser.add_argument("--sheet", type=Path, help="write forty people beside forty real ones (PNG or JPEG)")
    parser.add_argument("--out", type=Path, help="write the figures as JSON")
    arguments = parser.parse_args()
    one_thread()
    finder = Finder(AlignSettings())
    with tempfile.TemporaryDirectory() as folder:
        basis = Path(folder) / "basis.safetensors"
        build_basis(basis)
        shoot = partial(rendered, basis, seed=arguments.seed, workers=arguments.workers)
        kinds = {"generated": find(shoot("lfw", arguments.people), finder, "generated")}
        if arguments.photos:
            kinds["real"] = find(real(arguments.photos, arguments.people), finder, "real")
        misses = {}
        for name in ("train", "lfw", "cfp_fp", "cplfw", "calfw", "agedb", "tinyface", "scface"):
            if arguments.missed:
                faces = find(shoot(name, arguments.missed), finder, name)
                misses[name] = (faces.looked_at - len(faces.people), faces.looked_at)
    if arguments.sheet:
        sheet(kinds, arguments.sheet)
    data: dict[str, object] = {"seed": arguments.seed, "people": arguments.people, "networks": {}}
    rows, parts = [], []
    for name, network in (read_networks(arguments.networks) if arguments.networks else {}).items():
        more, pieces, found = report(network, kinds, name)
        rows += more
        parts += pieces
        data["networks"][name] = found  # type: ignore[index]
    data["dlib_confuses"] = {kind: round(confused(faces), 4) for kind, faces in kinds.items()}
    data["missed"] = misses
    if rows:
        print(tabulate(rows, ["network", "faces", "mates", "strangers", "d'"], "github", disable_numparse=True))
    if parts:
        print("\nStrangers' mean cosine, real faces with a generated part pasted in:\n")
        print(tabulate(parts, ["network", "none", *PARTS], "github", disable_numparse=True))
    for kind, share in data["dlib_confuses"].items():  # type: ignore[attr-defined]
        print(f"\ndlib takes {100 * share:.1f} % of pairs of strangers for one person ({kind})")
    for name, (missed, looked) in misses.items():
        print(f"{name}: {missed} of {looked} faces missed ({100 * missed / looked:.1f} %)")
    if arguments.out:
        write_json(arguments.out, data)


if __name__ == "__main__":
    main()
