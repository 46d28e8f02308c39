"""The laboratory's pack: which faces are clean, how many are damaged, and the same bytes for any number of workers."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from lgaf.align.warp import template
from lgaf.damage import pack as making
from lgaf.damage.kinds import KINDS
from lgaf.damage.pack import make_pack
from lgaf.damage.settings import DamageSettings
from lgaf.damage.sheet import damage_sheet
from lgaf.errors import DataError
from lgaf.formats.pack import Pack, write_pack

SIZE = 48
GOOD = {"hidden": 0.0, "deformation": 0.0, "yaw": 0.0, "resolution": 60.0}
SMALL = DamageSettings(people=5, images=1, levels=2)


def write(path, faces, truth=tuple(GOOD)):
    """A pack of (name, label, what is wrong with it) images."""
    rng = np.random.default_rng(0)
    with write_pack(path, truth) as out:
        for name, label, wrong in faces:
            image = cv2.imencode(".png", rng.integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8))[1].tobytes()
            points = None if wrong == "no points" else template(SIZE)
            known = {**GOOD, **wrong} if isinstance(wrong, dict) else GOOD
            out.add(name, image, label, points, **{key: known[key] for key in truth})
    return path


WRONG = [{"hidden": 0.06}, {"deformation": 0.1}, {"yaw": 36.0}, {"yaw": -36.0}, {"resolution": 10.0}, "no points"]


@pytest.fixture
def packs(tmp_path):
    """In one benchmark people 0 and 1 have three clean faces, person 2 one; in the other 0 and 1 are other people."""
    first = [(f"p{p}_{k}", p, None) for p in (0, 1) for k in range(3)]
    bad = [(f"p{2}_{k}", 2, wrong) for k, wrong in enumerate([None, *WRONG])]
    second = [(f"p{p}_{k}", p, None) for p in (0, 1) for k in range(2)]
    return {"lfw": write(tmp_path / "lfw.arrow", [*first, *bad]), "agedb": write(tmp_path / "agedb.arrow", second)}


def test_only_clean_faces_of_people_with_two_are_taken(packs, tmp_path):
    make_pack(packs, tmp_path / "damage.arrow", SMALL, 0)
    found = Pack(tmp_path / "damage.arrow")
    clean = [name for name in found.names if name.startswith("clean/")]
    assert clean == [f"clean/lfw/p{p}_{k}" for p in (0, 1) for k in range(3)] + [
        f"clean/agedb/p{p}_{k}" for p in (0, 1) for k in range(2)
    ]
    assert len({*found.labels.tolist()}) == 4
    assert len(found) == len(clean) + 4 * len(KINDS) * 2


def test_the_truth_says_what_was_done(packs, tmp_path):
    make_pack(packs, tmp_path / "damage.arrow", SMALL, 0)
    found = Pack(tmp_path / "damage.arrow")
    truth = found.truth
    for index, name in enumerate(found.names):
        condition, _, face = name.partition("/")
        source = int(truth["source"][index])
        assert found.names[source] == f"clean/{face}"
        assert found.labels[index] == found.labels[source]
        if condition == "clean":
            assert (truth["kind"][index], truth["level"][index]) == (0, 0)
            continue
        kind = KINDS[int(truth["kind"][index]) - 1]
        assert condition == f"{kind.name}-{int(truth['level'][index])}"
        assert np.isfinite(truth["strength"][index])
        assert (found.image(index) != found.image(source)).any() or kind.name == "mix2"


def test_workers_change_no_byte(packs, tmp_path, monkeypatch):
    monkeypatch.setattr(making, "FACES_A_TASK", 1)
    for workers in (1, 2):
        make_pack(packs, tmp_path / f"{workers}.arrow", SMALL, 0, workers)
    assert (tmp_path / "1.arrow").read_bytes() == (tmp_path / "2.arrow").read_bytes()


def test_without_truth_every_face_counts_as_clean(tmp_path):
    path = write(tmp_path / "lfw.arrow", [(f"p{p}_{k}", p, None) for p in (0, 1) for k in range(2)], truth=())
    make_pack({"lfw": path}, tmp_path / "damage.arrow", SMALL, 0)
    assert sum(name.startswith("clean/") for name in Pack(tmp_path / "damage.arrow").names) == 4


def test_nobody_to_damage(tmp_path):
    path = write(tmp_path / "lfw.arrow", [("a", 0, None), ("b", 1, None)])
    with pytest.raises(DataError, match=r"damage: no two people with two clean faces in lfw; set damage\.enabled"):
        make_pack({"lfw": path}, tmp_path / "damage.arrow", SMALL, 0)


def test_no_laboratory_is_an_empty_pack(packs, tmp_path):
    make_pack({}, tmp_path / "damage.arrow", DamageSettings(enabled=False), 0)
    assert len(Pack(tmp_path / "damage.arrow")) == 0


def test_the_sheet_shows_every_kind(packs, tmp_path):
    make_pack(packs, tmp_path / "damage.arrow", SMALL, 0)
    damage_sheet(tmp_path / "damage.arrow", tmp_path / "sheet.jpg")
    height = cv2.imread(str(tmp_path / "sheet.jpg")).shape[0]
    assert height == 80 * len(KINDS)


def test_no_benchmark_is_for_the_laboratory(tmp_path):
    """As where searches alone are asked for, or photos of the user's own: an empty pack."""
    make_pack({}, tmp_path / "damage.arrow", SMALL, 0)
    assert len(Pack(tmp_path / "damage.arrow")) == 0
