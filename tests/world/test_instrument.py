"""The instrument of measure/world.py, on vectors and pictures whose figures are known beforehand."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

MEASURE = Path(__file__).parents[2] / "measure"


@pytest.fixture
def instrument(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(MEASURE))
    pytest.importorskip("tabulate")
    import world

    yield world
    for name in ("world", "networks"):
        sys.modules.pop(name, None)


def test_likeness_by_hand(instrument) -> None:
    """Two people of two photos: mates 0.6 and 1, strangers 0, 0.8, 0 and 0.8."""
    vectors = np.array([[1, 0, 0], [0.6, 0.8, 0], [0, 1, 0], [0, 1, 0]], float)
    found = instrument.likeness(vectors, np.array([7, 7, 9, 9]))
    assert found["mates"] == pytest.approx(0.8)
    assert found["mates_sd"] == pytest.approx(0.2)
    assert found["strangers"] == pytest.approx(0.4)
    assert found["strangers_sd"] == pytest.approx(0.4)
    assert found["d_prime"] == pytest.approx(0.4 / np.sqrt((0.04 + 0.16) / 2))


def test_a_part_is_pasted_in_its_place_and_in_the_tone_of_the_face(instrument) -> None:
    real = instrument.Faces(np.array([0, 0, 1]), np.full((3, 112, 112, 3), 80, np.uint8), [], [], 3)
    striped = np.full((2, 112, 112, 3), 20, np.uint8)
    striped[:, ::2] = 60
    generated = instrument.Faces(np.array([0, 1]), striped, [], [], 2)
    faces = instrument.pasted(real, generated, "nose")
    assert faces.shape == (2, 112, 112, 3)
    x, y, wide, high = instrument.PARTS["nose"]
    rows, columns = np.nonzero(faces[0, ..., 0] != 80)
    assert (abs(rows - y) < high + 12).all()
    assert (abs(columns - x) < wide + 12).all()
    inside = faces[0, y - 5 : y + 5, x - 5 : x + 5].astype(float)
    assert inside.std() > 20
    assert inside.mean() == pytest.approx(80, abs=4)


def test_strangers_are_one_photo_a_person(instrument) -> None:
    vectors = {1: [1.0, 0.0], 2: [0.6, 0.8], 3: [0.0, 1.0]}
    crops = np.stack([np.full((112, 112, 3), value, np.uint8) for value in vectors])
    found = instrument.strangers(lambda crop: np.array(vectors[int(crop[0, 0, 0])]), crops)
    assert found == pytest.approx((0.6 + 0.0 + 0.8) / 3)
