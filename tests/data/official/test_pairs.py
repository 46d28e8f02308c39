"""LFW, CFP, CPLFW, CALFW and AgeDB: the pairs are those of the lists, in the folds that their authors meant."""

import re
import shutil
from collections import Counter

import miniature
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lgaf.data.official.agedb import Photo, draw_pairs
from lgaf.data.official.cfp import read_cfp
from lgaf.data.official.cplfw import read_pairs
from lgaf.data.official.lfw_lists import read_pairs as read_lfw_pairs
from lgaf.data.official.readers import open_benchmark
from lgaf.data.settings import OfficialOptions
from lgaf.errors import DataError

PAIRS = ("lfw", "cfp_fp", "cfp_ff", "cplfw", "calfw", "agedb")
ANY = {"counts": "any", "agedb": {"draw": 1}}


def folds_of(benchmark):
    """The pairs of each fold, as evaluation cuts them: contiguous shares."""
    pairs = benchmark.protocol.pairs
    each = len(pairs) // benchmark.protocol.folds
    return [pairs[fold * each : (fold + 1) * each] for fold in range(benchmark.protocol.folds)]


@pytest.mark.parametrize("name", PAIRS)
def test_every_pair_benchmark(layouts, name):
    benchmark = open_benchmark(name, layouts, **ANY)
    labels = {image.name: image.label for image in benchmark.images}
    assert len(labels) == len(benchmark.images)
    assert all(image.source.is_file() for image in benchmark.images)
    assert labels.keys() == {image for pair in benchmark.protocol.pairs for image in pair[:2]}
    for left, right, same in benchmark.protocol.pairs:
        assert left != right
        assert (labels[left] == labels[right]) == same
    assert benchmark.protocol.folds == 10
    for fold in folds_of(benchmark):
        kinds = Counter(same for _, _, same in fold)
        assert kinds[True] == kinds[False] > 0
    assert any(note.startswith("NOT the published data set") for note in benchmark.notes)


@pytest.mark.parametrize("name", PAIRS)
def test_reduced_counts_are_refused(layouts, name):
    with pytest.raises(DataError, match=r"\(published: [0-9,]+\).*data\.counts") as caught:
        open_benchmark(name, layouts, agedb={"draw": 1})
    assert str(layouts) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_cfp_by_hand(layouts):
    first, *_ = folds_of(open_benchmark("cfp_fp", layouts, **ANY))
    assert first == [
        ("Data/Images/001/frontal/01.jpg", "Data/Images/001/profile/02.jpg", True),
        ("Data/Images/002/frontal/01.jpg", "Data/Images/002/profile/02.jpg", True),
        ("Data/Images/001/frontal/03.jpg", "Data/Images/002/profile/01.jpg", False),
        ("Data/Images/002/frontal/03.jpg", "Data/Images/001/profile/01.jpg", False),
    ]
    assert all("profile" not in image.name for image in open_benchmark("cfp_ff", layouts, **ANY).images)


def test_cplfw_and_calfw_by_hand(layouts):
    """The lists have all same pairs first; a fold takes its tenth of either half."""
    second = folds_of(open_benchmark("cplfw", layouts, **ANY))[1]
    assert second[0] == ("Cross_Pose02_1.jpg", "Cross_Pose02_2.jpg", True)
    assert second[2] == ("Cross_Pose02_3.jpg", "Cross_Pose03_1.jpg", False)
    last = folds_of(open_benchmark("calfw", layouts, **ANY))[9]
    assert last[1] == ("Cross_Age19_0001.jpg", "Cross_Age19_0002.jpg", True)


def test_calfw_folds_are_the_lists_own(layouts, tmp_path):
    """Same pairs whose folds are listed in another order still end in the fold that they name."""
    miniature.write_calfw(tmp_path / "calfw")
    path = tmp_path / "calfw" / "pairs_CALFW.txt"
    lines = path.read_text().splitlines()
    same, different = lines[:40], lines[40:]
    turned = [line for pair in range(19, -1, -1) for line in same[2 * pair : 2 * pair + 2]]
    miniature.put_lines(path, turned + different)
    for fold, ours in enumerate(folds_of(open_benchmark("calfw", tmp_path, **ANY))):
        assert {left for left, _, _ in ours[:2]} == {f"Cross_Age{2 * fold + k:02d}_0001.jpg" for k in (0, 1)}


