"""Tiny ONNX files, written field by field as protocol buffers, and a manifest of one."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from lgaf.given.manifest import Manifest

SIZE, WIDTH = 32, 8
FLOAT = 1


def number(value: int) -> bytes:
    """A varint."""
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def field(place: int, value: int | bytes | str) -> bytes:
    """One field of a message: a whole number, or bytes, text or a message inside."""
    if isinstance(value, int):
        return number(place << 3) + number(value)
    content = value.encode() if isinstance(value, str) else value
    return number(place << 3 | 2) + number(len(content)) + content


def tensor(name: str, values: np.ndarray) -> bytes:
    """TensorProto of float32."""
    dims = b"".join(field(1, size) for size in values.shape)
    return dims + field(2, FLOAT) + field(8, name) + field(9, values.astype("<f4").tobytes())


def value(name: str, shape: tuple[int | str, ...]) -> bytes:
    """ValueInfoProto of float32."""
    dims = b"".join(field(1, field(1, it) if isinstance(it, int) else field(2, it)) for it in shape)
    return field(1, name) + field(2, field(1, field(1, FLOAT) + field(2, dims)))


def node(kind: str, inputs: list[str], output: str) -> bytes:
    """NodeProto without attributes."""
    return b"".join(field(1, it) for it in inputs) + field(2, output) + field(4, kind)


def onnx_file(weights: np.ndarray, batch: int | str = "B", kind: str = "MatMul", size: int = SIZE) -> bytes:
    """A network: images (batch, 3, size, size), flattened, and ``weights`` (3 size size, D), joined by ``kind``."""
    graph = (
        field(1, node("Flatten", ["images"], "flat"))
        + field(1, node(kind, ["flat", "weights"], "embedding"))
        + field(2, "tiny")
        + field(5, tensor("weights", weights))
        + field(11, value("images", (batch, 3, size, size)))
        + field(12, value("embedding", (batch, weights.shape[1])))
    )
    return field(1, 8) + field(7, graph) + field(8, field(1, "") + field(2, 13))


def weights_of(seed: int = 0, width: int = WIDTH, size: int = SIZE) -> np.ndarray:
    """Random weights (3 size size, width)."""
    return np.random.default_rng(seed).normal(size=(3 * size * size, width)) / size


def values(path: Path | str, content: bytes, **changed: object) -> dict[str, object]:
    """A manifest's fields, of a file with this content."""
    return {
        "file": str(path), "format": "onnx", "sha256": hashlib.sha256(content).hexdigest(), "image_size": SIZE,
        "channels": "RGB", "mean": 127.5, "scale": 127.5, "flip": False, "flip_fusion": "sum",
        "alignment": "arcface", "embedding_dim": WIDTH, "train_set": "not stated", "licence": "MIT",
        "source": "made here", **changed,
    }  # fmt: skip


def manifest(path: Path, content: bytes, **changed: object) -> Manifest:
    """Write the file; its manifest."""
    path.write_bytes(content)
    return Manifest.model_validate(values(path, content, **changed))
