"""TinyFace and SCFace: who is searched for among whom."""

import re
import shutil
from pathlib import Path

import miniature
import numpy as np
import pytest
import scipy.io

from lgaf.catalogue import TINYFACE
from lgaf.data.official.readers import open_benchmark
from lgaf.data.official.run import import_run
from lgaf.data.official.scface import TEST80, tuning_images, who_is_tested
from lgaf.data.settings import OfficialOptions, ScfaceOptions
from lgaf.errors import DataError
from lgaf.formats.pack import Pack
from lgaf.formats.protocol import printed_name


def scface(root, name="scface", **choice):
    return open_benchmark(name, root, counts="any", scface=choice)


def people(names):
    return {int(name[:3]) for name in names}


def test_tinyface(layouts):
    benchmark = open_benchmark("tinyface", layouts, counts="any")
    protocol = benchmark.protocol
    labels = {image.name: image.label for image in benchmark.images}
    assert len(labels) == len(benchmark.images) == 8 + 16 + 12
    assert protocol.ranks == [1, 5, 20]
    assert {labels[name] for name in protocol.gallery} == {*range(1, 17, 2)}  # as file names count people
    assert {labels[name] for name in protocol.distractors} == {-1}
    assert protocol.probes.keys() == {""}
    for name in protocol.probes[""]:
        assert labels[name] == int(re.fullmatch(r"Probe/(\d+)_\d+\.jpg", name)[1])
    assert all(image.source.is_file() for image in benchmark.images)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda base: (base / "Probe" / "3_2.jpg").unlink(),
         r"no such image: .*Probe/3_2\.jpg \(1 of 16 images"),
        (lambda base: (base / "Gallery_Match" / "99_1.JPG").touch(),
         r"Gallery_Match/99_1\.JPG: not in the list of Gallery_Match \(1 such files\)"),
        (lambda base: shutil.rmtree(base / "Gallery_Distractor"), r"Gallery_Distractor: No such file.*tinyface\.md"),
        (lambda base: (base / "probe_img_ID_pairs.mat").unlink(), r"probe_img_ID_pairs\.mat: no such file; see docs"),
        (lambda base: shutil.copy(base / "gallery_match_img_ID_pairs.mat", base / "probe_img_ID_pairs.mat"),
         r"probe_img_ID_pairs\.mat: .*has no variable 'probe_ids'"),
        (lambda base: write_probes(base, [("1_1.jpg", 1), ("1_2.jpg", 2)]), r"row 2: 1_2\.jpg has ID 2, others .* 1;"),
        (lambda base: write_probes(base, [("1_1.jpg", 2)]), r"row 1: 1_3\.jpg has ID 1, others of its person 2;"),
        (lambda base: write_probes(base, [("1_1.jpg", 1), ("99_1.jpg", 2)]), r"the \.mat lists give two people one ID"),
        (lambda base: write_probes(base, [("1_1.jpg", 1)] * 2), r"row 2: '1_1\.jpg' again"),
        (lambda base: write_probes(base, [("../1_1.jpg", 1)]), r"row 1: '\.\./1_1\.jpg' is not named PERSON_number"),
    ],
)  # fmt: skip
def test_broken_tinyface(tmp_path, change, match):
    miniature.write_tinyface(tmp_path / "tinyface", lambda person, number: b"x")
    change(tmp_path / "tinyface" / "Testing_Set")
    with pytest.raises(DataError, match=match) as caught:
        open_benchmark("tinyface", tmp_path, counts="any")
    assert "\n" not in str(caught.value)


def write_probes(base, rows):
    """Make the list of probes anew."""
    names, ids = np.array([[name] for name, _ in rows], object), np.array([[float(identity)] for _, identity in rows])
    scipy.io.savemat(base / "probe_img_ID_pairs.mat", {"probe_ids": ids, "probe_set": names})