def test_landmarks_that_come_along(tmp_path):
    miniature.write_cplfw(tmp_path / "cplfw")
    points = tmp_path / "cplfw" / "landmarks" / "Cross_Pose00_1_5loc_attri.txt"
    miniature.put_lines(points, ["1.5 2", "3 4", "5 6", "7 8", "9 10"])
    benchmark = open_benchmark("cplfw", tmp_path, **ANY)
    given_points = {image.name: image.landmarks for image in benchmark.images if image.landmarks is not None}
    assert list(given_points) == ["Cross_Pose00_1.jpg"]
    assert given_points["Cross_Pose00_1.jpg"].tolist() == [[1.5, 2], [3, 4], [5, 6], [7, 8], [9, 10]]
    assert any("landmarks come with 1 images" in note for note in benchmark.notes)
    for text in (
        "1 2\n3 4\n",
        "1 2\n3 4\n5 6\n7 8\n9 nan\n",
        "1 2\n3 4\n5 6\n7 8\n9 x\n",
        "1 2 3\n3 4\n5 6\n7 8\n9 1\n",
    ):
        points.write_text(text)
        with pytest.raises(DataError, match=r"_5loc_attri\.txt: must be five lines of x and y"):
            open_benchmark("cplfw", tmp_path, **ANY)


def test_agedb_needs_a_seed(layouts):
    with pytest.raises(DataError, match=r"do not say which pairs.*data\.agedb\.draw"):
        open_benchmark("agedb", layouts, counts="any")


def test_agedb_pairs(layouts):
    one, again, other = (open_benchmark("agedb", layouts, counts="any", agedb={"draw": seed}) for seed in (1, 1, 2))
    assert one.protocol == again.protocol != other.protocol
    seen = set()
    for fold in folds_of(one):
        people = {image.split("_")[1] for pair in fold for image in pair[:2]}
        assert not people & seen
        seen |= people
        for left, right, _ in fold:
            assert abs(int(left.split("_")[2]) - int(right.split("_")[2])) >= 30
        assert len({frozenset(pair[:2]) for pair in fold}) == len(fold)
    assert one.notes[-1].startswith("NOT the published AgeDB-30")
    assert "seed 1" in one.notes[-1]
    assert {image.truth["age"] for image in one.images} <= {*range(19, 73)}


def test_agedb_draw_is_even(tmp_path):
    """Where there are more than 300 pairs of each kind a fold, 300 are drawn."""
    random = np.random.default_rng(0)
    photos = [Photo(f"{index}_x.jpg", f"p{index // 60}", int(age)) for index, age in
              enumerate(random.integers(1, 100, 1200))]  # fmt: skip
    pairs = draw_pairs(tmp_path, photos, 5)
    assert len(pairs) == 6000
    assert [same for _, _, same in pairs[:600]] == [True] * 300 + [False] * 300


