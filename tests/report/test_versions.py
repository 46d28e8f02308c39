"""Numbers of another version of the suite or of a benchmark: told, marked, and compared with none but their like."""

import re
from pathlib import Path

import pytest
from laboratory_faces import laboratory_faces
from page_files import write_seen
from reading import markdown_tables, page, records
from report_files import made, make, settings, write_run, write_scores

import lgaf
from lgaf.damage.kinds import GROUPS
from lgaf.errors import DataError
from lgaf.evaluate.laboratory.score import score_files as score_laboratory
from lgaf.files import read_json, write_json
from lgaf.formats.embeddings import write_embeddings
from lgaf.provenance import Made
from lgaf.report.cells import Value
from lgaf.report.page.board import boards
from lgaf.report.page.page import write_page
from lgaf.report.records import FIELDS
from lgaf.report.report import Report
from lgaf.report.sources import Layout
from lgaf.report.versions import Versions

FOUR = ("cplfw", "cfp_fp", "agedb", "calfw")
RUN = settings(("lgaf", "arcface", "magface"), seeds=(0, 1), benchmarks=FOUR, damaged=("cfp_fp",))
ONE = settings(("lgaf", "arcface", "magface"), seeds=(0,), benchmarks=("lfw", "cfp_fp", "tinyface"))
COLUMNS = FIELDS[-6:]
OLDER = "0.0.9"


def scored_again(layout: Layout, row: str, benchmark: str, found: Made | None, seed: int = 0) -> None:
    """Let the scores of a model say that they are from elsewhere, or nothing."""
    path = layout.results / "scores" / row / str(seed) / f"{benchmark}.json"
    summary = {name: value for name, value in read_json(path).items() if name != "made"}
    write_json(path, summary | ({} if found is None else {"made": found.model_dump()}))


def older(benchmark: str) -> Made:
    return made(benchmark, version=OLDER)


def other_images(benchmark: str) -> Made:
    return made(benchmark).model_copy(update={"benchmark": "of other images"})


@pytest.fixture(scope="module")
def four(tmp_path_factory) -> tuple[Layout, Report]:
    """Two seeds on the four benchmarks of the average, and in the laboratory, MagFace's scored there by an older suite;
    no two scores at one moment."""
    folder = tmp_path_factory.mktemp("four")
    layout = write_run(folder, RUN)
    for place, row in enumerate(RUN.rows):
        for seed in RUN.seeds:
            for hour, name in enumerate(FOUR):
                scored_again(layout, row.id, name, made(name, row.id, f"2026-11-28T{hour:02}:0{place}:0{seed}Z"), seed)
            write_embeddings(folder / "e.arrow", laboratory_faces(row.network == "lgaf", seed=seed))
            where = older("damage") if row.id == "magface" else made("damage")
            score_laboratory(folder / "e.arrow", layout.laboratory / row.id / str(seed), row.id, seed, RUN.evaluate,
                             RUN.seed, where)  # fmt: skip
    return layout, make(layout, RUN)


def test_every_measured_row_of_every_csv_says_where_it_is_from(four):
    layout, _ = four
    found = {path.stem: records(path) for path in (layout.results / "tables").glob("*.csv")}
    assert {"world-verification", "world-all-pairs", "world-thresholds", "world-groups", "damage", "damage-branches",
            "damage-quality", "verification"} <= found.keys()  # fmt: skip
    for table, rows in found.items():
        assert list(rows[0]) == list(FIELDS)
        for row in rows:
            assert bool(row["kind"] == "measured") == all(row[name] for name in COLUMNS) == any(
                row[name] for name in COLUMNS), (table, row)  # fmt: skip
    named = {(it["row"], it["benchmark"], it["metric"]): it for it in found["world-verification"]}
    one = named["arcface", "world/agedb", "accuracy"]
    assert one["suite_version"] == lgaf.__version__
    assert one["suite_commit"] == made("").commit
    assert (one["benchmark_version"], one["parameters_hash"]) == ("agedb as it is", "those of arcface")
    assert (one["machine"], one["date"]) == ("8 cores", "2026-11-28T02:01:00Z/2026-11-28T02:01:01Z")
    mean = named["arcface", "world/average", "accuracy"]
    assert mean["benchmark_version"] == ", ".join(f"{name} as it is" for name in ("cfp_fp", "cplfw", "agedb", "calfw"))
    assert mean["date"] == "2026-11-28T00:01:00Z/2026-11-28T03:01:01Z"
    for it in (*found["world-thresholds"], *found["world-groups"]):  # each of one model
        assert it["date"].endswith(f"0{it['seeds']}Z")
        assert len(it["date"]) == 20
    assert {it["suite_version"] for it in found["damage"] if it["row"] == "magface"} == {OLDER}


