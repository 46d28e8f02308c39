"""The picture: which panels it has, and what is laid over the faces."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from lgaf.errors import DataError
from lgaf.maps import picture

RNG = np.random.default_rng(0)
FACES = RNG.integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)
MAPS = {"visibility": RNG.random((2, 4, 4)), "head 1, kernel 3": 2 * RNG.random((2, 4, 4))}
LABELS = ["clean\nlocal weight 0.51", "noise\nlocal weight 0.40"]


def draw(path):
    picture.draw_maps(path, "What LGAF looks at", FACES, LABELS, MAPS)


@pytest.fixture
def figures(monkeypatch) -> list[Figure]:
    """The figures that are made."""
    made = []

    class Kept(Figure):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            made.append(self)

    monkeypatch.setattr(picture, "Figure", Kept)
    return made


def test_a_row_a_face_and_a_column_a_map(tmp_path, figures):
    draw(tmp_path / "a.jpg")
    (figure,) = figures
    *panels, bar = figure.axes
    assert len(panels) == 2 * 3
    assert [axes.get_title() for axes in panels] == ["face", "visibility", "head 1\nkernel 3", "", "", ""]
    assert [axes.get_ylabel() for axes in panels] == [LABELS[0], "", "", LABELS[1], "", ""]
    assert "0 hidden, 1 visible" in bar.get_xlabel()
    for row in range(2):
        face, *mapped = panels[3 * row : 3 * row + 3]
        assert np.array_equal(face.images[0].get_array(), FACES[row])
        for axes, values in zip(mapped, MAPS.values(), strict=True):
            below, above = axes.images
            assert np.array_equal(below.get_array(), FACES[row].mean(axis=2))
            assert np.array_equal(above.get_array(), values[row])
            assert list(above.get_extent()) == [0, 32, 32, 0]
            assert 0 < above.get_alpha() < 1
            assert above.norm is picture.SCALE


def test_equal_inputs_give_equal_bytes(tmp_path):
    for name in ("a.jpg", "b.jpg"):
        draw(tmp_path / name)
    assert (tmp_path / "a.jpg").read_bytes() == (tmp_path / "b.jpg").read_bytes()
    with Image.open(tmp_path / "a.jpg") as found:
        assert found.format == "JPEG"
        assert found.width > 300
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["a.jpg", "b.jpg"]


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match=r"a\.jpg: cannot be written"):
        draw(tmp_path / "file" / "a.jpg")


def test_a_long_title_is_wrapped_and_no_formula(tmp_path, figures):
    picture.draw_maps(tmp_path / "a.jpg", "What $\\frac " + 12 * "name " + "looks at", FACES, LABELS, MAPS)
    (figure,) = figures
    title = figure.get_suptitle()
    assert "$\\frac" in title
    assert max(map(len, title.split("\n"))) <= 10 * figure.get_figwidth()
    assert len(title.split("\n")) == 2
