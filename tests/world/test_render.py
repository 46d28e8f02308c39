"""Packs and lists: the same for any number of workers, disjoint people, the truth of every image, clean stops."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from gallery import shoot

from lgaf.errors import DataError
from lgaf.formats.image import decode_image
from lgaf.formats.pack import Pack
from lgaf.formats.protocol import Identification, Verification, read_protocol
from lgaf.world import render
from lgaf.world.benchmarks import BENCHMARKS, people_of, plan
from lgaf.world.contact_sheet import contact_sheet
from lgaf.world.photograph import TRUTH, Studio
from lgaf.world.render import render_world
from lgaf.world.settings import WorldSettings

TINY = WorldSettings(train_people=3, train_images=3, pair_people=3, pair_images=4, pairs=12, search_people=2,
                     distractors=2, mugshot_people=2)  # fmt: skip
NAMES = ("train", *BENCHMARKS)


@pytest.fixture(scope="module")
def world(basis_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    render_world(basis_path, folder, TINY, seed=3, workers=2)
    return folder


def test_the_same_to_the_last_bit_for_any_number_of_workers(world: Path, basis_path: Path, tmp_path: Path) -> None:
    """In another interpreter, with one worker, and where neither anny nor torch can be imported."""
    code = (
        "import sys\n"
        "class Refuse:\n"
        "    def find_spec(self, name, *rest):\n"
        "        if name.split('.')[0] in ('anny', 'torch'): raise ImportError(name)\n"
        "if __name__ == '__main__':\n"
        "    sys.meta_path.insert(0, Refuse())\n"
        "    from lgaf.world.render import render_world\n"
        "    from lgaf.world.settings import WorldSettings\n"
        "    render_world(sys.argv[1], sys.argv[2], WorldSettings.model_validate_json(sys.argv[3]), 3, workers=1)\n"
    )
    script = tmp_path / "alone.py"
    script.write_text(code)
    again = tmp_path / "again"
    command = [sys.executable, str(script), str(basis_path), str(again), TINY.model_dump_json()]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2],
                          env={**__import__("os").environ, "PYTHONPATH": str(Path(__file__).parents[2])})  # fmt: skip
    assert done.returncode == 0, done.stderr
    for file in sorted(world.iterdir()):
        assert file.read_bytes() == (again / file.name).read_bytes(), file.name
    assert sorted(p.name for p in again.iterdir()) == sorted(p.name for p in world.iterdir())


def test_another_seed_is_another_world(studio: Studio) -> None:
    world = plan(TINY)[0]
    shots = people_of(world.shots)[0]
    one, other = (render.photographs(studio, world, shots[:1], 250, seed)[0] for seed in (3, 4))
    assert one.image != other.image


def test_packs_hold_what_the_settings_ask_for(world: Path) -> None:
    for name in NAMES:
        pack = Pack(world / f"{name}.arrow")
        assert len(set(pack.names)) == len(pack)
        assert set(pack.truth) == {*TRUTH, "distance"}
        assert all(np.isfinite(values).all() for values in pack.truth.values())
        for k in range(len(pack)):
            assert pack.image(k).shape == (250, 250, 3)
            points = pack.landmarks(k)
            assert points is not None
            assert ((points > -20) & (points < 270)).all()
            if abs(pack.truth["yaw"][k]) < 30:
                assert points[0, 0] < points[1, 0]
                assert points[3, 0] < points[4, 0]
            if abs(pack.truth["yaw"][k]) < 30 and abs(pack.truth["roll"][k]) < 30:
                assert points[:2, 1].max() < points[2, 1] < points[3:, 1].min() + 8
        assert ((pack.truth["hidden"] >= 0) & (pack.truth["hidden"] <= 1)).all()
    assert len(Pack(world / "train.arrow")) == 9
    assert len(Pack(world / "scface.arrow")) == 2 * 16


def test_nobody_is_in_two_packs() -> None:
    numbers = [{shot.person for shot in world.shots} for world in plan(WorldSettings())]
    assert sum(map(len, numbers)) == len(set.union(*numbers))
    assert len(numbers[0]) == WorldSettings().train_people


def test_pairs_are_what_they_say(world: Path) -> None:
    for name in ("lfw", "cfp_fp", "cplfw", "calfw", "agedb"):
        pack, lists = Pack(world / f"{name}.arrow"), read_protocol(world / f"{name}.json")
        assert isinstance(lists, Verification)
        at = {n: k for k, n in enumerate(pack.names)}
        assert sum(same for *_, same in lists.pairs) == 12
        assert len({frozenset(pair[:2]) for pair in lists.pairs}) == len(lists.pairs) == 24
        for left, right, same in lists.pairs:
            assert (pack.labels[at[left]] == pack.labels[at[right]]) == same
            yaw, age = (np.abs(pack.truth[key][[at[left], at[right]]]) for key in ("yaw", "age"))
            if name == "cfp_fp":
                assert yaw.max() >= 60 > 30 > yaw.min()
            if name == "cplfw":
                assert ((yaw >= 10) & (yaw <= 60)).all()
            if name == "calfw":
                assert age[1] - age[0] >= 15
            if name == "agedb" and same:
                assert 18 < age[1] - age[0] < 42


def test_all_pairs_are_of_every_image_and_cross_kinds_where_the_drawn_do(world: Path) -> None:
    for name in ("lfw", "cfp_fp", "cplfw", "calfw", "agedb"):
        pack, lists = Pack(world / f"{name}.arrow"), read_protocol(world / f"{name}.json")
        assert isinstance(lists, Verification)
        assert sorted(image for images in lists.all_pairs for image in images) == sorted(pack.names)
        if name in ("lfw", "cplfw"):
            assert len(lists.all_pairs) == 1
            continue
        first, second = lists.all_pairs
        assert len(first) == len(second) == 3 * 2
        assert all(left in first and right in second for left, right, _ in lists.pairs)
        at = {n: k for k, n in enumerate(pack.names)}
        yaw, age = np.abs(pack.truth["yaw"]), pack.truth["age"]
        if name == "cfp_fp":
            assert max(yaw[at[n]] for n in first) < 60 <= min(yaw[at[n]] for n in second)
        if name == "calfw":
            assert max(age[at[n]] for n in first) + 15 <= min(age[at[n]] for n in second)


def test_negatives_of_calfw_share_sex_and_origin(studio: Studio) -> None:
    settings = WorldSettings()
    calfw = next(world for world in plan(settings) if world.name == "calfw")
    first = {shot.name: shot for shot in calfw.shots}
    lists = render.protocol(calfw, settings, 1)
    assert isinstance(lists, Verification)
    for left, right, _ in [pair for pair in lists.pairs if not pair[2]][:40]:
        one, other = (calfw.person(studio.basis, 1, first[name]) for name in (left, right))
        assert (one.male, one.origin) == (other.male, other.origin)
        assert one.number != other.number


def test_galleries_and_probes_are_what_they_say(world: Path) -> None:
    tiny, scface = (read_protocol(world / f"{name}.json") for name in ("tinyface", "scface"))
    assert isinstance(tiny, Identification)
    assert isinstance(scface, Identification)
    pack = Pack(world / "tinyface.arrow")
    label = dict(zip(pack.names, pack.labels, strict=True))
    assert {label[n] for n in tiny.probes[""]} == {label[n] for n in tiny.gallery} == {0, 1}
    assert {label[n] for n in tiny.distractors} == {2, 3}
    assert not set(tiny.gallery) & set(tiny.probes[""])
    assert (pack.truth["resolution"] <= 12.01).all()
    pack = Pack(world / "scface.arrow")
    at = {n: k for k, n in enumerate(pack.names)}
    means = []
    for step in ("d1", "d2", "d3"):
        rows = [at[n] for n in scface.probes[step]]
        assert len(rows) == 2 * 5
        assert (pack.truth["distance"][rows] == int(step[1])).all()
        means.append(pack.truth["resolution"][rows].mean())
    assert means == sorted(means)
    assert (pack.truth["distance"][[at[n] for n in scface.gallery]] == 0).all()


def test_what_is_said_of_an_image_is_so(studio: Studio) -> None:
    front = shoot(studio, 1, 0, style="bald")
    assert front.photo.truth["hidden"] < 0.02
    covered = shoot(studio, 1, 0, style="bald", mask="mask")
    assert 0.25 < covered.photo.truth["hidden"] < 0.75
    assert np.allclose(front.photo.landmarks, covered.photo.landmarks, atol=1e-3)
    moved = shoot(studio, 1, 0, style="bald", deformation=0.2)
    eyes = np.linalg.norm(front.photo.landmarks[0] - front.photo.landmarks[1])
    shift = np.linalg.norm(moved.photo.landmarks - front.photo.landmarks, axis=1) / eyes
    assert 0 < shift.max() < 0.3
    left, right = (shoot(studio, 1, 0, yaw=yaw).photo.landmarks for yaw in (-40.0, 40.0))
    assert left[2, 0] - left[:2, 0].mean() < 0 < right[2, 0] - right[:2, 0].mean()
    down, up = (shoot(studio, 1, 0, yaw=0.0, roll=0.0, pitch=pitch).photo.landmarks for pitch in (20.0, -20.0))
    assert down[2, 1] - down[:2, 1].mean() > up[2, 1] - up[:2, 1].mean()


def test_a_stop_half_way_leaves_nothing(basis_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def stop(*_: object, **__: object) -> None:
        calls.append(1)
        if len(calls) == 5:
            raise KeyboardInterrupt

    monkeypatch.setattr("lgaf.formats.pack.PackWriter.add", stop)
    with pytest.raises(KeyboardInterrupt):
        render_world(basis_path, tmp_path / "out", TINY, 3, workers=1)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_contact_sheet_has_a_row_for_each_kind(world: Path, tmp_path: Path) -> None:
    """Labels at the left, then up to ten faces in the order of the pack; white where there are fewer."""
    contact_sheet([world / f"{name}.arrow" for name in NAMES], tmp_path / "sheet.jpg")
    sheet = decode_image((tmp_path / "sheet.jpg").read_bytes(), "sheet.jpg").astype(int)
    first, rows = {}, 0
    for name in NAMES:
        first[name] = rows
        rows += {"lfw": 3, "cfp_fp": 2, "calfw": 2, "scface": 4}.get(name, 1)
    assert sheet.shape == (rows * 125, 110 + 10 * 125, 3)
    assert all((sheet[row * 125 : (row + 1) * 125, :110] < 100).any() for row in range(rows))

    def shows(row: int, pack: Pack, indices: np.ndarray) -> None:
        strip = sheet[row * 125 : (row + 1) * 125, 110:]
        for column, index in enumerate(indices[:10]):
            face = pack.image(int(index)).reshape(125, 2, 125, 2, 3).mean(axis=(1, 3))
            assert np.abs(strip[:, column * 125 : (column + 1) * 125] - face).mean() < 6
        blank = strip[:, len(indices) * 125 + 16 :]  # JPEG smears edges over its blocks
        assert not blank.size or blank.mean() > 250

    train, lfw, scface = (Pack(world / f"{name}.arrow") for name in ("train", "lfw", "scface"))
    shows(first["train"], train, np.arange(9))
    hidden = np.flatnonzero(lfw.truth["hidden"] > 0.25)
    assert len(hidden) < 10
    shows(first["lfw"] + 1, lfw, hidden)
    for distance in range(4):
        shows(first["scface"] + distance, scface, np.flatnonzero(scface.truth["distance"] == distance))
    with pytest.raises(DataError, match="no pack"):
        contact_sheet([], tmp_path / "none.jpg")


def test_lists_are_json(world: Path) -> None:
    assert json.loads((world / "lfw.json").read_text())["folds"] == 10
