import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lgaf.train.augment as module
from lgaf.train.augment import augment, cover, crop, low_resolution, noise, photometric, warp
from lgaf.train.settings import AugmentSettings

NONE = AugmentSettings(**dict.fromkeys(AugmentSettings.model_fields, 0))
ALL = AugmentSettings(**dict.fromkeys(AugmentSettings.model_fields, 1))
ORDER = ("flip", "warp", "crop", "cover", "low_resolution", "photometric", "noise")
"""Of the changes, and of the draws that decide on them."""


def face(seed: int, side: int = 32) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (side, side, 3), np.uint8)


def test_nothing_asked_nothing_done():
    image, visible = augment(face(0), NONE, np.random.default_rng(0))
    assert (image == face(0)).all()
    assert visible.all()


def test_flip_mirrors_columns():
    flipped, _ = augment(face(0), NONE.model_copy(update={"flip": 1.0}), np.random.default_rng(0))
    for column in range(32):
        assert (flipped[:, column] == face(0)[:, 31 - column]).all()


@given(st.integers(0, 2**32 - 1), st.integers(8, 48))
def test_shape_type_and_determinism(seed, side):
    (once, visible), (again, seen) = (augment(face(1, side), ALL, np.random.default_rng(seed)) for _ in range(2))
    assert once.shape == (side, side, 3)
    assert visible.shape == (side, side)
    assert (once.dtype, visible.dtype) == (np.uint8, bool)
    assert (once == again).all()
    assert (visible == seen).all()


@pytest.mark.parametrize("name", ORDER[1:])
def test_each_probability_is_of_its_own_change(name):
    def draws():
        rng = np.random.default_rng(5)
        return rng, rng.random(len(ORDER))

    expected = getattr(module, name)(face(4), draws()[0])
    expected, hides = (expected[0], True) if isinstance(expected, tuple) else (expected, False)
    assert (expected != face(4)).any()
    only = NONE.model_copy(update={name: 1.0})
    found, visible = augment(face(4), only, np.random.default_rng(5))
    assert (found == expected).all()
    assert visible.all() == (not hides)
    chance = draws()[1][ORDER.index(name)]
    for share, happens in ((chance + 1e-9, True), (chance - 1e-9, False)):
        found, _ = augment(face(4), NONE.model_copy(update={name: share}), np.random.default_rng(5))
        assert (found != face(4)).any() == happens


def test_all_changes_in_order():
    rng = np.random.default_rng(6)
    rng.random(len(ORDER))
    image, kept = crop(warp(face(5)[:, ::-1], rng), rng)
    image, uncovered = cover(image, rng)
    expected = noise(photometric(low_resolution(image, rng), rng), rng)
    found, visible = augment(face(5), ALL, np.random.default_rng(6))
    assert (found == expected).all()
    assert (visible == (kept & uncovered)).all()


@given(st.integers(0, 2**32 - 1), st.integers(8, 40), st.integers(8, 40))
def test_a_cover_hides_what_it_says_and_nothing_else(seed, height, width):
    image = np.random.default_rng(seed + 1).integers(0, 256, (height, width, 3), np.uint8)
    found, visible = cover(image, np.random.default_rng(seed))
    assert (found[visible] == image[visible]).all()
    assert (~visible).mean() < 0.75


def test_covers_span_the_shares_forms_and_fillings_said():
    grey = np.full((64, 64, 3), 128, np.uint8)
    shares, flat, boxes = [], 0, 0
    for seed in range(400):
        found, visible = cover(grey, np.random.default_rng(seed))
        shares.append((~visible).mean())
        flat += len(np.unique(found[~visible], axis=0)) == 1
        rows, columns = np.nonzero(~visible)
        boxes += len(rows) == np.ptp(rows) * np.ptp(columns) + np.ptp(rows) + np.ptp(columns) + 1 if len(rows) else 0
    assert 0.1 < np.mean(shares) < 0.3
    assert max(shares) > 0.5
    assert 400 * 0.16 * 0.6 < flat < 400 * 0.16 * 1.5  # neither shaded nor grained
    assert 60 < boxes < 180  # one rectangle: a quarter of all, and twos that one side of the image cuts


@given(st.integers(0, 2**32 - 1))
def test_a_warp_moves_and_does_not_paint(seed):
    """A ramp of brightness tells where each pixel came from: near its place, and smoothly."""
    ramp = np.repeat(np.arange(64, dtype=np.uint8)[None, :, None] * 4, 64, axis=0).repeat(3, axis=2)
    moved = warp(ramp, np.random.default_rng(seed))[..., 0].astype(float) / 4 - np.arange(64)
    inner = moved[12:-12, 12:-12]
    assert np.abs(inner).max() < 0.04 * 64 * 5
    assert np.abs(np.diff(inner, axis=0)).max() < 3.5