def test_official_tinyface_lists(published_lists, tmp_path):
    base = tmp_path / "tinyface" / "Testing_Set"
    shutil.copytree(published_lists / "tinyface", base)
    for place, file, variable in (("Probe", "probe", "probe_set"), ("Gallery_Match", "gallery_match", "gallery_set")):
        (base / place).mkdir()
        for name in scipy.io.loadmat(base / f"{file}_img_ID_pairs.mat")[variable][:, 0]:
            (base / place / name[0]).touch()
    (base / "Gallery_Distractor").mkdir()
    (base / "Gallery_Distractor" / "7_1.jpg").touch()
    with pytest.raises(DataError, match=r"Testing_Set: has 1 distractors \(published: [0-9]{3},[0-9]{3}\); get the"):
        open_benchmark("tinyface", tmp_path)
    benchmark = open_benchmark("tinyface", tmp_path, counts="any")
    labels = {image.name: image.label for image in benchmark.images}
    searched = {labels[name] for name in benchmark.protocol.gallery}
    assert len(searched) == 2569
    assert {labels[name] for name in benchmark.protocol.probes[""]} <= searched  # every probe has a mate
    assert len(benchmark.protocol.probes[""]) == TINYFACE["probes"]
    assert len(benchmark.protocol.gallery) == TINYFACE["mated gallery images"]


def test_scface_all130(layouts):
    benchmark = scface(layouts)
    protocol = benchmark.protocol
    assert people(protocol.gallery) == {*miniature.SCFACE_PEOPLE}
    assert not protocol.distractors
    assert protocol.probes.keys() == {"d1", "d2", "d3"}
    for distance in (1, 2, 3):
        names = protocol.probes[f"d{distance}"]
        assert len(names) == len(set(names)) == 5 * 7
        assert all(re.fullmatch(rf"\d{{3}}_cam[1-5]_{distance}", name) for name in names)  # infrared is left out
    labels = {image.name: image.label for image in benchmark.images}
    assert all(label == int(name[:3]) for name, label in labels.items())
    assert len(labels) == 7 + 3 * 35
    assert "protocol all130" in benchmark.notes[-1]


def test_scface_test80(layouts):
    benchmark = scface(layouts, TEST80)
    assert people(benchmark.protocol.gallery) == {51, 52, 130}
    assert people(benchmark.protocol.probes["d2"]) == {51, 52, 130}
    assert "protocol test80: people 1 to 50 left for fine-tuning" in benchmark.notes[-1]
    assert printed_name(TEST80, ["whole"]) == TEST80 != "scface"  # no table has both
    wide = scface(layouts, TEST80, gallery="everyone")
    assert people(wide.protocol.distractors) == {1, 2, 3, 50}
    assert wide.protocol.gallery == benchmark.protocol.gallery
    assert "of 4 people not searched for" in wide.notes[-1]