def test_equal_numbers_of_another_day_change_nothing_but_the_csvs(tmp_path: Path):
    """Nor does another commit or machine: nothing is marked."""
    kept = []
    for name, changed in (("a", {}), ("b", {"date": "2027-01-01T00:00:00Z", "commit": "beef", "machine": "2 cores"})):
        layout = write_run(tmp_path / name, ONE)
        for row in ONE.rows:
            for benchmark in ONE.benchmarks:
                scored_again(layout, row.id, benchmark, made(benchmark, row.id).model_copy(update=changed))
        make(layout, ONE)
        paths = [path for path in layout.results.rglob("*") if path.is_file() and "scores" not in path.parts]
        kept.append({str(path.relative_to(layout.results)): path.read_bytes() for path in paths})
    assert kept[0].keys() == kept[1].keys()
    changed = {name for name in kept[0] if kept[0][name] != kept[1][name]}
    assert changed == {name for name in kept[0] if name.startswith("tables/world-") and name.endswith(".csv")}
    assert not any("‡".encode() in text for text in kept[0].values())


@pytest.mark.parametrize(("elsewhere", "said", "again"), [
    (older, "MagFace by version 0.0.9 (world/lfw)", "score"),
    (other_images, "MagFace on other images or trials than now (world/lfw)", "embed score"),
    (lambda benchmark: None, "MagFace by version unrecorded (world/lfw)", "score"),
])  # fmt: skip
def test_what_is_of_another_version_is_marked_and_not_compared(tmp_path: Path, elsewhere, said: str, again: str):
    layout = write_run(tmp_path, ONE)
    scored_again(layout, "magface", "lfw", elsewhere("lfw"))
    found = make(layout, ONE)
    for name in ("world-verification", "world-all-pairs"):
        text = page(layout.results, name)
        table, paired = markdown_tables(text)
        places = [place for place, title in enumerate(table[0]) if title.startswith("world/lfw")]
        marked = {(row[0], place) for row in table[1:] for place, cell in enumerate(row) if cell.endswith("‡")}
        assert marked == {("MagFace", place) for place in places}
        (row,) = (row for row in paired if row[0] == "LGAF - MagFace")
        assert {cell == "-" for cell, title in zip(row, paired[0], strict=True) if title.startswith("world/lfw")} == {
            True}  # fmt: skip
        assert "p=" in row[-1]  # on cfp_fp
        assert f"{said}. Compared" in text
        assert f"`dvc repro -f -s {again}`, then `dvc repro`" in text.replace("\\`", "`")
        assert "Not tested against LGAF, since of other versions: MagFace (world/lfw)." in text
        assert text.count("‡") == len(places) + 1
        latex = (layout.results / "tables" / f"{name}.tex").read_text()
        assert latex.count(r"\textdaggerdbl{}") == len(places) + 1
        assert "‡" not in latex
    tests = {key for key in found.results.tests if key[:2] == ("magface", "world/lfw")}
    assert not tests
    assert ("arcface", "world/lfw", "accuracy") in found.results.tests
    assert "‡" not in page(layout.results, "world-tinyface")
    thresholds = markdown_tables(page(layout.results, "world-thresholds"))[0]
    assert [row[:2] for row in thresholds if "‡" in "".join(row)] == [["world/lfw", "MagFace ‡"]]
    groups = markdown_tables(page(layout.results, "world-groups"))[0]
    assert {row[0] for row in groups if "‡" in row[-1]} == {"world/lfw"}
    assert not any("‡" in cell for row in groups for cell in row[:-1])
    path = layout.results / "report.html"
    write_page(found, ONE, write_seen(tmp_path, ONE), layout.results / "plots", tmp_path / "costs", path)
    html = path.read_text()
    assert "Of other versions, and not ranked: MagFace." in html
    assert "‡" in html
    assert f"{said}. Compared" in html


