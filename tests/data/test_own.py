"""Benchmarks of the user's own: lists of any kind read as a person would read them, and what is refused."""

import csv
import hashlib
import io
import json
import os
import shutil
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from lgaf.cli import main
from lgaf.config import load_settings
from lgaf.data.own.folds import into_folds
from lgaf.data.own.read import read_own
from lgaf.data.settings import OwnBenchmark
from lgaf.doctor import find_problems
from lgaf.errors import DataError
from lgaf.evaluate.verification.folds import fold_numbers
from lgaf.formats.pack import Pack
from lgaf.formats.protocol import read_protocol
from lgaf.stages.settings import own_run, stages

ROOT = Path(__file__).parents[2]
PEOPLE = ("ann", "bob", "cid", "Ünal, Dr")
NAMES = [f"{person}/{number}.jpg" for person in PEOPLE for number in (1, 2, 3)]


def person(name):
    return name.partition("/")[0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three photos of each of four people."""
    folder = tmp_path_factory.mktemp("photos")
    for name in NAMES:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(name.encode())
    return folder


def read(folder, **lists):
    """The benchmark of lists, {key: text or bytes}."""
    for key, text in lists.items():
        (folder / f"{key}.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_own("door", OwnBenchmark(folder=folder, **{key: f"{key}.csv" for key in lists}))


def text_of(columns, rows, separator=","):
    sink = io.StringIO()
    csv.writer(sink, delimiter=separator).writerows([columns, *rows])
    return sink.getvalue()


@st.composite
def pair_lists(draw):
    """Some pairs of both kinds, in any order, and what the list says of them."""
    every = [draw(st.sampled_from([pair, pair[::-1]])) for pair in combinations(NAMES, 2)]
    mated = [pair for pair in every if person(pair[0]) == person(pair[1])]
    others = [pair for pair in every if person(pair[0]) != person(pair[1])]
    chosen = [draw(st.lists(st.sampled_from(kind), min_size=2, unique=True)) for kind in (mated, others)]
    pairs = draw(st.permutations(chosen[0] + chosen[1]))
    columns = {"left": [a for a, _ in pairs], "right": [b for _, b in pairs]}
    yes, no = draw(st.sampled_from([("1", "0"), ("true", "False"), ("YES", "no")]))
    columns["same"] = [yes if person(a) == person(b) else no for a, b in pairs]
    if draw(st.booleans()):
        columns |= {"identity_left": [person(a) for a, _ in pairs], "identity_right": [person(b) for _, b in pairs]}
    if draw(st.booleans()):
        columns |= {"group_left": [a[0] in "ab" for a, _ in pairs], "group_right": [b[0] in "ab" for _, b in pairs]}
        people = {person(name) for pair in pairs for name in pair}
        if len(people & {"ann", "bob"}) == 1 or len(people - {"ann", "bob"}) == 1:
            columns |= {"group_left": ["all"] * len(pairs), "group_right": ["all"] * len(pairs)}
    if draw(st.booleans()):
        columns["condition"] = [draw(st.sampled_from(["day", "night"])) for _ in pairs]
    return dict(draw(st.permutations(list(columns.items()))))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    columns=pair_lists(),
    separator=st.sampled_from(",;\t"),
    bom=st.booleans(),
    ending=st.sampled_from(["\r\n", "\n", "\r"]),
)
def test_a_list_of_pairs_asks_what_it_says(folder, columns, separator, bom, ending):
    rows = list(zip(*columns.values(), strict=True))
    text = ("\ufeff" if bom else "") + text_of(columns, rows, separator).replace("\r\n", ending)
    found = read(folder, pairs=text)
    asked = found.protocol
    wanted = [(a, b, person(a) == person(b)) for a, b in zip(columns["left"], columns["right"], strict=True)]
    assert sorted(asked.pairs) == sorted(wanted)
    for kind in (True, False):  # each kind keeps its order
        assert [pair for pair in asked.pairs if pair[2] == kind] == [pair for pair in wanted if pair[2] == kind]
    if "condition" in columns:
        said = dict(zip(wanted, columns["condition"], strict=True))
        assert asked.conditions == [said[pair] for pair in asked.pairs]
    else:
        assert asked.conditions is None
    named = {name for pair in wanted for name in pair[:2]}
    assert {image.name for image in found.images} == named
    assert len(found.images) == len(named)
    assert all(image.source == folder / image.name for image in found.images)
    labels = {image.name: image.label for image in found.images}
    if "identity_left" in columns:
        assert all((labels[a] == labels[b]) == same for a, b, same in wanted)
        assert {*labels.values()} == {*range(len({person(name) for name in named}))}
    else:
        assert {*labels.values()} == {-1}
    if "group_left" in columns:
        sides = [*zip(columns["left"], columns["group_left"], strict=True)]
        sides += zip(columns["right"], columns["group_right"], strict=True)
        assert asked.groups == {name: str(group) for name, group in sides}
    else:
        assert asked.groups is None
    assert found.notes[0].startswith(f"own photos: pairs.csv: {len(rows)} pairs of {len(named)} photos of ")


@settings(max_examples=200)
@given(mated=st.integers(2, 90), nonmated=st.integers(2, 90), order=st.randoms(use_true_random=False))
def test_folds_have_even_shares_of_both_kinds(mated, nonmated, order):
    """Whatever the order: also where all mated pairs come first."""
    kinds = [True] * mated + [False] * nonmated
    if order.random() < 0.7:
        order.shuffle(kinds)
    pairs = [(f"a{row}", f"b{row}", kind) for row, kind in enumerate(kinds)]
    folds = into_folds(Path("pairs.csv"), pairs, [None] * len(pairs))
    assert sorted(folds.order) == list(range(len(pairs)))
    assert len(folds.sizes) == min(10, mated, nonmated)
    fold = np.repeat(np.arange(len(folds.sizes)), folds.sizes)
    assert fold.tolist() == fold_numbers(len(pairs), len(folds.sizes)).tolist(), "as no sizes are told"
    for kind, count in ((True, mated), (False, nonmated)):
        rows = [place for place, row in enumerate(folds.order) if kinds[row] == kind]
        shares = np.bincount(fold[rows], minlength=len(folds.sizes))
        assert np.abs(shares - np.array(folds.sizes) * count / len(pairs)).max() < 1.5
        assert np.count_nonzero(shares) >= 2


def test_folds_of_the_list(folder):
    """They keep their pairs, and it is said whether they share people."""
    rows = [("ann/1.jpg", "ann/2.jpg", 1, "ann", "ann", "x"), ("ann/1.jpg", "bob/1.jpg", 0, "ann", "bob", "x"),
            ("cid/1.jpg", "cid/2.jpg", 1, "cid", "cid", "y"), ("cid/1.jpg", "bob/1.jpg", 0, "cid", "bob", "y"),
            ("ann/2.jpg", "bob/1.jpg", 0, "ann", "bob", "x")]  # fmt: skip
    columns = ("left", "right", "same", "identity_left", "identity_right", "fold")
    found = read(folder, pairs=text_of(columns, rows))
    assert (found.protocol.folds, found.protocol.fold_sizes) == (2, [3, 2])
    assert found.protocol.pairs == [(a, b, bool(same)) for a, b, same, *_ in sorted(rows, key=lambda row: row[-1])]
    assert found.notes[1] == "folds: the list's own; they share 1 of 3 people"
    apart = [row for row in rows if row[:2] != ("cid/1.jpg", "bob/1.jpg")]
    apart.append(("cid/1.jpg", "Ünal, Dr/1.jpg", 0, "cid", "Ünal, Dr", "y"))
    assert read(folder, pairs=text_of(columns, apart)).notes[1] == "folds: the list's own; they share no one"


GALLERY = "image,identity\nann/1.jpg,ann\nbob/1.jpg,bob\ncid/1.jpg,cid\n"
PROBES = "image,identity,condition\nann/2.jpg,ann,near\nbob/2.jpg,bob,far\nbob/3.jpg,bob,near\n"


def test_a_search(folder):
    found = read(folder, gallery=GALLERY, probes=PROBES)
    asked = found.protocol
    assert (asked.gallery, asked.distractors) == (["ann/1.jpg", "bob/1.jpg"], ["cid/1.jpg"])
    assert asked.probes == {"near": ["ann/2.jpg", "bob/3.jpg"], "far": ["bob/2.jpg"]}
    assert asked.groups is None
    labels = {image.name: image.label for image in found.images}
    assert labels == {"ann/1.jpg": 0, "ann/2.jpg": 0, "bob/1.jpg": 1, "bob/2.jpg": 1, "bob/3.jpg": 1, "cid/1.jpg": 2}
    assert found.notes == ["own photos: gallery.csv, 3 photos, and probes.csv, 3: 6 photos of 3 people"]
    plain = read(folder, gallery=GALLERY, probes="identity,image\nann,./ann//2.jpg\n")
    assert plain.protocol.probes == {"": ["ann/2.jpg"]}


def test_groups_of_a_search(folder):
    gallery = "image,identity,group\nann/1.jpg,ann,x\nbob/1.jpg,bob,x\n"
    found = read(folder, gallery=gallery, probes="image,identity,group\nann/2.jpg,ann,x\n")
    assert found.protocol.groups == {"ann/1.jpg": "x", "bob/1.jpg": "x", "ann/2.jpg": "x"}
    assert "in 1 groups" in found.notes[0]


HEAD = "left,right,same\n"
GOOD = "ann/1.jpg,ann/2.jpg,1\nbob/1.jpg,bob/2.jpg,1\nann/1.jpg,bob/1.jpg,0\nann/2.jpg,bob/2.jpg,0\n"
KNOWN = "left,right,same,identity_left,identity_right"
BAD_PAIRS = {
    "a photo that is not there": (
        f"{HEAD}{GOOD}ann/1.jpg,ann/9.jpg,1\nann/9.jpg,eve.jpg,0\n",
        ["line 6: no such image: ", "ann/9.jpg (2 of 6 images", "put them there, or take"]),
    "a folder": (f"{HEAD}{GOOD}ann/1.jpg,ann,1\n", ["line 6: no such image", "/ann (1 of 5"]),
    "a pair twice": (f"{HEAD}{GOOD}ann/1.jpg,ann/2.jpg,1\n", ["line 6: the pair", "again, as at", "line 2;"]),
    "mirrored": (f"{HEAD}{GOOD}\nann/2.jpg,ann/1.jpg,0\n", ["line 7: the pair", "again, as at", "line 2;"]),
    "spelt otherwise": (f"{HEAD}{GOOD}ann/./2.jpg,ann//1.jpg,0\n", ["line 6: the pair", "line 2;"]),
    "with itself": (f"{HEAD}{GOOD}ann/1.jpg,ann/1.jpg,1\n", ["line 6: compares ann/1.jpg with itself"]),
    "no answer": (f"{HEAD}{GOOD}ann/1.jpg,ann/3.jpg,2\n", ["line 6: same is '2'; must be one of 1, true, yes, 0,"]),
    "nothing": ("", ["holds no record"]),
    "no pair": (HEAD, ["holds no record"]),
    "blank": (f"{HEAD}\n,,\n \n", ["holds no record"]),
    "other columns": (
        "a,b,same\n", ["line 1: must name the columns left, right, same and may name identity_left", "no left",
                       "in 'a, b, same'"]),
    "a column twice": ("left,right,same,left\n", ["line 1: must name", "left twice"]),
    "a mistyped column": ("left,right,same,goup\n", ["found 'goup' in"]),
    "one side": ("left,right,same,identity_left\na,b,1,c\n", ["identity_left without identity_right; add it"]),
    "both kinds of group": ("left,right,same,group,group_left,group_right\na,b,1,c,c,c\n", ["take one out"]),
    "too few values": (f"{HEAD}{GOOD}ann/1.jpg,ann/3.jpg\n", ["line 6: has 2 values for 3 columns"]),
    "a comma": (f"{HEAD}Ünal, Dr/1.jpg,ann/3.jpg,1\n", ["line 2: has 4 values", "in quotes"]),
    "an empty value": (f"{HEAD}{GOOD}ann/1.jpg,,1\n", ["line 6: right is empty; fill it in"]),
    "an open quote": (f'{HEAD}{GOOD}"ann/1.jpg,ann/3.jpg,1\n', ["line 6: no CSV", "mend it"]),
    "text after a quote": (f'{HEAD}"ann/1.jpg"x,ann/3.jpg,1\n', ["line 2: no CSV"]),
    "an escape": (f"{HEAD}ann/\x1b[31m.jpg,ann/3.jpg,1\n", ["line 2: left", r"\x1b", "cannot be printed"]),
    "a line end": (f'{HEAD}"ann\n/1.jpg",ann/3.jpg,1\n', ["line 3: left", "cannot be printed"]),
    "Latin-1": ("left,right,same\nÜnal/1.jpg,a,1\n".encode("latin-1"), ["not a text file", "write it as UTF-8"]),
    "UTF-16": (f"{HEAD}{GOOD}".encode("utf-16"), ["not a text file", "write it as UTF-8"]),
    "a whole path": (f"{HEAD}/ann/1.jpg,ann/3.jpg,1\n", ["line 2: '/ann/1.jpg' must be a path below"]),
    "a way out": (f"{HEAD}ann/../bob/1.jpg,ann/3.jpg,1\n", ["line 2: 'ann/../bob/1.jpg' must be a path below"]),
    "the folder": (f"{HEAD}.,ann/3.jpg,1\n", ["line 2: '.' must be a path below"]),
    "all mated": (f"{HEAD}ann/1.jpg,ann/2.jpg,1\nbob/1.jpg,bob/2.jpg,1\n", ["2 mated and 0 non-mated pairs"]),
    "all non-mated": (f"{HEAD}ann/1.jpg,bob/2.jpg,0\nbob/1.jpg,ann/2.jpg,0\n", ["0 mated and 2 non-mated pairs"]),
    "one of a kind": (f"{HEAD}{GOOD.partition('bob/1.jpg,bob')[0]}ann/1.jpg,bob/1.jpg,0\nann/2.jpg,bob/1.jpg,0\n",
                      ["1 mated and 2 non-mated pairs; two of each are needed"]),
    "another identity": (f"{KNOWN}\nann/1.jpg,ann/2.jpg,1,ann,bob\n", ["line 2: ", "are one person here"]),
    "one identity": (f"{KNOWN}\nann/1.jpg,ann/2.jpg,0,ann,ann\n", ["line 2: ", "are two people here"]),
    "two identities": (
        f"{KNOWN}\nann/1.jpg,ann/2.jpg,1,ann,ann\nann/1.jpg,bob/2.jpg,1,bob,bob\n",
        ["line 3: ann/1.jpg has the identity 'bob', but 'ann' at ", "line 2; mend one"]),
    "two groups": (
        "left,right,same,group\nann/1.jpg,ann/2.jpg,1,x\nann/1.jpg,bob/2.jpg,0,y\n",
        ["line 3: ann/1.jpg has the group 'y', but 'x' at"]),
    "a group of one": (
        f"{KNOWN},group_left,group_right\nann/1.jpg,ann/2.jpg,1,ann,ann,x,x\nbob/1.jpg,bob/2.jpg,1,bob,bob,y,y\n"
        "ann/1.jpg,cid/1.jpg,0,ann,cid,x,y\n", ["of group 'x' the lists name 'ann' alone"]),
    "a condition of letters": (
        "left,right,same,condition\nann/1.jpg,ann/2.jpg,1,at night\n", ["line 2: condition 'at night' must be 1 to"]),
    "a condition of all pairs": ("left,right,same,condition\nann/1.jpg,ann/2.jpg,1,all_pairs_x\n", ["all_pairs"]),
    "one fold": (
        "left,right,same,fold\n" + "".join(f"{line},{line[-1] == '1'}\n" for line in GOOD.split()),
        ["all mated pairs are of fold True"]),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_PAIRS)
def test_what_is_wrong_with_a_list_of_pairs_is_one_line(folder, case):
    text, said = BAD_PAIRS[case]
    with pytest.raises(DataError) as caught:
        read(folder, pairs=text)
    one_line(caught, folder / "pairs.csv" if case != "a group of one" else folder, said)


def one_line(caught, start, said):
    line = str(caught.value)
    assert line.startswith(str(start))
    assert line.isprintable()
    for part in said:
        assert part in line, line


BAD_SEARCHES = {
    "twice in the gallery": (f"{GALLERY}ann/1.jpg,ann\n", PROBES, ["line 5: ann/1.jpg again, as at", "line 2"]),
    "twice among the probes": (GALLERY, f"{PROBES}ann/2.jpg,ann,far\n", ["probes.csv: line 5: ann/2.jpg again"]),
    "in both": (GALLERY, f"{PROBES}ann/1.jpg,ann,far\n", ["probes.csv: line 5: ann/1.jpg again, as at", "gallery.csv"]),
    "no mate": (GALLERY, "image,identity\nann/3.jpg,eve\n", ["no probe has a mate"]),
    "no mate in a condition": (
        GALLERY, f"{PROBES}ann/3.jpg,Ann,x\n", ["no probe of condition x has a mate", "write a person alike in both"]),
    "a gallery of one": ("image,identity\nann/1.jpg,ann\n", PROBES, ["all photos are of ann; a search needs others"]),
    "no identity": (GALLERY, "image,identity\nann/2.jpg,\n", ["line 2: identity is empty"]),
    "one group": (GALLERY, "image,identity,group\nann/2.jpg,ann,x\n", ["one has the column group and one has not"]),
    "a condition in the gallery": (GALLERY.replace("identity", "identity,condition", 1), PROBES, ["'condition'"]),
    "a group of one": (
        "image,identity,group\nann/1.jpg,ann,x\nbob/1.jpg,bob,y\n", "image,identity,group\nann/2.jpg,ann,x\n",
        ["of group 'x' the lists name 'ann' alone"]),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_SEARCHES)
def test_what_is_wrong_with_a_search_is_one_line(folder, case):
    gallery, probes, said = BAD_SEARCHES[case]
    with pytest.raises(DataError) as caught:
        read(folder, gallery=gallery, probes=probes)
    one_line(caught, folder, said)


def test_links_are_followed_wherever_they_lead(folder, tmp_path):
    """As in a training set; one that leads nowhere is none."""
    shutil.copytree(folder, tmp_path / "copy")
    link = tmp_path / "copy" / "ann" / "3.jpg"
    link.unlink()
    link.symlink_to(folder / "ann" / "3.jpg")
    found = read(tmp_path / "copy", pairs=f"{HEAD}{GOOD}ann/1.jpg,ann/3.jpg,1\n")
    assert any(image.source == link for image in found.images)
    link.unlink()
    link.symlink_to(tmp_path / "nowhere")
    with pytest.raises(DataError, match=r"line 6: no such image"):
        read(tmp_path / "copy", pairs=f"{HEAD}{GOOD}ann/1.jpg,ann/3.jpg,1\n")


@pytest.mark.timeout(60)
def test_lists_that_are_no_files(folder, tmp_path):
    with pytest.raises(DataError, match=r"pairs.csv: no such file; write it as UTF-8, see docs/own-photos.md"):
        read_own("door", OwnBenchmark(folder=tmp_path))
    with pytest.raises(DataError, match=r"nowhere: no such folder; set data.own.door.folder"):
        read_own("door", OwnBenchmark(folder=tmp_path / "nowhere"))
    os.mkfifo(tmp_path / "pairs.csv")
    with pytest.raises(DataError, match=r"pairs.csv: is a pipe"):
        read_own("door", OwnBenchmark(folder=tmp_path))
    with pytest.raises(DataError, match=r"must name the columns left"):  # a list that lies elsewhere
        read_own("door", OwnBenchmark(folder=tmp_path, pairs=folder / "gallery.csv"))


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    start=st.sampled_from([HEAD, f"{KNOWN}\n", "left,right,same,group,condition,fold\n", ""]),
    rest=st.binary(max_size=60) | st.text(st.sampled_from(',;"\n\r\t01annb./x'), max_size=60).map(str.encode),
)
def test_nonsense_is_one_line(folder, start, rest):
    with pytest.raises(DataError) as caught:
        read(folder, pairs=start.encode() + rest)
    assert str(caught.value).startswith(str(folder))
    assert str(caught.value).isprintable()


@pytest.fixture
def project(folder, tmp_path, monkeypatch):
    """A folder to run in: LFW of six photos, and two benchmarks of one's own beside it."""
    photos = tmp_path / "root" / "lfw" / "lfw"
    for name in ("Ann", "Bob", "Cid"):
        (photos / name).mkdir(parents=True)
        for number in (1, 2):
            (photos / name / f"{name}_{number:04d}.jpg").write_bytes(b"x")
    (photos.parent / "pairs.txt").write_text("2\t1\nAnn\t1\t2\nAnn\t1\tBob\t1\nBob\t1\t2\nBob\t2\tAnn\t2\n")
    shutil.copytree(folder, tmp_path / "own" / "door")
    (tmp_path / "own" / "door" / "pairs.csv").write_text(HEAD + GOOD)
    shutil.copytree(folder, tmp_path / "desk")
    (tmp_path / "desk" / "gallery.csv").write_text(GALLERY)
    (tmp_path / "desk" / "probes.csv").write_text(PROBES)
    values = YAML(typ="safe").load(ROOT / "params.yaml")
    desk = {"folder": "desk", "gallery": "gallery.csv", "probes": "probes.csv"}
    values["data"] = {
        "source": "lfw",
        "root": "root",
        "own": {"door": {"folder": "own/door"}, "desk": desk, "spare": {"folder": "nowhere"}},
    }
    values["benchmarks"] = ["lfw", "door", "desk"]
    YAML(typ="safe").dump(values, tmp_path / "params.yaml")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_first_stage_looks_at_lists_and_the_photos_are_written(project, capsys):
    """Beside those of the source; one that is not asked for need not be there. Another list is another setting."""
    assert main(["settings"]) == 0
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "probes" in line]
    assert line.startswith("lgaf: data.own.desk: desk/probes.csv lies outside the folder own, which DVC watches")
    assert main(["photos"]) == 0
    made = {path.name for path in (project / "data" / "photos").iterdir()}
    assert made == {f"{it}.{end}" for it in ("lfw", "door", "desk") for end in ("arrow", "json")} | {"train.arrow"}
    pack = Pack(project / "data" / "photos" / "door.arrow")
    assert {name: pack.encoded(row) for row, name in enumerate(pack.names)} == {
        name: name.encode() for name in NAMES if name[0] in "ab" and "3" not in name
    }
    assert read_protocol(project / "data" / "photos" / "desk.json").probes["far"] == ["bob/2.jpg"]

    told = (project / "settings" / "own.json").read_text()
    lists = own_run(load_settings(project / "params.yaml")).lists
    assert json.loads(told)["settings"]["lists"] == lists
    with (project / "own" / "door" / "pairs.csv").open("a") as stream:
        stream.write("ann/1.jpg,ann/3.jpg,1\n")
    after = own_run(load_settings(project / "params.yaml")).lists
    assert [name for name in lists if lists[name] != after[name]] == ["own/door/pairs.csv"]
    (project / "own" / "door" / "pairs.csv").write_text("left,right\n")
    (project / "desk" / "probes.csv").unlink()
    capsys.readouterr()
    assert main(["settings"]) == 1
    first, second = capsys.readouterr().err.splitlines()
    assert "params.yaml: data.own.door: own/door/pairs.csv: line 1: must name" in first
    assert "data.own.desk: desk/probes.csv: no such file" in second
    assert (project / "settings" / "own.json").read_text() == told