@pytest.mark.parametrize(
    ("name", "file", "old", "new", "match"),
    [
        ("cplfw", "pairs_CPLFW.txt", "Cross_Pose00_2.jpg 1", "Cross_Pose00_2.jpg 0", r"line 2: ends in 0, the line"),
        ("cplfw", "pairs_CPLFW.txt", "Cross_Pose00_2.jpg 1", "Cross_Pose01_2.jpg 1", r"line 1: .* not a pair of one"),
        ("cplfw", "pairs_CPLFW.txt", "Cross_Pose00_2.jpg 1\r\n", "", r"line 79: has no partner"),
        ("cplfw", "pairs_CPLFW.txt", "Cross_Pose00_2.jpg 1", "../Cross_2.jpg 1", r"line 2: must be NAME_1\.jpg and"),
        ("cplfw", "pairs_CPLFW.txt", "Cross_Pose00_2.jpg 1", "Cross_Pose00_2.jpg", r"line 2: must be NAME_1\.jpg and"),
        ("cplfw", "pairs_CPLFW.txt", "Cross_Pose00_2.jpg 1", "Cross_Pose00_9.jpg 1",
         r"line 2: no such image: .*images/Cross_Pose00_9\.jpg \(1 of 60 images"),
        ("calfw", "pairs_CALFW.txt", "Cross_Age00_0001.jpg 1\nCross_Age00_0002.jpg 1\n", "",
         r"19 pairs of a kind do not make 10 even folds"),
        ("cfp_ff", "Protocol/Pair_list_F.txt", "2 ../Data", "3 ../Data", r"line 2: must be 2 \.\./Data"),
        ("cfp_ff", "Protocol/Pair_list_F.txt", "/frontal/02", "/../../02", r"line 2: must be 2 \.\./Data"),
        ("cfp_ff", "Protocol/Split/FF/01/same.txt", "1,2", "1,20000", r"line 1: image 20000 is not among the 200"),
        ("cfp_ff", "Protocol/Split/FF/01/same.txt", "1,2", "1,0", r"line 1: must be two numbers"),
        ("cfp_ff", "Protocol/Split/FF/01/same.txt", "1,2", "1,1", r"line 1: .* are not a pair of one"),
        ("cfp_ff", "Protocol/Split/FF/01/diff.txt", "3,11", "3,4", r"line 1: .* are not a pair of two"),
        ("cfp_ff", "Protocol/Split/FF/01/diff.txt", "3,11\n", "", r"folds are not of one length"),
    ],
)  # fmt: skip
def test_broken_lists(tmp_path, name, file, old, new, match):
    folder = name.partition("_")[0]
    {"cplfw": miniature.write_cplfw, "calfw": miniature.write_calfw, "cfp": miniature.write_cfp}[folder](
        tmp_path / folder
    )
    path = tmp_path / folder / file
    content = path.read_bytes().decode()
    assert old in content
    path.write_bytes(content.replace(old, new, 1).encode())
    with pytest.raises(DataError, match=match) as caught:
        open_benchmark(name, tmp_path, **ANY)
    assert str(path if "folds" not in match else path.parent.parent) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "gone", "match"),
    [
        ("lfw", "lfw/pairs.txt", r"lfw/pairs\.txt: no such file; see docs/datasets/lfw\.md"),
        ("lfw", "lfw/lfw-deepfunneled", r"lfw: has no photos: looked for lfw-deepfunneled, lfw_funneled, lfw;"),
        ("cfp_fp", "cfp/Protocol/Split/FP/03/diff.txt", r"03/diff\.txt: no such file; see docs/datasets/cfp\.md"),
        ("cfp_fp", "cfp/Protocol", r"cfp: has no protocol: looked for Protocol, cfp-dataset/Protocol;"),
        ("cfp_fp", "cfp/Data", r"same\.txt: line 1: no such image: .*frontal/01\.jpg \(80 of 80 images"),
        ("cplfw", "cplfw/images", r"cplfw: has no images: looked for images, .*; see docs/datasets/cplfw\.md"),
        ("calfw", "calfw/pairs_CALFW.txt", r"pairs_CALFW\.txt: no such file; see docs/datasets/calfw\.md"),
        ("calfw", "calfw", r"has no calfw: looked for calfw/, calfw\.bin, bin/calfw\.bin; see docs/"),
    ],
)  # fmt: skip
def test_missing_files(layouts, tmp_path, name, gone, match):
    root = tmp_path / "root"
    folder = gone.split("/")[0]
    shutil.copytree(layouts / folder, root / folder)
    shutil.rmtree(root / gone) if (root / gone).is_dir() else (root / gone).unlink()
    with pytest.raises(DataError, match=match):
        open_benchmark(name, root, **ANY)


NAMES = st.sampled_from(
    ["A_B_1.jpg", "A_B_2.jpg", "C_1.jpg", "C_0002.jpg", "..", "/etc/x_1.jpg", "A_1.jpg\x00", "Ä_1.jpg"]
)
LINES = st.lists(st.tuples(NAMES, st.sampled_from(["0", "1", "2", "10", "11", "-1", "x", ""])), max_size=8)


def refused(read):
    """What was read, or None where it was refused in one line."""
    try:
        return read()
    except DataError as error:
        line = str(error)
    assert "\n" not in line
    assert "; " in line or " must be " in line  # what to do
    return None


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(LINES.map(lambda lines: "\n".join(map(" ".join, lines)).encode()), st.binary(max_size=200)))
def test_any_two_line_list_is_read_or_refused(tmp_path, content):
    path = tmp_path / "pairs.txt"
    path.write_bytes(content)
    pairs, named = refused(lambda: read_pairs(path, "cplfw")) or ([], {})
    for left, right, same in pairs:
        assert {left, right} <= named.keys()
        assert re.fullmatch(r"[^/\\]+_[0-9]{1,4}\.jpg", left)
        assert (left.rpartition("_")[0] == right.rpartition("_")[0]) == same


