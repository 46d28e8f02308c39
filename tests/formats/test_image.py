"""Encoded images: sizes without decoding, and files that promise what they do not hold."""

import struct
import zlib
from contextlib import suppress

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lgaf.errors import DataError
from lgaf.formats.image import MAX_PIXELS, decode_image, image_size

PIXELS = np.random.default_rng(0).integers(0, 256, (13, 17, 3), np.uint8)


def encode(extension, *options):
    return cv2.imencode(extension, PIXELS[..., ::-1], options)[1].tobytes()


WHOLE = {
    "png": encode(".png"),
    "bmp": encode(".bmp"),
    "jpg": encode(".jpg"),
    "progressive": encode(".jpg", cv2.IMWRITE_JPEG_PROGRESSIVE, 1, cv2.IMWRITE_JPEG_OPTIMIZE, 1),
    "restarts": encode(".jpg", cv2.IMWRITE_JPEG_RST_INTERVAL, 1),
    "padded": encode(".jpg").replace(b"\xff\xdb", b"\xff\xff\xff\xdb", 1),
    "garbage between markers": encode(".jpg").replace(b"\xff\xdb", b"junk\xff\x00\xff\x01\xff\xdb", 1),
}


@pytest.mark.parametrize("kind", WHOLE)
def test_whole_images(kind):
    assert image_size(WHOLE[kind]) == (13, 17)
    reference = cv2.imdecode(np.frombuffer(WHOLE[kind], np.uint8), cv2.IMREAD_COLOR)
    np.testing.assert_array_equal(decode_image(WHOLE[kind], "x"), reference[..., ::-1])
    if kind in ("png", "bmp"):
        np.testing.assert_array_equal(decode_image(WHOLE[kind], "x"), PIXELS)


def png(width, height):
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n\0\0\0\x0d" + chunk + struct.pack(">I", zlib.crc32(chunk)) + b"\0\0\0\0IEND\xaeB`\x82"


LARGE = {
    "png": png(2**15, 2**14),
    "jpg": WHOLE["jpg"].replace(struct.pack(">HH", 13, 17), struct.pack(">HH", 65500, 65500)),
    "bmp": WHOLE["bmp"].replace(struct.pack("<ii", 17, 13), struct.pack("<ii", 2**15, -(2**15))),
}


@pytest.mark.parametrize("kind", LARGE)
def test_headers_that_promise_too_much(kind):
    assert LARGE[kind] != WHOLE[kind]
    with pytest.raises(DataError, match=rf"here: \d+x\d+ pixels are more than {MAX_PIXELS}; no photo is so large"):
        decode_image(LARGE[kind], "here")


@pytest.mark.parametrize(
    "encoded",
    [
        b"",
        b"<html>404</html>",
        b"\xff\xd8\xff\xe0",
        b"\xff\xd8\xff\xe0\0\0" * 9,
        b"\xff\xd8\xff\xc0\0",
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xff",
        WHOLE["jpg"][:2] + WHOLE["jpg"],
        WHOLE["png"][:20],
        WHOLE["png"][:-1],
        WHOLE["png"][:8] + WHOLE["png"][8:33] * 2 + WHOLE["png"][33:],  # two headers
        WHOLE["png"].replace(b"IDAT", b"acTL", 1),  # animated
        png(0, 5),
        b"BM",
        b"P6 999999 999999 255\n",
        b"P6 1 1 255\nabc",
        encode(".tiff"),
    ],
)
def test_what_is_no_image(encoded):
    with pytest.raises(
        DataError, match=rf"here: not a readable image \({len(encoded)} bytes\); JPEG, PNG and BMP are read"
    ):
        decode_image(encoded, "here")


def test_a_chunk_that_promises_four_billion_bytes():
    """Found by fuzz/image.py: OpenCV made room for them."""
    damaged = WHOLE["png"].replace(WHOLE["png"][33:41], b"\xf8)IDAT\x08\x1d")
    assert damaged != WHOLE["png"]
    with pytest.raises(DataError, match="not a readable image"):
        decode_image(damaged, "here")


@settings(max_examples=300)
@given(data=st.data(), kind=st.sampled_from(list(WHOLE)))
def test_changed_bytes_are_an_error_or_an_image_of_the_size_promised(data, kind):
    damaged = bytearray(WHOLE[kind])
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    encoded = bytes(damaged[: data.draw(st.just(len(damaged)) | st.integers(0, len(damaged)))])
    with suppress(DataError):
        assert decode_image(encoded, "x").shape == (*image_size(encoded), 3)
