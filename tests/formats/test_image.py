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
    "webp": encode(".webp", cv2.IMWRITE_WEBP_QUALITY, 80),
    "lossless webp": encode(".webp", cv2.IMWRITE_WEBP_QUALITY, 101),
    "extended webp": cv2.imencode(".webp", np.dstack([PIXELS, PIXELS[..., 0]]), [cv2.IMWRITE_WEBP_QUALITY, 50])[
        1
    ].tobytes(),
    "restarts": encode(".jpg", cv2.IMWRITE_JPEG_RST_INTERVAL, 1),
    "padded": encode(".jpg").replace(b"\xff\xdb", b"\xff\xff\xff\xdb", 1),
    "garbage between markers": encode(".jpg").replace(b"\xff\xdb", b"junk\xff\x00\xff\x01\xff\xdb", 1),
}


@pytest.mark.parametrize("kind", WHOLE)
def test_whole_images(kind):
    assert image_size(WHOLE[kind]) == (13, 17)
    reference = cv2.imdecode(np.frombuffer(WHOLE[kind], np.uint8), cv2.IMREAD_COLOR)
    np.testing.assert_array_equal(decode_image(WHOLE[kind], "x"), reference[..., ::-1])
    if kind in ("png", "bmp", "lossless webp"):
        np.testing.assert_array_equal(decode_image(WHOLE[kind], "x"), PIXELS)


def png(width, height):
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n\0\0\0\x0d" + chunk + struct.pack(">I", zlib.crc32(chunk)) + b"\0\0\0\0IEND\xaeB`\x82"


def webp(*chunks):
    body = b"WEBP" + b"".join(
        kind + struct.pack("<I", len(data)) + data + bytes(len(data) % 2) for kind, data in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def canvas(width, height, flags=0x10):
    return b"VP8X", struct.pack(
        "<B3xHBHB", flags, width - 1 & 0xFFFF, width - 1 >> 16, height - 1 & 0xFFFF, height - 1 >> 16
    )


LOSSY, LOSSLESS = WHOLE["webp"][20:], WHOLE["lossless webp"][20:]
LARGE = {
    "webp": WHOLE["webp"].replace(struct.pack("<HH", 17, 13), struct.pack("<HH", 16383, 16383)),
    "lossless webp": WHOLE["lossless webp"].replace(LOSSLESS[1:5], struct.pack("<I", 2**28 - 1)),
    "extended webp": webp(canvas(16384, 16384), (b"VP8L", LOSSLESS[:1] + struct.pack("<I", 2**28 - 1) + LOSSLESS[5:])),
    "png": png(2**15, 2**14),
    "jpg": WHOLE["jpg"].replace(struct.pack(">HH", 13, 17), struct.pack(">HH", 65500, 65500)),
    "bmp": WHOLE["bmp"].replace(struct.pack("<ii", 17, 13), struct.pack("<ii", 2**15, -(2**15))),
}


def animation():
    made = cv2.Animation()
    made.frames, made.durations = [PIXELS, PIXELS[::-1].copy()], np.array([100, 100])
    return made


def test_an_extended_webp_of_either_kind():
    for kind, data in ((b"VP8 ", LOSSY), (b"VP8L", LOSSLESS)):
        encoded = webp(canvas(17, 13, 0), (kind, data), (b"XMP ", b"odd"))
        assert image_size(encoded) == decode_image(encoded, "x").shape[:2] == (13, 17)
        shorter = encoded[:4] + struct.pack("<I", len(encoded) - 9) + encoded[8:-1]  # without the last byte of padding
        assert image_size(shorter) == decode_image(shorter, "x").shape[:2] == (13, 17)
        assert image_size(encoded + b"more") == (13, 17)


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
        encode(".webp")[:-1],
        encode(".webp")[:24],
        encode(".webp")[:12],
        b"RIFF\0\0\0\0WEBP",
        b"RIFF\xff\xff\xff\xffWEBPVP8 \xff\xff\xff\xff",
        b"RIFF" + encode(".webp")[4:8] + b"WAVE" + encode(".webp")[12:],
        webp((b"VP8 ", LOSSLESS)),
        webp((b"VP8L", LOSSY)),
        webp((b"VP8 ", LOSSY), (b"VP8L", LOSSLESS)),  # two images
        webp(canvas(17, 13)),
        webp(canvas(2**24, 2**24), (b"VP8 ", LOSSY)),  # a canvas larger than its image
        webp(canvas(17, 13, 0x02), (b"VP8 ", LOSSY)),  # animated
        webp(canvas(17, 13), (b"ANIM", bytes(6)), (b"VP8 ", LOSSY)),
        webp((b"VP8 ", LOSSY[:6] + bytes(4) + LOSSY[10:])),  # 0 by 0
        cv2.imencodeanimation(".webp", animation())[1].tobytes(),
    ],
)
def test_what_is_no_image(encoded):
    with pytest.raises(
        DataError, match=rf"here: not a readable image \({len(encoded)} bytes\); JPEG, PNG, BMP and WebP are read"
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
