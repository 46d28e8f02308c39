"""InsightFace's verification files, ``lfw.bin`` and the like: a pickle of (encoded images, same person or not).

Images 2i and 2i + 1 are pair i (``recognition/arcface_torch/eval/verification.py``). They are
bytes, text of Python 2 or NumPy arrays of bytes, the answers booleans of Python or of NumPy, by the file's age.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from lgaf.data.unpickle import Array, read_pickle, write_pickle
from lgaf.errors import DataError


def read_verification_bin(path: str | Path) -> tuple[list[bytes], np.ndarray]:
    """The encoded images (2N) and for each pair whether it is of one person, (N,) bool. Nothing in the file is run.

    Raises:
        DataError: the file is missing, not whole, asks for anything but plain values, or is no list of pairs.
    """
    content = read_pickle(path)
    if not isinstance(content, tuple | list) or len(content) != 2:
        raise DataError(f"{path}: holds a {type(content).__name__}, not (images, same); fetch it again")
    answers = read_answers(path, content[1])
    found = content[0]
    if not isinstance(found, list | tuple) or len(found) != 2 * len(answers):
        count = f"{len(found)} images" if isinstance(found, list | tuple) else f"a {type(found).__name__}"
        raise DataError(f"{path}: has {count} for {len(answers)} pairs, must be two each; fetch it again")
    encoded: dict[int, bytes] = {}  # an image may be in many pairs; it is made once
    for index, image in enumerate(found):
        if id(image) not in encoded:
            encoded[id(image)] = image_bytes(path, index, image)
    return [encoded[id(image)] for image in found], answers


def read_answers(path: str | Path, content: Any) -> np.ndarray:
    """Same person or not, (N,) bool, from booleans, whole numbers 0 and 1, or an array of them."""
    values = list(content.data) if isinstance(content, Array) else content
    if not isinstance(values, list | tuple) or not values:
        raise DataError(f"{path}: has no list of same or different; fetch it again")
    for index, value in enumerate(values):
        if not isinstance(value, int) or value not in (0, 1):
            kind = "a whole number" if isinstance(value, int) else f"a {type(value).__name__}"
            raise DataError(f"{path}: pair {index}: same is {kind}, must be true or false; fetch it again")
    return np.array(values, np.bool_)


def image_bytes(path: str | Path, index: int, image: Any) -> bytes:
    """One encoded image."""
    if isinstance(image, Array):
        image = image.data
    if isinstance(image, str):  # bytes of Python 2, read and written again by Python 3
        with suppress(UnicodeEncodeError):
            image = image.encode("latin1")
    if not isinstance(image, bytes) or not image:
        kind = f"a {type(image).__name__}" if image else "empty"
        raise DataError(f"{path}: image {index} is {kind}, must be encoded bytes; fetch it again")
    return image


def write_verification_bin(path: str | Path, images: list[bytes], same: np.ndarray) -> None:
    """Write a file that InsightFace's code and all that follow it read.

    images: (2N) encoded, pair by pair; same: (N,) bool.
    """
    write_pickle(path, (images, [bool(answer) for answer in same]))
