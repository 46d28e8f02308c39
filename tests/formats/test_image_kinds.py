"""Kinds of photos: all that are read become upright RGB of 8 bits, the others are named."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from lgaf.errors import DataError
from lgaf.formats.image import decode_image

PIXELS = np.random.default_rng(0).integers(0, 256, (13, 17, 3), np.uint8)
UPRIGHT = {
    1: lambda stored: stored,
    2: lambda stored: stored[:, ::-1],
    3: lambda stored: stored[::-1, ::-1],
    4: lambda stored: stored[::-1],
    5: lambda stored: stored.transpose(1, 0, 2),
    6: lambda stored: np.rot90(stored, -1),
    7: lambda stored: stored[::-1, ::-1].transpose(1, 0, 2),
    8: np.rot90,
}
"""EXIF's tag 274 -> the photo as it is to be seen (CIPA DC-008, 4.6.4 A)."""


def save(image, kind, **options):
    out = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(out, kind, **options)
    return out.getvalue()


@pytest.mark.parametrize("orientation", UPRIGHT)
@pytest.mark.parametrize(("kind", "options"), [("JPEG", {}), ("PNG", {}), ("WEBP", {"lossless": True})])
def test_a_photo_is_turned_upright(kind, options, orientation):
    exif = Image.Exif()
    exif[274] = orientation
    stored = decode_image(save(PIXELS, kind, **options), "x")
    found = decode_image(save(PIXELS, kind, exif=exif, **options), "x")
    np.testing.assert_array_equal(found, UPRIGHT[orientation](stored))


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_grey(kind):
    grey = cv2.GaussianBlur(PIXELS[..., 0], (0, 0), 2)
    found = decode_image(save(grey, kind), "x")
    assert (found == found[..., :1]).all()
    assert np.abs(found[..., 0].astype(int) - grey).max() <= (8 if kind == "JPEG" else 0)


def test_a_palette():
    palette = Image.fromarray(PIXELS).quantize(16)
    np.testing.assert_array_equal(decode_image(save(palette, "PNG"), "x"), np.asarray(palette.convert("RGB")))


@pytest.mark.parametrize(("kind", "options"), [("PNG", {}), ("WEBP", {"lossless": True, "exact": True})])
def test_transparency_is_left_out(kind, options):
    clear = np.dstack([PIXELS, np.random.default_rng(1).integers(0, 256, (13, 17), np.uint8)])
    np.testing.assert_array_equal(decode_image(save(clear, kind, **options), "x"), PIXELS)


def test_sixteen_bits():
    deep = PIXELS.astype(np.uint16) * 257
    np.testing.assert_array_equal(decode_image(cv2.imencode(".png", deep[..., ::-1])[1].tobytes(), "x"), PIXELS)


def test_cmyk():
    smooth = cv2.resize(PIXELS, (170, 130))
    encoded = save(Image.fromarray(smooth).convert("CMYK"), "JPEG", quality=100, subsampling=0)
    expected = np.asarray(Image.open(io.BytesIO(encoded)).convert("RGB")).astype(int)
    assert np.abs(decode_image(encoded, "x") - expected).max() <= 2


def test_a_hundred_megapixels():
    encoded = cv2.imencode(".jpg", np.full((10_000, 10_000), 90, np.uint8))[1].tobytes()
    assert decode_image(encoded, "x").shape == (10_000, 10_000, 3)


@pytest.mark.parametrize(
    ("encoded", "name"),
    [
        (save(PIXELS, "TIFF"), "TIFF"),
        (b"MM\0*\0\0\0\x08", "TIFF"),
        (save(PIXELS, "GIF"), "GIF"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"\0\0\0\x20ftypavif\0\0\0\0avifmif1", "AVIF"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
    ],
)
def test_a_kind_that_is_not_read_is_named(encoded, name):
    with pytest.raises(
        DataError, match=f"here: is {name}, which is not read: convert it; JPEG, PNG, BMP and WebP are read"
    ):
        decode_image(encoded, "here")
