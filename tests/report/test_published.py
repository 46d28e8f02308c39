import csv
import hashlib
from importlib.resources import files

import pytest

from lgaf.errors import DataError
from lgaf.report.published import (
    NOT_AVAILABLE,
    about,
    choose,
    display_backbone,
    display_method,
    lines,
    parse,
    read_published,
)

HEADER = "method,backbone,train_set,benchmark,metric,value,provenance,note,source,repository,commit,path\n"


def raw_rows() -> list[dict[str, str]]:
    with (files("lgaf.report") / "published.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_file_is_as_collected():
    content = (files("lgaf.report") / "published.csv").read_bytes()
    assert hashlib.sha256(content).hexdigest() == "bbc7c5ac88d60e5ee33ac05eb31a925951f2842f97eba6a7800de16d6368a482"
    assert len(read_published()) == 633
    assert [vars(row) for row in read_published()] == raw_rows()


def test_lgaf_rows_are_empty_and_their_only_place():
    rows = read_published("lgaf_published.csv")
    assert rows
    assert {row.method for row in rows} == {"LGAF"}
    assert {row.value for row in rows} == {""}
    assert not [row for row in read_published() if "lgaf" in row.method.lower()]


def test_no_published_value_is_empty():
    assert all(row.value for row in read_published())


@pytest.mark.parametrize("value", ["nan", "1e2", "100.5", "0.99x", "-3"])
def test_a_value_that_is_no_percentage_is_named(value: str):
    with pytest.raises(DataError, match="line 2: value"):
        parse(HEADER + f"LGAF,,,lfw,accuracy,{value},primary,,,,,\n", "file.csv")


def test_broken_files_are_named():
    with pytest.raises(DataError, match=r"file.csv: the header"):
        parse("method,value\n", "file.csv")
    with pytest.raises(DataError, match="line 2: 3 cells"):
        parse(HEADER + "a,b,c\n", "file.csv")
    with pytest.raises(DataError, match="provenance 'hearsay'"):
        parse(HEADER + "LGAF,,,lfw,accuracy,99.1,hearsay,,,,,\n", "file.csv")


@pytest.mark.parametrize(
    ("found", "shown"),
    [
        ("IR101", "R100"),
        ("IR_101", "R100"),
        ("iResNet-100", "R100"),
        ("r50", "R50"),
        ("iResNet50", "R50"),
        ("ResNet50", "ResNet50"),
        ("r100(128*32)", "r100(128*32)"),
        ("", ""),
    ],
)
def test_display_backbone(found: str, shown: str):
    assert display_backbone(found) == shown


@pytest.mark.parametrize(
    ("found", "shown"),
    [
        ("AdaFace (m=0.4)", "AdaFace"),
        ("ArcFace (mxnet)", "ArcFace"),
        ("ArcFace (combined)", "ArcFace (combined)"),
        ("ArcFace + CFSM", "ArcFace + CFSM"),
        ("CurricularFace (m=0.5)", "CurricularFace (m=0.5)"),
    ],
)
def test_display_method(found: str, shown: str):
    assert display_method(found) == shown


def test_every_chosen_number_stands_in_the_file():
    columns = [(name, "accuracy") for name in ("lfw", "cfp_fp", "cplfw", "agedb", "calfw")]
    chosen = choose(about(read_published(), {name for name, _ in columns}), columns)
    assert 5 <= len(chosen) <= 20
    raw = raw_rows()
    for line in chosen:
        for (benchmark, metric), value in line.values.items():
            found = [
                row["value"]
                for row in raw
                if (row["method"], row["backbone"], row["train_set"]) == (line.method, line.backbone, line.train_set)
                and (row["benchmark"], row["metric"]) == (benchmark, metric)
                and (row["repository"], row["provenance"]) == (line.repository, line.provenance)
            ]
            assert value in found
    models = [(display_method(line.method), display_backbone(line.backbone), line.train_set) for line in chosen]
    assert len(set(models)) == len(models)
    assert {method for method, _, _ in models} == {"ArcFace", "AdaFace", "MagFace"}


def test_primary_beats_rerun():
    text = HEADER
    text += "ArcFace,R100,MS1MV2,lfw,accuracy,99.50,rerun,,theirs,b/b,1,x\n"
    text += "ArcFace,IR101,MS1MV2,lfw,accuracy,99.60,primary,,ours,a/a,1,x\n"
    text += "ArcFace,VGG,MS1MV2,lfw,accuracy,99.70,primary,,other network,c/c,1,x\n"
    (line,) = choose(parse(text, "x"), [("lfw", "accuracy")])
    assert line.values == {("lfw", "accuracy"): "99.60"}


def test_every_line_where_none_is_of_the_usual_kind():
    columns = [("scface", f"d{distance}_rank1") for distance in (1, 2, 3)]
    rows = about(read_published(), {"scface"})
    assert choose(rows, columns) == lines(rows)
    assert len(lines(rows)) == 12


def test_not_available_is_what_the_contract_says():
    assert NOT_AVAILABLE == "not available"
