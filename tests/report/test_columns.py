"""Which benchmark stands in which table and column, and which average."""

import itertools

import pytest

from lgaf.report.columns import averages, columns_of, family, heading

FOUR = ("cfp_fp", "cplfw", "agedb", "calfw")


@pytest.mark.parametrize("kind", ["", "world/", "part/"])
def test_an_average_is_of_all_four_of_one_kind(kind: str):
    four = [kind + name for name in FOUR]
    for chosen in itertools.permutations([*four, f"{kind}lfw"]):
        assert averages(chosen) == {f"{kind}average": four}
    for missing in four:
        others = [name for name in four if name != missing]
        assert averages([*others, "elsewhere/" + missing, f"{kind}lfw"]) == {}


def test_columns_stand_as_papers_print_them_the_average_last():
    order = ("average", "cfp_ff", "calfw", "agedb", "cplfw", "cfp_fp", "lfw")
    names = {name: ["tar@far=1e-3", "accuracy"] for name in order}
    shown = [benchmark for benchmark, _ in columns_of(names, "verification")]
    assert shown == ["lfw", "cfp_fp", "cplfw", "agedb", "calfw", "cfp_ff", "average"]
    scface = {"world/scface": ["d2_rank1", "d1_rank5", "d1_rank1"], "scface": ["d3_rank1"]}
    assert columns_of(scface, "world-scface") == [("world/scface", "d1_rank1"), ("world/scface", "d2_rank1")]
    assert columns_of({"tinyface": ["rank1", "rank5"]}, "tinyface") == [("tinyface", "rank1"), ("tinyface", "rank5")]


def test_families_and_headings():
    assert family("part/lfw", ["accuracy"]) == "part-verification"
    assert family("ijbc", ["tar@far=1e-4"]) == "ijbc"
    assert heading(("lfw", "accuracy"), {"lfw"}) == "lfw"
    assert heading(("tinyface", "rank1"), {"tinyface"}) == "rank1"
    assert heading(("tinyface", "rank1"), {"tinyface", "lfw"}) == "tinyface rank1"
    assert heading(("world/average", "accuracy"), set()) == "average of 4"
    assert heading(("average", "accuracy"), set()) == "average of 4, computed"