@pytest.mark.parametrize("source", ["world", "lfw", "official"])
def test_every_source_is_told_of_them(project, source):
    """What is asked for, with the hash of each list; the source itself is asked for its own benchmarks alone."""
    settings = load_settings(project / "params.yaml")
    settings = settings.model_copy(update={"data": settings.data.model_copy(update={"source": source})})
    found = stages(settings)
    (run, modules), (photos, _) = found["own"], found["photos"]
    assert (photos.source, [*run.benchmarks], modules) == (source, ["door", "desk"], ["lgaf.stages.own"])
    lists = ("own/door/pairs.csv", "desk/gallery.csv", "desk/probes.csv")
    assert run.lists == {name: hashlib.sha256((project / name).read_bytes()).hexdigest() for name in lists}
    assert getattr(photos, "benchmarks", ("lfw",)) == ("lfw",)


@pytest.mark.parametrize("source", ["world", "lfw", "official"])
def test_the_doctor_says_what_is_there(project, source):
    values = YAML(typ="safe").load(project / "params.yaml")
    values["data"] |= {"source": source, "train": "people"} if source == "official" else {"source": source}
    YAML(typ="safe").dump(values, project / "params.yaml")

    def found():
        return {each.name: each for each in find_problems(load_settings(project / "params.yaml"), project)}

    both = found()
    assert "own/spare" not in both
    assert (both["own/door"].state, both["own/door"].images) == ("ok", 4)
    assert "4 pairs of 4 photos of people whom the list does not name" in both["own/door"].found
    assert (both["own/desk"].state, both["own/desk"].images) == ("ok", 6)
    assert both["disk"].state == "ok"
    assert both["own/desk"].packs > 6 * 64**2
    (project / "own" / "door" / "ann" / "1.jpg").unlink()
    shutil.rmtree(project / "desk")
    broken = found()
    assert (broken["own/door"].state, broken["own/desk"].state) == ("broken", "missing")
    assert "line 2: no such image: own/door/ann/1.jpg (1 of 4 images" in str(broken["own/door"])
    assert "desk: no such folder; set data.own.desk.folder" in str(broken["own/desk"])