def test_noise_has_the_spread_said_and_no_bias():
    grey = np.full((64, 64, 3), 128, np.uint8)
    found = [noise(grey, np.random.default_rng(seed)).astype(float) - 128 for seed in range(200)]
    spreads = np.array([it.std() for it in found])
    assert 1.5 < spreads.min() < 4
    assert 46 < spreads.max() < 51
    assert abs(np.mean(found)) < 0.6
    grey_ones = [(it[..., 0] == it[..., 2]).all() for it in found]
    assert 60 < sum(grey_ones) < 140


@given(st.integers(0, 2**32 - 1))
def test_crop_keeps_a_rectangle_in_place(seed):
    image = np.maximum(face(2), 1)
    kept, visible = crop(image, np.random.default_rng(seed))
    assert (kept.any(axis=2) == visible).all()
    rows, columns = np.nonzero(kept.any(axis=2))
    inside = np.s_[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    assert (kept[inside] == image[inside]).all()
    assert kept.sum() == image[inside].sum()
    height, width = kept[inside].shape[:2]
    assert 0.15 < height * width / 32**2 <= 1


def test_crops_span_the_areas_aspects_and_places_said():
    white, kept = np.full((60, 90, 3), 255, np.uint8), []
    for seed in range(1500):
        rows, columns = np.nonzero(crop(white, np.random.default_rng(seed))[1])
        kept.append((rows.min(), rows.max() + 1, columns.min(), columns.max() + 1))
    top, bottom, left, right = np.array(kept).T
    high, wide = bottom - top, right - left
    free = (high < 60) & (wide < 90)
    area = high * wide / (60 * 90)
    assert area.min() == pytest.approx(0.2, abs=0.01)
    assert area.max() > 0.95
    assert np.histogram(area, 4, (0.2, 1))[0].min() > 250  # evenly
    aspect = (wide / high / 1.5)[free]  # of the image's own
    assert aspect.min() == pytest.approx(3 / 4, abs=0.04)
    assert aspect.max() == pytest.approx(4 / 3, abs=0.06)
    assert abs(np.log(aspect).mean()) < 0.03
    assert min(top.min(), left.min()) == 0
    assert (bottom.max(), right.max()) == (60, 90)
    assert abs((top + bottom)[free].mean() - 60) < 2
    assert abs((left + right)[free].mean() - 90) < 3


class Fixed:
    """A generator that draws what it is told, and keeps the bounds."""

    def __init__(self, share, interpolations):
        self.share, self.interpolations = share, interpolations

    def uniform(self, low, high):
        self.bounds = low, high
        return self.share

    def choice(self, values, count):
        self.values = values
        return self.interpolations[:count]


def test_low_resolution_by_hand():
    """To half the size by means over squares and back by repetition; anything else of the image stays."""
    image = face(7)[:8, :12] // 4 * 4
    rng = Fixed(0.5, (cv2.INTER_AREA, cv2.INTER_NEAREST))
    found = low_resolution(image, rng)
    assert (found == image.reshape(4, 2, 6, 2, 3).mean(axis=(1, 3)).repeat(2, 0).repeat(2, 1).round()).all()
    assert rng.bounds == (0.2, 1.0)
    assert set(rng.values) == {0, 1, 2, 3, 4}
    tiny = low_resolution(image[:2, :3], Fixed(0.2, (cv2.INTER_NEAREST, cv2.INTER_NEAREST)))
    assert (tiny == image[0, 0]).all()


@given(st.integers(0, 2**32 - 1))
def test_low_resolution_loses_detail_and_no_light(seed):
    checks = (np.indices((32, 32)).sum(0)[..., None].repeat(3, 2) % 2 * 255).astype(np.uint8)
    assert low_resolution(checks, np.random.default_rng(seed)).astype(float).std() <= checks.std() + 1e-9
    plain = np.full((32, 32, 3), (200, 100, 50), np.uint8)
    assert (low_resolution(plain, np.random.default_rng(seed)) == plain).all()


def test_photometric_by_another_route():
    torch = pytest.importorskip("torch")
    functional = pytest.importorskip("torchvision.transforms.v2.functional")
    for seed in range(20):
        rng = np.random.default_rng(seed)
        image = face(seed) // 2 + 60  # no clipping between the steps, which torchvision does and we do once
        ours = photometric(image, rng).astype(int)
        brightness, contrast, saturation = np.random.default_rng(seed).uniform(0.5, 1.5, 3)
        theirs = torch.from_numpy(image).permute(2, 0, 1).float() / 255
        theirs = functional.adjust_brightness(theirs, brightness)
        theirs = functional.adjust_contrast(theirs, contrast)
        theirs = functional.adjust_saturation(theirs, saturation)
        theirs = (theirs.permute(1, 2, 0).numpy() * 255).astype(int)
        unclipped = (theirs > 0) & (theirs < 255) & (ours > 0) & (ours < 255)
        assert np.abs(ours - theirs)[unclipped].mean() < 3
