"""Published numbers: the files, and their lines and order."""

import csv
import hashlib
import re
from collections import Counter
from importlib.resources import files
from pathlib import Path

import pytest

from lgaf.errors import DataError
from lgaf.report.lines import best_first, display_backbone, display_train_set, lines, year_of
from lgaf.report.published import NOT_AVAILABLE, parse, read_published

HEADER = "method,backbone,train_set,benchmark,metric,value,provenance,note,source,repository,commit,path\n"
FOUR = ("cfp_fp", "cplfw", "agedb", "calfw")


def raw_rows() -> list[dict[str, str]]:
    with (files("lgaf.report") / "published.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def made(*rows: tuple[str, str, str, str]) -> list:
    """Lines of (method, benchmark, value, source)."""
    text = HEADER + "".join(f"{m},R50,X,{b},accuracy,{v},primary,,{s},,,\n" for m, b, v, s in rows)
    return lines(parse(text, "x"))


def test_file_is_as_collected():
    content = (files("lgaf.report") / "published.csv").read_bytes()
    assert hashlib.sha256(content).hexdigest() == "83e583f3a52c576fd9bc99ac21503c6caad15b8b858338be1fb3e0220704381e"
    assert len(read_published()) == 691
    assert [vars(row) for row in read_published()] == raw_rows()


def test_notice_counts_the_rows_of_each_repository():
    notice = Path(__file__).parents[2].joinpath("NOTICE.md").read_text(encoding="utf-8")
    stated = re.findall(r"^\| (\S+/\S+) \| ([0-9a-f]{7}) \| (\d+) \|", notice, flags=re.MULTILINE)
    counted = Counter((row.repository, row.commit) for row in read_published())
    assert sorted(stated) == sorted((*cited, str(rows)) for cited, rows in counted.items())


def test_a_row_from_a_picture_names_it_or_says_that_it_is_not_checked():
    pictures = [row for row in read_published() if row.path.endswith(".png")]
    assert {row.repository for row in pictures if "not checked against its source" in row.note} == {
        "LSIbabnikz/FunFace",
        "Kartik-3004/PETALface",
    }
    assert all(row.path in row.source or "not checked against its source" in row.note for row in pictures)


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
    [("MS1MV2", "MS1MV2"), ("", "-"), (" in table", "not named in table"), (" ", "-")],
)
def test_display_train_set(found: str, shown: str):
    assert display_train_set(found) == shown


@pytest.mark.parametrize(
    ("source", "year"),
    [
        ("AdaFace: Quality Adaptive Margin for Face Recognition (CVPR 2022), official README", "2022"),
        ("CVLface pretrained-model performance board (incl. KP-RPE, CVPR 2024)", "2024"),
        ("LGAF (arXiv 2411.16169)", "2024"),
        ("InsightFace model zoo", ""),
        ("A method of 2023 (accuracy of best checkpoint)", ""),
    ],
)
def test_year(source: str, year: str):
    assert year_of(source) == year


def test_the_average_is_of_all_four_or_not_there():
    (whole,) = made(
        *(("A", name, value, "s") for name, value in zip(FOUR, ("98.10", "93", "97.01", "96.2"), strict=True))
    )
    assert whole.average == "96.08"  # 96.0775
    (short,) = made(*(("A", name, "99.00", "s") for name in ("lfw", *FOUR[1:])))
    assert short.average is None
    assert short.value(("average", "accuracy")) == "-"
    (unread,) = lines(row for row in read_published("lgaf_published.csv") if row.metric == "accuracy")
    assert unread.average == NOT_AVAILABLE


def test_order_is_average_then_main_column_then_newest():
    def four(method: str, value: str, source: str) -> list[tuple[str, str, str, str]]:
        return [(method, name, value, source) for name in FOUR]

    found = made(
        ("short and better", "lfw", "99.90", "s"),
        ("short and newer", "lfw", "99.50", "s (X 2024)"),
        ("short and older", "lfw", "99.50", "s (X 2022)"),
        ("short and no year", "lfw", "99.50", "s"),
        ("nothing of both", "cplfw", "99.99", "s"),
        *four("old", "95.00", "s (X 2020)"),
        *four("new", "95.00", "s (X 2025)"),
        *four("best", "95.10", "s"),
        *four("ten", "100.00", "s"),
    )
    expected = ["ten", "best", "new", "old", "short and better", "short and newer", "short and older",
                "short and no year", "nothing of both"]  # fmt: skip
    for start in (found, found[::-1]):
        assert [line.method for line in best_first(start, ("lfw", "accuracy"))] == expected