def test_scface_draw():
    fixed = who_is_tested(ScfaceOptions())
    assert fixed == {*range(51, 131)}
    drawn = [who_is_tested(ScfaceOptions(draw=seed)) for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert all(len(each) == 80 and each <= {*range(1, 131)} and each != fixed for each in drawn)


def test_scface_trains_whom_it_leaves(layouts, tmp_path, capsys):
    """No one is in both packs, and every photo of the others is in the training pack as it lies on the disk."""
    import_run(layouts, Path("scface"), [TEST80], {"counts": "any"}, tmp_path)
    trained, tested = Pack(tmp_path / "train.arrow"), Pack(tmp_path / f"{TEST80}.arrow")
    assert set(trained.labels.tolist()) == {1, 2, 3, 50}
    assert set(tested.labels.tolist()) == {51, 52, 130}
    assert len(trained) == 4 * 16
    names = [trained.name(row) for row in range(len(trained))]
    photo = layouts / "scface/surveillance_cameras_distance_2/cam_4/050_cam4_2.jpg"
    assert trained.encoded(names.index("050_cam4_2")) == photo.read_bytes()
    assert "train: people 1 to 50 left for fine-tuning: 64 images" in capsys.readouterr().err


def test_scface_without_those_it_leaves(tmp_path):
    miniature.write_scface(tmp_path / "scface", lambda person, number: b"x", people=(51, 60))
    with pytest.raises(DataError, match="no image of the people left for fine-tuning"):
        import_run(tmp_path, Path("scface"), [], {"counts": "any"}, tmp_path / "out")


def test_tinyface_trains_a_folder_a_person(layouts, tmp_path, capsys):
    import_run(layouts, Path("tinyface/Training_Set"), ["tinyface"], {"counts": "any"}, tmp_path)
    trained = Pack(tmp_path / "train.arrow")
    assert sorted(trained.name(row) for row in range(len(trained))) == sorted(
        f"{person}/{person}_{number}.jpg" for person in (2, 4, 6) for number in (1, 2, 3)
    )
    assert np.unique(trained.labels).tolist() == [0, 1, 2]
    assert "train: 9 images of 3 identities" in capsys.readouterr().err


@pytest.mark.parametrize("base", [".", "SCface_database"])
@pytest.mark.parametrize("cropped", [True, False])
def test_scface_has_the_other_mugshots(tmp_path, base, cropped):
    miniature.write_scface(tmp_path / "scface" / base, lambda person, number: b"x")
    there, wanted = ("original", "cropped") if cropped else ("cropped", "original")
    shutil.rmtree(tmp_path / "scface" / base / f"mugshot_frontal_{wanted}_all")
    expected = (
        f"has no mugshot_frontal_{wanted}_all, but mugshot_frontal_{there}_all; "
        f"set data.scface.cropped: {str(not cropped).lower()} to"
    )
    with pytest.raises(DataError, match=expected) as caught:
        scface(tmp_path, cropped=cropped)
    assert "\n" not in str(caught.value)
    assert len(scface(tmp_path, cropped=not cropped).protocol.gallery) == 7


@pytest.mark.parametrize("nested", [True, False])
@pytest.mark.parametrize("end", ["jpg", "JPG"])
@pytest.mark.parametrize("cropped", [True, False])
def test_scface_layouts_are_one(layouts, tmp_path, nested, end, cropped):
    miniature.write_scface(tmp_path / "scface", lambda person, number: b"x", nested=nested, end=end)
    benchmark = scface(tmp_path, cropped=cropped)
    assert benchmark.protocol == scface(layouts).protocol
    mugshots = {image.source.parent.name for image in benchmark.images if "frontal" in image.name}
    assert mugshots == {"mugshot_frontal_cropped_all" if cropped else "mugshot_frontal_original_all"}
    assert ("cropped" if cropped else "original, uncropped") + " frontal" in benchmark.notes[-1]


def test_whole_scface_has_the_published_counts(tmp_path):
    miniature.write_scface(tmp_path / "scface", lambda person, number: b"x", range(1, 131))
    benchmark = open_benchmark("scface", tmp_path)
    assert len(benchmark.protocol.gallery) == 130
    assert {name: len(each) for name, each in benchmark.protocol.probes.items()} == {"d1": 650, "d2": 650, "d3": 650}
    assert not any(note.startswith("NOT") for note in benchmark.notes)
    wide = open_benchmark(TEST80, tmp_path, scface={"draw": 7, "gallery": "everyone"})
    assert [len(wide.protocol.gallery), len(wide.protocol.distractors)] == [80, 50]
    assert len(wide.protocol.probes["d3"]) == 400
    left, notes = tuning_images(tmp_path / "scface", OfficialOptions(scface={"draw": 7}))
    assert len(left) == len({image.name for image in left}) == 50 * 16
    assert {image.label for image in left} == people(wide.protocol.distractors)
    assert not {image.name for image in left} & {*wide.protocol.gallery, *wide.protocol.probes["d1"]}
    assert notes == ["50 people, drawn with seed 7, left for fine-tuning: 800 images"]
    (tmp_path / "scface" / "surveillance_cameras_distance_2" / "cam_4" / "077_cam4_2.jpg").unlink()
    with pytest.raises(
        DataError, match=r"\(without 077_cam4_2\.jpg\): has 649 images at distance 2 \(published: 650\);"
    ):
        open_benchmark("scface", tmp_path)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda base: shutil.rmtree(base / "mugshot_frontal_cropped_all"),
         r"has no mugshot_frontal_cropped_all, but mugshot_frontal_original_all; set data\.scface\.cropped: false"),
        (lambda base: [shutil.rmtree(base / f"mugshot_frontal_{kind}_all") for kind in ("cropped", "original")],
         r"has no mugshots: looked for \./mugshot"),
        (lambda base: [shutil.rmtree(base / f"surveillance_cameras_distance_{d}") for d in (1, 2, 3)],
         r"has neither surveillance_cameras_distance_1 to _3 nor surveillance_cameras_all"),
        (lambda base: shutil.rmtree(base / "surveillance_cameras_distance_3"), r"distance_3: No such file"),
        (lambda base: (base / "mugshot_frontal_cropped_all" / "001_frontal.jpg").touch(), "there too; remove one"),
        (lambda base: shutil.rmtree(base / "surveillance_cameras_distance_2" / "cam_1"), r"cam_1: No such file"),
    ],
)  # fmt: skip
def test_broken_scface(tmp_path, change, match):
    miniature.write_scface(tmp_path / "scface", lambda person, number: b"x")
    change(tmp_path / "scface")
    with pytest.raises(DataError, match=match) as caught:
        scface(tmp_path)
    assert "\n" not in str(caught.value)
