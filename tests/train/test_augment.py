import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lgaf.train.augment import augment, crop, low_resolution, photometric
from lgaf.train.settings import AugmentSettings

NONE = AugmentSettings(flip=0, low_resolution=0, crop=0, photometric=0)


def face(seed: int, side: int = 32) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (side, side, 3), np.uint8)


def test_nothing_asked_nothing_done():
    assert (augment(face(0), NONE, np.random.default_rng(0)) == face(0)).all()


def test_flip_mirrors_columns():
    flipped = augment(face(0), NONE.model_copy(update={"flip": 1.0}), np.random.default_rng(0))
    for column in range(32):
        assert (flipped[:, column] == face(0)[:, 31 - column]).all()


@given(st.integers(0, 2**32 - 1), st.integers(8, 48))
def test_shape_type_and_determinism(seed, side):
    everything = AugmentSettings(flip=1, low_resolution=1, crop=1, photometric=1)
    once, again = (augment(face(1, side), everything, np.random.default_rng(seed)) for _ in range(2))
    assert once.shape == (side, side, 3)
    assert once.dtype == np.uint8
    assert (once == again).all()


@pytest.mark.parametrize("change", [crop, low_resolution, photometric])
def test_each_probability_is_of_its_own_change(change):
    def draws():
        rng = np.random.default_rng(5)
        return rng, rng.random(4)

    only = NONE.model_copy(update={change.__name__: 1.0})
    expected = change(face(4), draws()[0])
    assert (expected != face(4)).any()
    assert (augment(face(4), only, np.random.default_rng(5)) == expected).all()
    chance = draws()[1][("flip", "crop", "low_resolution", "photometric").index(change.__name__)]
    for share, happens in ((chance + 1e-9, True), (chance - 1e-9, False)):
        found = augment(face(4), NONE.model_copy(update={change.__name__: share}), np.random.default_rng(5))
        assert (found != face(4)).any() == happens


def test_all_changes_in_order():
    everything = AugmentSettings(flip=1, low_resolution=1, crop=1, photometric=1)
    rng = np.random.default_rng(6)
    rng.random(4)
    expected = photometric(low_resolution(crop(face(5)[:, ::-1], rng), rng), rng)
    assert (augment(face(5), everything, np.random.default_rng(6)) == expected).all()


@given(st.integers(0, 2**32 - 1))
def test_crop_keeps_a_rectangle_in_place(seed):
    image = np.maximum(face(2), 1)
    kept = crop(image, np.random.default_rng(seed))
    rows, columns = np.nonzero(kept.any(axis=2))
    inside = np.s_[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    assert (kept[inside] == image[inside]).all()
    assert kept.sum() == image[inside].sum()
    height, width = kept[inside].shape[:2]
    assert 0.15 < height * width / 32**2 <= 1


def test_crops_span_the_areas_aspects_and_places_said():
    white, kept = np.full((60, 90, 3), 255, np.uint8), []
    for seed in range(1500):
        rows, columns = np.nonzero(crop(white, np.random.default_rng(seed)).any(axis=2))
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
