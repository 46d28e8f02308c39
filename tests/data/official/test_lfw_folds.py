"""One official fold of LFW tested, everyone else with two photos trained on, on a list of ten folds."""

import shutil
from itertools import pairwise
from pathlib import Path

import miniature
import pytest
from ruamel.yaml import YAML

from lgaf.cli import main
from lgaf.config import load_settings
from lgaf.data.official.lfw import import_lfw
from lgaf.data.official.lfw_lists import one_fold, read_pairs
from lgaf.data.official.lfw_split import split_lfw
from lgaf.doctor import find_problems
from lgaf.errors import DataError
from lgaf.formats.pack import Pack
from lgaf.formats.protocol import differs, read_protocol

ROOT = Path(__file__).parents[3]
FOLD_PEOPLE, EACH = 4, 3


@pytest.fixture
def lfw(tmp_path):
    """Ten folds of four people with three photos each; outside the list Ann has two photos, Bob and Cid have one."""
    folder = tmp_path / "root" / "lfw"
    miniature.write_lfw(folder, lambda person, number: f"{person} {number}".encode())
    for person, count in (("Ann", 2), ("Bob", 1), ("Cid", 1)):
        for number in range(1, count + 1):
            miniature.put(folder / "lfw-deepfunneled" / person / f"{person}_{number:04d}.jpg", b"x")
    return folder


def people(names):
    return {name.partition("/")[0] for name in names}


@pytest.mark.parametrize("fold", [1, 7, 10])
def test_everyone_else_with_two_photos_trains(lfw, tmp_path, capsys, fold):
    import_lfw(lfw, tmp_path / "out", fold)
    train, test = Pack(tmp_path / "out" / "train.arrow"), Pack(tmp_path / "out" / "lfw.arrow")
    tested = {f"Person_{chr(64 + fold)}{index}" for index in range(FOLD_PEOPLE)}
    everyone = {path.name for path in (lfw / "lfw-deepfunneled").iterdir()}
    assert people(test.names) == tested
    assert people(train.names) == everyone - tested - {"Bob", "Cid"}
    assert len(train) == 9 * FOLD_PEOPLE * EACH + 2
    assert not set(train.labels) & set(test.labels)
    said = "train on 110 photos of 37 people; left out: 12 photos of the 4 people of fold " + (
        f"{fold} of pairs.txt, 2 people with one photo; test on 4 pairs of 6 photos of 4 people"
    )
    assert f"lfw: {said}\n" in capsys.readouterr().err
    assert said in read_protocol(tmp_path / "out" / "lfw.json").notes


def test_the_folds_pairs_are_cut_by_our_rule(lfw, tmp_path):
    """Pairs of both kinds take turns, none of another fold, and no published number may stand beside the result."""
    import_lfw(lfw, tmp_path / "out", 3)
    protocol = read_protocol(tmp_path / "out" / "lfw.json")
    block = [line.split() for line in (lfw / "pairs.txt").read_text().splitlines()[1 + 2 * 4 : 1 + 3 * 4]]
    assert [(left.split("/")[0], same) for left, _, same in protocol.pairs] == [
        (block[index][0], len(block[index]) == 3) for index in (0, 2, 1, 3)
    ]
    assert protocol.folds == 2
    assert differs(protocol.notes)
    assert any("fold 3 of the list's 10 alone, cut into 2 here" in note for note in protocol.notes)


def test_ten_folds_are_the_whole_list(lfw):
    whole = read_pairs(lfw / "pairs.txt")
    folds = [one_fold(lfw / "pairs.txt", whole, fold) for fold in range(1, 11)]
    assert [pair for fold in folds for pair in fold.pairs] == whole.pairs
    assert all(not one.people & other.people for one, other in pairwise(folds))
    assert {photo: line for fold in folds for photo, line in fold.named.items()} == whole.named


