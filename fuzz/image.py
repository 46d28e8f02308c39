"""Encoded images."""

from pathlib import Path

import atheris
import cv2
import numpy as np
from harness import fuzz

with atheris.instrument_imports():
    from lgaf.formats.image import decode_image

PIXELS = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)
PROGRESSIVE = [cv2.IMWRITE_JPEG_PROGRESSIVE, 1, cv2.IMWRITE_JPEG_RST_INTERVAL, 1]
OPTIONS = {".bmp": [], ".png": [], ".jpg": [], ".jpeg": PROGRESSIVE,
           ".webp": [cv2.IMWRITE_WEBP_QUALITY, 80]}  # fmt: skip


def read(path: Path) -> None:
    decode_image(path.read_bytes(), str(path))


fuzz(read, *(cv2.imencode(ending, PIXELS, options)[1].tobytes() for ending, options in OPTIONS.items()))
