"""`lgaf identify`: who is named, and what is left out."""

import re
from pathlib import Path

import numpy as np
import pytest

from lgaf.use.identify import identify
from lgaf.use.model import Embedded
from lgaf.use.photos import Faces


def test_a_person_is_as_near_as_the_nearest_photo():
    gallery = Path("gallery")
    names = ["ann/1.jpg", "ann/old/2.jpg", "bob/1.jpg", "cleo.png"]
    vectors = np.float32([[0, 2], [3, 4], [1, 0], [-5, 0]])
    faces = Faces([gallery / name for name in names], np.ones(4), Embedded(vectors, np.ones(4), None), {}, {})
    found = identify(np.float32([0.6, 0.8]), faces, gallery)
    assert [(each.person, each.photo) for each in found] == [
        ("ann", gallery / "ann/old/2.jpg"), ("bob", gallery / "bob/1.jpg"), ("cleo", gallery / "cleo.png")
    ]  # fmt: skip
    np.testing.assert_allclose([each.similarity for each in found], [1, 0.6, -0.6], atol=1e-6)


@pytest.fixture
def gallery(project, face, save):
    root = project / "gallery"
    save(root / "ann" / "1.png", face)
    save(root / "ann" / "wall.png", np.full((60, 50, 3), 90, np.uint8))
    save(root / "bob.png", np.ascontiguousarray(face[:, ::-1, ::-1]))
    save(root / "cleo.jpg", np.clip(face.astype(int) * 2 - 90, 0, 255).astype(np.uint8))
    return root


def test_candidates(project, gallery, thresholds, lgaf, save, face):
    save(project / "probe.png", face)
    thresholds(0.9999, threshold_low=0.9998, threshold_high=0.99995, fmr=0.01)
    status, out, error = lgaf("identify", "probe.png", "--gallery", "gallery", "--top", "2", "--fmr", "0.01")
    assert status == 0
    assert error == [
        "lgaf: warning: left out: gallery/ann/wall.png: no face of score 0.5 or more; see align.min_score and "
        "align.detect_size"
    ]
    assert "3 people, 3 photos; by lgaf, seed 0" in out
    rows = re.findall(r"\| (\d) +\| (\w+) +\| ([\d.]+) +\| (\S+) +\| (.*?) *\|", out)
    assert len(rows) == 2
    assert rows[0] == ("1", "ann", "1.000", "gallery/ann/1.png", "same person")
    assert rows[1][4].startswith("different people")
    assert "of 3 photos of strangers 0.03 pass it by chance" in out


def test_without_a_threshold(project, gallery, lgaf):
    out = lgaf("identify", "a.jpg", "--gallery", "gallery")[1]
    assert "no threshold: results/thresholds.json is not there" in out
    assert "same person" not in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nobody.png", "--gallery", "gallery"], "nobody.png: no face"),
        (["none.png", "--gallery", "gallery"], "none.png: no such file"),
        (["a.jpg", "--gallery", "none"], "none: no such folder"),
    ],
)
def test_what_is_refused(project, gallery, lgaf, arguments, said):
    status, _, error = lgaf("identify", *arguments)
    assert (status, len(error)) == (1, 1)
    assert said in error[0]