def test_without_a_fold_all_are_tested_and_people_with_one_photo_kept(lfw):
    split = split_lfw(lfw)
    assert split.tested == split.whole
    assert str(split) == (
        "train on 4 photos of 3 people (2 of them with one photo, kept); left out: 120 photos of the 40 people of "
        "pairs.txt; test on 40 pairs of 60 photos of 40 people"
    )


def refused(folder, fold, match):
    with pytest.raises(DataError, match=match) as caught:
        split_lfw(folder, fold)
    assert "\n" not in str(caught.value)


def test_folds_that_share_people_are_refused(lfw):
    path = lfw / "pairs.txt"
    text = path.read_text()
    path.write_text(text.replace("Person_C1\t1\t2", "Person_A0\t2\t3"))
    assert path.read_text() != text
    for fold in (1, 3, 9):
        refused(lfw, fold, r"pairs\.txt: Person_A0 is in folds 1 and 3, .*; fetch the list again, or set data")
    split_lfw(lfw)  # the rule is of one fold alone


def test_a_fold_that_is_not_there(lfw):
    path = lfw / "pairs.txt"
    lines = path.read_text().splitlines()
    path.write_text("\n".join(["1\t2", *lines[1:5]]))
    refused(lfw, 10, r"pairs\.txt: has one fold and no fold 10; set data\.lfw\.fold to one that is there")
    assert len(split_lfw(lfw, 1).trained) == 110
    path.write_text("\n".join(["2\t2", *lines[1:9]]))
    refused(lfw, 3, "has 2 folds and no fold 3")


def test_nobody_is_left(lfw):
    for person in (lfw / "lfw-deepfunneled").iterdir():
        if not person.name.startswith("Person_A"):
            shutil.rmtree(person)
    path = lfw / "pairs.txt"
    path.write_text("\n".join(["1\t2", *path.read_text().splitlines()[1:5]]))
    refused(lfw, 1, "no photo of anyone outside fold 1 of pairs.txt who has two photos; there is nobody to train on")


def test_train_txt_says_whom_else(lfw):
    (lfw / "train.txt").write_text("Person_B0\t1\nPerson_B0\t2\nBob\t1\n")
    said = str(split_lfw(lfw, 1))
    assert said.startswith("train on 3 photos of 2 people of train.txt (1 of them with one photo, kept); test")
    refused(lfw, 2, r"train\.txt: also in fold 2 of pairs\.txt: Person_B0; a test is of unseen people: remove them")


def test_the_setting_reaches_stage_and_doctor(lfw, tmp_path, monkeypatch, capsys):
    values = YAML(typ="safe").load(ROOT / "presets" / "lfw.yaml")
    assert values["data"]["lfw"]["fold"] == 10
    values["data"] |= {"root": str(lfw.parent), "lfw": {"fold": 4}}
    YAML(typ="safe").dump(values, tmp_path / "params.yaml")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DVC_STAGE", raising=False)
    said = "left out: 12 photos of the 4 people of fold 4 of pairs.txt"
    assert said in find_problems(load_settings("params.yaml"))[0].found
    for stage in ("settings", "photos"):
        assert main([stage]) == 0
    assert said in capsys.readouterr().err
    assert "Person_D0" in people(Pack(Path("data/photos/lfw.arrow")).names)


def test_a_copy_of_the_project_finds_its_photos(lfw, tmp_path, monkeypatch, capsys):
    """`dvc exp run --temp` runs where tracked files are only; a relative data.root is the project's."""
    values = YAML(typ="safe").load(ROOT / "presets" / "lfw.yaml")
    values["data"]["root"] = "root"
    copy = tmp_path / ".dvc" / "tmp" / "exps" / "tmp1"
    copy.mkdir(parents=True)
    YAML(typ="safe").dump(values, copy / "params.yaml")
    monkeypatch.chdir(copy)
    monkeypatch.delenv("DVC_STAGE", raising=False)
    for stage in ("settings", "photos"):
        assert main([stage]) == 0, capsys.readouterr().err
    assert people(Pack(copy / "data" / "photos" / "lfw.arrow").names) == {f"Person_J{index}" for index in range(4)}
