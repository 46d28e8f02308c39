"""Tables of published numbers, in runs on the generated world and on photographs."""

import re
from dataclasses import replace

import pytest
from reading import markdown_tables, page, records
from report_files import ROWS
from test_published import FOUR, raw_rows
from test_tables import results_of

from lgaf.report.published import read_published
from lgaf.report.sources import Layout
from lgaf.report.tables import build

TABLES = {
    "verification": ("lfw", "cfp_fp", "cplfw", "agedb", "calfw"),
    "tinyface": ("tinyface",),
    "scface": ("scface",),
    "ijbb": ("ijbb",),
    "ijbc": ("ijbc",),
}
NUMBER = re.compile(r"\d+(\.\d+)?")


@pytest.mark.parametrize("fixture", ["world_report", "real_report"])
def test_every_published_number_stands_in_every_run(fixture: str, request: pytest.FixtureRequest):
    results = request.getfixturevalue(fixture).results
    raw, printed = raw_rows(), 0
    for name, benchmarks in TABLES.items():
        text = page(results, name)
        head, *rows = markdown_tables(text)[0]
        ours = len(ROWS) if fixture == "real_report" and not name.startswith("ijb") else 0
        assert [row[-1] == "this run" for row in rows] == [place < ours for place in range(len(rows))]
        assert rows[ours][0] == "LGAF"
        assert "not available" in rows[ours]
        columns = {
            place: column
            for place, column in enumerate(head)
            if column in benchmarks or "rank" in column or "tar" in column
        }
        assert not any(NUMBER.fullmatch(rows[ours][place]) for place in columns)
        values = {row["value"] for row in raw if row["benchmark"] in benchmarks}
        for row in rows[ours + 1 :]:
            assert row[-1].split()[0] in ("primary", "rerun", "secondary")
            number = re.search(r"\[(\d+)\]", row[-1])
            assert number is not None
            assert f"\n- [{number[1]}] " in text
            numbers = [row[place] for place in columns if row[place] != "-"]
            assert set(numbers) <= values
            printed += len(numbers)
        used = dict.fromkeys(re.search(r"\[(\d+)\]", row[-1])[1] for row in rows[ours:])
        assert list(used) == [str(number) for number in range(1, len(used) + 1)]
        assert "- not available: the LGAF paper" in text
        found = records(results / "tables" / f"{name}.csv")
        quoted = [row for row in found if row["kind"] == "published" and row["method"] != "LGAF"]
        assert [{key: row[key] for key in raw[0]} for row in quoted] == [
            row for row in raw if row["benchmark"] in benchmarks
        ]
    assert printed == 691


def test_the_published_average_is_computed_and_sorted(world_report: Layout):
    head, lgaf, *rows = markdown_tables(page(world_report.results, "verification"))[0]
    place = head.index("average of 4, computed")
    assert lgaf[place] == "not available"
    averages = []
    for row in rows:
        four = [row[head.index(name)] for name in FOUR]
        if "-" in four:
            assert row[place] == "-"
            averages.append(-1.0)
        else:
            assert float(row[place]) == pytest.approx(sum(map(float, four)) / 4, abs=0.0051)
            averages.append(float(row[place]))
    assert averages == sorted(averages, reverse=True)
    assert 20 < sum(value > 0 for value in averages) < len(averages)
    assert not [row for row in read_published() if "average" in row.benchmark]
    computed = [
        row for row in records(world_report.results / "tables" / "verification.csv") if row["kind"] == "computed"
    ]
    assert {row["benchmark"] for row in computed} == {"average"}


def test_the_page_of_all_tables_is_short_and_links_the_rest(world_report: Layout):
    text = page(world_report.results, "README")
    titles = re.findall(r"^## ([\w-]+)", text, flags=re.MULTILINE)
    assert titles == [
        "world-verification",
        "world-all-pairs",
        "world-tinyface",
        "world-scface",
        "world-thresholds",
        "world-groups",
        *TABLES,
    ]
    assert len(text.splitlines()) < 265
    whole = markdown_tables(page(world_report.results, "verification"))[0]
    short = next(table for table in markdown_tables(text) if table[0] == whole[0])
    assert [row[0] for row in short] == [row[0] for row in whole[:12]]
    assert f"{len(whole) - 12} more published models in [verification.md](verification.md)." in text


def test_numbers_of_the_paper_once_filled_in_are_printed(world_report: Layout):
    table = "verification"
    unread = [replace(row, value="98.50") for row in read_published("lgaf_published.csv") if row.metric == "accuracy"]
    found = build(table, results_of(world_report), read_published(), unread)
    cells, _ = found.published[0]
    assert cells[0] == "LGAF"
    assert cells[3:9] == ["98.50"] * 6
    assert not [note for note in found.notes if "not available" in note]
    assert found.own == 1
