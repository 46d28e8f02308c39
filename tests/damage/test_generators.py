"""Each kind of damage: as strong as asked for, the worse the higher the level, and of the face's own kind alone."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest

from lgaf.align.warp import similarity, template
from lgaf.damage.face import Face
from lgaf.damage.generators import MAKE
from lgaf.damage.kinds import BY_NAME, GROUPS, KINDS, kinds_of
from lgaf.damage.pack import damaged

MISSING = kinds_of("missing")
SIZES = (64, 112)


def drawn_face(size: int) -> Face:
    """Skin, eyes, mouth and a fine texture all over, so that what is lost can be measured."""
    rng = np.random.default_rng(0)
    image = np.full((size, size, 3), (180, 140, 120), np.uint8)
    points = template(size).astype(np.float32)
    for x, y in points:
        cv2.circle(image, (round(float(x)), round(float(y))), size // 16, (40, 30, 60), -1, cv2.LINE_AA)
    texture = rng.integers(-20, 20, image.shape)
    return Face(np.clip(image + texture, 0, 255).astype(np.uint8), points)


def test_every_kind_is_made_and_in_one_group():
    assert list(MAKE) == [kind.name for kind in KINDS]
    assert sorted(name for group in GROUPS for name in kinds_of(group)) == sorted(BY_NAME)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("size", SIZES)
def test_damage_is_an_image_that_follows_from_seed_kind_level_and_name_alone(kind, size):
    face = drawn_face(size)
    before = face.image.copy()
    first = damaged(face, kind, 2, 5, 0, "lfw/a")[0]
    assert first.shape == (size, size, 3)
    assert first.dtype == np.uint8
    assert (face.image == before).all()
    for other in KINDS:  # whatever was damaged in between
        damaged(face, other, 1, 5, 0, "lfw/b")
    assert (damaged(face, kind, 2, 5, 0, "lfw/a")[0] == first).all()
    if kind.name != "blur":  # which leaves nothing to chance
        assert (damaged(face, kind, 2, 5, 0, "lfw/b")[0] != first).any()
        assert (damaged(face, kind, 2, 5, 1, "lfw/a")[0] != first).any()
    assert (damaged(face, kind, 3, 5, 0, "lfw/a")[0] != first).any()


@pytest.mark.parametrize("name", MISSING)
@pytest.mark.parametrize("size", SIZES)
def test_the_hidden_share_is_what_was_asked_and_the_rest_is_untouched(name, size):
    """Measured on the images: where one cover lies on a black and on a white face, the two differ by what shows."""
    kind, points = BY_NAME[name], template(size).astype(np.float32)
    row, column = np.mgrid[:size, :size] * 112 / size
    oval = ((column - 56) / 40) ** 2 + ((row - 70) / 52) ** 2 <= 1
    for level in range(1, 6):
        for image in "abcd":
            black, white = (
                damaged(Face(np.full((size, size, 3), grey, np.uint8), points), kind, level, 5, 0, image)
                for grey in (0, 255)
            )
            seen = (white[0].astype(float) - black[0]).mean(axis=2) / 255
            assert black[1] == pytest.approx(kind.strength((level - 1) / 4), abs=0.02)
            assert 1 - seen[oval].mean() == pytest.approx(black[1], abs=0.01)
            assert (seen == 1).any()


def moved(found: np.ndarray, face: Face) -> np.ndarray:
    """Dense optical flow, an independent look at where parts went, in eye distances."""
    grey = [cv2.cvtColor(cv2.GaussianBlur(image, (0, 0), 1.5), cv2.COLOR_RGB2GRAY) for image in (face.image, found)]
    return cv2.calcOpticalFlowFarneback(*grey, None, 0.5, 4, 15, 5, 5, 1.1, 0) / face.eyes


def test_the_layout_moves_by_the_strength_and_no_similarity_undoes_it():
    face, kind = drawn_face(112), BY_NAME["warp"]
    shifts = []
    for level in (1, 2, 3):
        flow = np.stack([moved(damaged(face, kind, level, 5, 0, image)[0], face) for image in "abcdef"])
        inner = flow[:, 30:100:4, 26:86:4]
        shifts.append(float(np.sqrt((inner**2).sum(axis=-1).mean())))
        places = np.stack(np.meshgrid(np.arange(26, 86, 4), np.arange(30, 100, 4)), axis=-1).reshape(-1, 2)
        for each in inner.reshape(len(flow), -1, 2):
            fit = similarity(places, places + each * face.eyes)
            turn = np.degrees(np.arctan2(fit[1, 0], fit[0, 0]))
            assert abs(turn) < 8
            assert 0.9 < np.linalg.norm(fit[:, 0]) < 1.1
    for shift, level in zip(shifts, (1, 2, 3), strict=True):
        assert shift == pytest.approx(kind.strength((level - 1) / 4), rel=0.45)
    assert shifts == sorted(shifts)


def fine(image: np.ndarray) -> float:
    """Energy of what a soft blur takes away."""
    image = image.astype(np.float32)
    return float((image - cv2.GaussianBlur(image, (0, 0), 1.5)).std())


@pytest.mark.parametrize("name", ["low_resolution", "blur", "motion", "contrast"])
def test_detail_is_lost_level_by_level(name):
    face = drawn_face(112)
    left = [fine(damaged(face, BY_NAME[name], level, 5, 0, "a")[0]) for level in range(1, 6)]
    assert fine(face.image) > left[0]
    assert all(b < a + 0.3 for a, b in pairwise(left))
    assert left[-1] < left[0]


@pytest.mark.parametrize("name", ["jpeg", "noise"])
def test_what_is_added_grows_level_by_level(name):
    face = drawn_face(112)
    levels = range(1, 6)
    off = [
        np.abs(damaged(face, BY_NAME[name], level, 5, 0, "a")[0].astype(int) - face.image).mean() for level in levels
    ]
    assert off == sorted(off)


def test_noise_has_the_deviation_that_it_says():
    face = Face(np.full((112, 112, 3), 128, np.uint8), template(112))
    found, sigma = MAKE["noise"](face, 20.0, np.random.default_rng(0))
    assert sigma == 20
    assert found.astype(float).std() == pytest.approx(20, rel=0.03)


def test_blur_spreads_a_point_over_the_disc_that_it_says():
    image = np.zeros((112, 112, 3), np.uint8)
    image[56, 56] = 255
    face = Face(image, template(112))
    radius = 4.5
    found, _ = MAKE["blur"](Face(image, face.points), radius / face.eyes, np.random.default_rng(0))
    row, column = np.mgrid[:112, :112] - 56
    assert (found[..., 0] > 0)[np.hypot(row, column) < radius - 1].all()
    assert not (found[..., 0] > 0)[np.hypot(row, column) > radius + 1.5].any()


def test_low_resolution_leaves_as_many_pixels_as_it_says():
    """What is enlarged from n pixels cannot hold more frequencies than n pixels do."""
    rng = np.random.default_rng(0)
    face = Face(rng.integers(0, 256, (112, 112, 3), dtype=np.uint8), template(112))
    found, _ = MAKE["low_resolution"](face, 6.0, rng)
    power = np.abs(np.fft.fft2(found[..., 0] - found[..., 0].mean())) ** 2
    cycles = np.abs(np.fft.fftfreq(112))
    high = np.maximum(cycles[:, None], cycles) > 0.5 * 6.0 / face.eyes * 1.6
    assert power[high].sum() < 0.03 * power.sum()