FIELDS = st.sampled_from(["Ann", "Bob", "1", "2", "10", "0", "-1", "../x", "Ann\x00", "٣", "999999"])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(FIELDS, max_size=4), max_size=6).map(lambda lines: "\n".join(map("\t".join, lines))))
def test_any_lfw_list_is_read_or_refused(tmp_path, text):
    path = tmp_path / "pairs.txt"
    path.write_text(text, encoding="utf-8")
    pairs, folds, named = refused(lambda: read_lfw_pairs(path)) or ([], 0, {})
    assert len(pairs) % 2 == 0
    assert folds <= len(pairs)
    for left, right, same in pairs:
        assert {left, right} <= named.keys()
        assert (left.person == right.person) == same


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["Pair_list_F.txt", "Split/FF/01/same.txt"]),
    st.one_of(
        st.binary(max_size=80),
        st.lists(st.tuples(st.integers(-2, 10**7), st.integers(0, 300)), max_size=6).map(
            lambda pairs: "\n".join(f"{a},{b}" for a, b in pairs).encode()
        ),
    ),
)
def test_any_cfp_list_is_read_or_refused(cfp, file, content):
    path = cfp / "Protocol" / file
    before = path.read_bytes()
    path.write_bytes(content)
    refused(lambda: read_cfp("cfp_ff", cfp, OfficialOptions(counts="any")))
    path.write_bytes(before)


@pytest.fixture(scope="module")
def cfp(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cfp")
    miniature.write_cfp(folder, lambda person, number: b"x")
    return folder


def test_a_list_too_large_is_not_read(tmp_path):
    path = tmp_path / "pairs.txt"
    with path.open("wb") as file:
        file.truncate(2**34)  # sparse
    with pytest.raises(DataError, match="bytes are too many for such a file"):
        read_pairs(path, "cplfw")


def fill(folder, names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_the_official_cfp_lists(published_lists, tmp_path):
    shutil.copytree(published_lists / "cfp", tmp_path / "cfp")
    for letter in "FP":
        lines = (tmp_path / "cfp" / "Protocol" / f"Pair_list_{letter}.txt").read_text().split("\n")
        fill(tmp_path / "cfp" / "Protocol", [line.split()[1] for line in lines if line])
    for name, pose, images in (("cfp_fp", "profile", 5901), ("cfp_ff", "frontal", 4764)):
        benchmark = open_benchmark(name, tmp_path)
        assert len(benchmark.protocol.pairs) == 7000
        assert len(benchmark.images) == images
        assert {image.label for image in benchmark.images} == {*range(500)}
        assert not any(note.startswith("NOT") for note in benchmark.notes)
        people = [{image.split("/")[2] for pair in fold for image in pair[:2]} for fold in folds_of(benchmark)]
        assert sum(map(len, people)) == 500  # no one is in two folds
        assert all("/frontal/" in left and f"/{pose}/" in right for left, right, _ in benchmark.protocol.pairs)


def test_the_official_cplfw_list(published_lists, tmp_path):
    shutil.copytree(published_lists / "cplfw", tmp_path / "cplfw")
    lines = (tmp_path / "cplfw" / "pairs_CPLFW.txt").read_text().split("\n")
    fill(tmp_path / "cplfw" / "images", {line.split()[0] for line in lines if line.strip()})
    benchmark = open_benchmark("cplfw", tmp_path)
    assert len(benchmark.protocol.pairs) == 6000
    assert len(benchmark.images) == 5984
    for fold in folds_of(benchmark):
        assert [same for _, _, same in fold] == [True] * 300 + [False] * 300
    (tmp_path / "cplfw" / "images" / lines[0].split()[0]).unlink()
    with pytest.raises(DataError, match=r"line 1: no such image: .*Ingrid_Betancourt_1\.jpg \(1 of 5,984"):
        open_benchmark("cplfw", tmp_path)
