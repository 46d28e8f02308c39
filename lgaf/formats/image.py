"""Encoded images to pixels, JPEG, PNG, BMP and WebP, and never more pixels than a photo has; pixels to PNG."""

from __future__ import annotations

import struct

import cv2
import numpy as np

from lgaf.errors import DataError

READ = "JPEG, PNG, BMP and WebP"
"""What is read, in print."""
MAX_PIXELS = 2**27
"""134 million, 400 MB: a photo of 100 megapixels is read. A file of a hundred bytes can promise 2^30, which OpenCV
would make room for."""
FOREIGN = {
    0: {b"II*\0": "TIFF", b"MM\0*": "TIFF", b"GIF8": "GIF"},
    4: {b"ftyphei": "HEIC", b"ftyphev": "HEIC", b"ftypmif": "HEIC", b"ftypavi": "AVIF", b"jP  ": "JPEG 2000"},
}
"""Place in a file -> what stands there in images of kinds that are not read -> the kind's name."""
FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
"""JPEG markers that start a frame and hold its size (ITU T.81, table B.1)."""
ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
"""JPEG markers with nothing behind them."""


def decode_image(encoded: bytes, where: str) -> np.ndarray:
    """Decode an encoded image to (H, W, 3) uint8 RGB.

    Raises:
        DataError: as :func:`decode`; ``where`` (file and record) is named.
    """
    try:
        return decode(encoded)
    except ValueError as error:
        raise DataError(f"{where}: {error}") from None


def decode(encoded: bytes) -> np.ndarray:
    """Decode an encoded image to (H, W, 3) uint8 RGB.

    It is turned upright as its EXIF says; grey, palettes, CMYK and 16 bits become RGB of 8 bits, and transparency is
    left out, which shows the colours below it.

    Raises:
        ValueError: the bytes are no image, one of a kind that is not read, or of more than ``MAX_PIXELS``.
    """
    size = image_size(encoded)
    if size is not None and size[0] * size[1] > MAX_PIXELS:
        raise ValueError(f"{size[1]}x{size[0]} pixels are more than {MAX_PIXELS}; no photo is so large")
    try:
        pixels = None if size is None else cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR_RGB)
    except cv2.error:  # a header that contradicts itself
        pixels = None
    if pixels is None:
        raise ValueError(f"{unread(encoded)}; {READ} are read")
    return pixels


def unread(encoded: bytes) -> str:
    """What is said of bytes that are no image that is read."""
    for at, kinds in FOREIGN.items():
        for start, name in kinds.items():
            if encoded.startswith(start, at):
                return f"is {name}, which is not read: convert it"
    return f"not a readable image ({len(encoded)} bytes)"


def encode(image: np.ndarray) -> bytes:
    """PNG: without loss, so that a benchmark's low quality is its own; 9 KB a crop at 64 pixels, 23 KB at 112."""
    return cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))[1].tobytes()


def image_size(encoded: bytes) -> tuple[int, int] | None:
    """Height and width as the header states them, without decoding; None where there is no such header."""
    try:
        if encoded[:3] == b"\xff\xd8\xff":
            return jpeg_size(encoded)
        if encoded[:8] == b"\x89PNG\r\n\x1a\n":
            return png_size(encoded)
        if encoded[:2] == b"BM":
            old = encoded[14:18] == b"\x0c\0\0\0"  # of OS/2
            width, height = struct.unpack_from("<HH" if old else "<ii", encoded, 18)  # negative: rows from the top
            return abs(height), abs(width)
        if encoded[:4] == b"RIFF" and encoded[8:12] == b"WEBP":
            return webp_size(encoded)
    except struct.error:  # cut short
        pass
    return None


def png_size(encoded: bytes) -> tuple[int, int] | None:
    """Height and width in the header, of a still image whose chunks are all whole.

    OpenCV makes room for as many bytes as a chunk promises, up to four billion, before it reads them.
    """
    if encoded[8:16] != b"\0\0\0\x0dIHDR":
        return None
    at = 8
    kinds: list[bytes] = []
    while at < len(encoded) and kinds[-1:] != [b"IEND"]:
        length, kind = struct.unpack_from(">I4s", encoded, at)
        kinds.append(kind)
        at += 12 + length
    if kinds[-1] != b"IEND" or at > len(encoded) or kinds.count(b"IHDR") > 1 or b"acTL" in kinds:
        return None
    width, height = struct.unpack_from(">II", encoded, 16)
    return height, width


def jpeg_size(encoded: bytes) -> tuple[int, int] | None:
    """Height and width in the first frame header; markers are found as libjpeg finds them (ITU T.81, annex B)."""
    at = 2
    while (at := encoded.find(b"\xff", at)) >= 0:
        marker = encoded[at + 1 : at + 2]
        if marker == b"\xff":  # padding
            at += 1
        elif marker in (b"", b"\xd8", b"\xd9", b"\xda"):  # the end, a second start, or pixels before their size
            return None
        elif marker[0] in FRAMES:
            return struct.unpack_from(">HH", encoded, at + 5)
        elif marker == b"\x00" or marker[0] in ALONE:
            at += 2
        else:
            at += 2 + struct.unpack_from(">H", encoded, at + 2)[0]
    return None


def webp_size(encoded: bytes) -> tuple[int, int] | None:
    """Height and width in the header, of a still image whose chunks are all whole (RFC 9649)."""
    (size,) = struct.unpack_from("<I", encoded, 4)
    at, end = 12, 8 + size
    found: dict[bytes, bytes] = {}
    while at < end <= len(encoded):
        kind, length = struct.unpack_from("<4sI", encoded, at)
        found.setdefault(kind, encoded[at + 8 : min(at + 18, end)])
        at += 8 + length + length % 2
    pixels = [kind for kind in (b"VP8 ", b"VP8L") if kind in found]
    if at not in (end, end + 1) or len(pixels) != 1 or b"ANIM" in found or b"ANMF" in found:
        return None
    inner = WEBP_SIZES[pixels[0]](found[pixels[0]])
    if b"VP8X" in found and inner != canvas_size(found[b"VP8X"]):  # libwebp makes room for one, fills the other
        return None
    return inner


def lossy_size(start: bytes) -> tuple[int, int] | None:
    """Height and width in a key frame of VP8 (RFC 6386, 9.1)."""
    width, height = struct.unpack_from("<HH", start, 6)
    return (height & 0x3FFF, width & 0x3FFF) if start[3:6] == b"\x9d\x01\x2a" else None


def lossless_size(start: bytes) -> tuple[int, int] | None:
    """Height and width in a bit stream of VP8L (RFC 9649, 3.4)."""
    signature, bits = struct.unpack_from("<BI", start)
    return ((bits >> 14 & 0x3FFF) + 1, (bits & 0x3FFF) + 1) if signature == 0x2F else None


def canvas_size(start: bytes) -> tuple[int, int] | None:
    """Height and width in the extended header; none of an animation."""
    flags, *sides = struct.unpack_from("<B3xHBHB", start)
    width, height = (low + (high << 16) + 1 for low, high in (sides[:2], sides[2:]))
    return None if flags & 0x02 else (height, width)


WEBP_SIZES = {b"VP8 ": lossy_size, b"VP8L": lossless_size}
