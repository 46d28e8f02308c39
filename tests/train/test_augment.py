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


def test_low_resolution_loses_detail():
    rng = np.random.default_rng(3)
    checks = np.indices((32, 32)).sum(0)[..., None].repeat(3, 2) % 2 * 255
    assert low_resolution(checks.astype(np.uint8), rng).std() < checks.std()


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