def test_rivals_are_of_the_references_versions_in_all_that_a_number_rests_on():
    rows = ("lgaf", "arcface", "magface", "adaface")
    found = {(row, f"world/{name}"): {seed: made(name, row) for seed in (0, 1)} for row in rows for name in FOUR}
    versions = Versions(found, {f"world/{name}": made(name).benchmark for name in FOUR}, dict.fromkeys(rows, ("", "")))
    assert versions.rivals("world/agedb", "lgaf") == versions.rivals("world/average", "lgaf") == set(rows)
    found["magface", "world/agedb"][1] = older("agedb")  # one of its seeds
    found["adaface", "world/calfw"] = dict.fromkeys((0, 1), other_images("calfw"))
    assert versions.rivals("world/agedb", "lgaf") == {"lgaf", "arcface", "adaface"}
    assert versions.rivals("world/calfw", "lgaf") == {"lgaf", "arcface", "magface"}
    assert versions.rivals("world/cplfw", "lgaf") == set(rows)
    assert versions.rivals("world/average", "lgaf") == {"lgaf", "arcface"}
    assert versions.rivals("world/calfw", "adaface") == {"adaface"}, "on other images, and alone there"
    assert versions.rivals("world/agedb", "magface") == set(), "not even comparable with itself"


def test_only_what_is_of_the_references_version_can_be_the_best(tmp_path: Path):
    layout = write_run(tmp_path, ONE)
    best = {}
    for name in (None, "lgaf"):
        if name:
            scored_again(layout, name, "lfw", older("lfw"))
        make(layout, ONE)
        table = markdown_tables(page(layout.results, "world-all-pairs"))[0]
        place = table[0].index("world/lfw AUC")
        best[name] = [row[0] for row in table if row[place].startswith("**")]
    assert best == {None: ["LGAF"], "lgaf": []}, "an old reference is compared with none"


def test_a_better_row_of_another_version_is_best_nowhere_else(tmp_path: Path):
    """Neither on the board, nor of the thresholds, nor of the measures of quality."""
    run = settings(("arcface", "lgaf"), seeds=(0,), benchmarks=("lfw", "cfp_fp"), damaged=("cfp_fp",))
    layout = write_run(tmp_path, run)
    for row in run.rows:
        write_embeddings(tmp_path / f"{row.id}.arrow", laboratory_faces(row.id == "lgaf", seed=0))
    for where, best in ((made, True), (older, False)):
        scored_again(layout, "lgaf", "lfw", where("lfw"))
        for row, of in (("arcface", made), ("lgaf", where)):
            score_laboratory(tmp_path / f"{row}.arrow", layout.laboratory / row / "0", row, 0, run.evaluate, run.seed,
                             of("damage"))  # fmt: skip
        found = make(layout, run)
        board = next(it for it in boards(found.tables, found.results) if it.name == "world-verification")
        assert ("LGAF is best" in board.summary) == best
        tables = {table.name: table.rows for table in found.tables}
        for rows in ([row for row in tables["world-thresholds"] if row[0] == "world/lfw"], tables["damage-quality"]):
            bold = [any(isinstance(cell, Value) and cell.best for cell in row) for row in rows
                    if any(isinstance(cell, Value) and cell.text == "LGAF" for cell in row)]  # fmt: skip
            assert bold
            assert any(bold) == best


