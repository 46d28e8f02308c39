"""What is refused of lists of the user's own, each in one line."""

import os
import shutil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from own_lists import GALLERY, GOOD, HEAD, KNOWN, PROBES, read

from lgaf.data.own.read import read_own
from lgaf.data.settings import OwnBenchmark
from lgaf.errors import DataError


def one_line(caught, start, said):
    line = str(caught.value)
    assert line.startswith(str(start))
    assert line.isprintable()
    for part in said:
        assert part in line, line


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


BAD_SEARCHES = {
    "twice in the gallery": (f"{GALLERY}ann/1.jpg,ann\n", PROBES, ["line 5: ann/1.jpg again, as at", "line 2"]),
    "twice among the probes": (GALLERY, f"{PROBES}ann/2.jpg,ann,far\n", ["probes.csv: line 5: ann/2.jpg again"]),
    "in both": (GALLERY, f"{PROBES}ann/1.jpg,ann,far\n", ["probes.csv: line 5: ann/1.jpg again, as at", "gallery.csv"]),
    "no mate": (GALLERY, "image,identity\nann/3.jpg,eve\n", ["no probe has a mate"]),
    "no mate in a condition": (
        GALLERY, f"{PROBES}ann/3.jpg,Ann,x\n", ["no probe of condition x has a mate", "write a person alike in both"]),
    "a gallery of one": ("image,identity\nann/1.jpg,ann\n", PROBES, ["all photos are of ann; a search needs others"]),
    "no identity": (GALLERY, "image,identity\nann/2.jpg,\n", ["line 2: identity is empty"]),
    "groups": (GALLERY.replace("identity", "identity,group", 1), PROBES,
        ["must name the columns image, identity and no other; found 'group'"]),
    "a condition in the gallery": (GALLERY.replace("identity", "identity,condition", 1), PROBES, ["'condition'"]),
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
