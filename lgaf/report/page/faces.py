"""Faces for the page: whose may be shown, and small copies of them."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

from lgaf.errors import DataError
from lgaf.formats.pack import Pack
from lgaf.report.columns import kind_and_name

GENERATED = "world"
"""The kind of benchmarks whose faces nobody has."""
SIDE = 96
"""Pixels of the longer side; a larger face is made smaller."""
QUALITY = 80


def may_show(benchmark: str, faces: bool) -> bool:
    """Whether the page shows the faces of ``benchmark``, as results name it; faces: ``report.faces`` of params.yaml."""
    return faces or kind_and_name(benchmark)[0] == GENERATED


def thumbnails(path: Path, names: Iterable[str]) -> dict[str, str]:
    """{name: data URI of a WebP} of the images ``names`` of a pack.

    Raises:
        DataError: the pack is missing or broken, or lacks one of them.
    """
    pack = Pack(path)
    places = {name: place for place, name in enumerate(pack.names)}
    found = {}
    for name in names:
        if name not in places:
            raise DataError(f"{path}: has no image {name!r}, which a trial is of; run `dvc repro`")
        found[name] = thumbnail(pack.image(places[name]))
    return found


def thumbnail(image: np.ndarray) -> str:
    """(H, W, 3) uint8 RGB as the data URI of a WebP."""
    scale = SIDE / max(image.shape[:2])
    if scale < 1:
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    content = cv2.imencode(".webp", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_WEBP_QUALITY, QUALITY])[1]
    return data_uri(content.tobytes(), "webp")


def data_uri(content: bytes, kind: str) -> str:
    """An image's bytes as an address that needs no network."""
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