def test_numbers_of_one_older_version_are_compared_and_all_marked(tmp_path: Path):
    layout = write_run(tmp_path, ONE)
    before = make(layout, ONE)
    for row in ONE.rows:
        for benchmark in ONE.benchmarks:
            scored_again(layout, row.id, benchmark, older(benchmark))
    after = make(layout, ONE)
    assert after.results.tests == before.results.tests
    table = markdown_tables(page(layout.results, "world-verification"))[0]
    assert all(cell.endswith("‡") for row in table[1:] for cell, title in zip(row, table[0], strict=True)
               if title.startswith("world/"))  # fmt: skip


def test_an_average_is_as_old_as_its_oldest_part(tmp_path: Path):
    run = RUN.model_copy(update={"damaged": ()})
    layout = write_run(tmp_path, run)
    scored_again(layout, "magface", "agedb", older("agedb"), seed=1)
    found = make(layout, run)
    assert found.results.versions.old("magface", "world/average")
    assert not found.results.versions.old("magface", "world/calfw")
    assert not [
        key for key in found.results.tests if key[:2] in {("magface", "world/agedb"), ("magface", "world/average")}
    ]
    assert ("magface", "world/calfw", "accuracy") in found.results.tests
    row = next(it for it in records(layout.results / "tables" / "world-verification.csv")
               if (it["row"], it["benchmark"]) == ("magface", "world/average"))  # fmt: skip
    assert row["suite_version"] == f"{lgaf.__version__}, {OLDER}"
    text = page(layout.results, "world-thresholds")
    assert re.search(r"MagFace, seed 1 ‡", text)
    assert not re.search(r"MagFace, seed 0 ‡", text)


def test_the_laboratory_marks_and_tests_likewise(four):
    layout, _ = four
    table, paired = markdown_tables(page(layout.results, "damage"))
    assert table[0] == ["damage", "LGAF", "ArcFace", "MagFace"]
    assert all(row[-1].endswith("‡") for row in table[1:])
    assert not any("‡" in cell or (place == 3 and "**" in cell) for row in table[1:] for place, cell in
                   enumerate(row[:-1]))  # fmt: skip
    assert not any("**" in row[-1] for row in table[1:])
    assert paired[0] == ["percentage points", "LGAF - ArcFace"]
    text = page(layout.results, "damage")
    assert f"p corrected for all {len(GROUPS)} tests" in text
    assert "MagFace by version 0.0.9 (damage). Compared" in text
    assert "run \\`dvc repro -f -s laboratory\\`" in text
    quality = markdown_tables(page(layout.results, "damage-quality"))
    assert {row[0] for row in quality[0][1:] if "‡" in row[0]} == {"MagFace ‡"}
    assert not any("norm: LGAF - MagFace" in row[0] for row in quality[1])
    assert "‡" not in page(layout.results, "damage-branches")


def other_trials(layout: Layout) -> None:
    """Other resamples of MagFace on lfw."""
    write_scores(layout.results.parent, layout, settings(seed=8), "magface", 0, "lfw", 0, True)


def test_an_older_version_may_have_trials_of_its_own_but_not_among_the_seeds_of_a_row(tmp_path: Path):
    layout = write_run(tmp_path, ONE)
    other_trials(layout)
    scored_again(layout, "magface", "lfw", other_images("lfw"))
    make(layout, ONE)
    assert "MagFace on other images or trials than now (world/lfw)" in page(layout.results, "world-verification")
    seeds = settings(("lgaf", "magface"), seeds=(0, 1), benchmarks=("lfw",))
    layout = write_run(tmp_path / "seeds", seeds)
    other_trials(layout)
    scored_again(layout, "magface", "lfw", other_images("lfw"))
    with pytest.raises(DataError, match="not of the same trials and resamples"):
        make(layout, seeds)


def test_a_broken_block_is_named(tmp_path: Path):
    layout = write_run(tmp_path, ONE)
    path = layout.results / "scores" / "magface" / "0" / "lfw.json"
    write_json(path, read_json(path) | {"made": {"version": 1}})
    with pytest.raises(DataError, match=r"magface/0/lfw\.json: made: version: Input should be a valid string; delete"):
        make(layout, ONE)
