"""Two revisions set side by side, read from folders in place of Git and DVC's cache."""

import json

import pytest
from report_files import settings, write_run

import lgaf.report.diff as diff
import lgaf.report.revisions as revisions
from lgaf.errors import DataError
from lgaf.evaluate.compare import paired_difference
from lgaf.evaluate.replicates import read_replicates
from lgaf.report.pooling import pooled


class Folder:
    """A revision's files below a folder."""

    def __init__(self, root):
        self.root = root

    def read_bytes(self, path):
        return (self.root / path).read_bytes()

    def find(self, folder):
        return [str(path.relative_to(self.root)) for path in (self.root / folder).rglob("*.*")]


@pytest.fixture
def two(tmp_path, monkeypatch):
    """Revisions "one" and "two" of the same trials; rows differ in their seed of training."""
    for name, seeds in (("one", (1,)), ("two", (2,))):
        write_run(tmp_path / name, settings(seeds=seeds))
        metrics = {"lgaf": {"world/lfw": {"accuracy": {"value": 0.5 if name == "one" else 0.75, "low": 0.4, "high": 0.8,
                                                       "n": 9}}}}  # fmt: skip
        (tmp_path / name / "results/metrics.json").write_text(json.dumps(metrics))

    def opened(self, rev):
        self.name, self.files = rev or "workspace", Folder(tmp_path / (rev or "two"))

    monkeypatch.setattr(revisions.Revision, "__init__", opened)
    return tmp_path


def test_differences_are_those_of_the_replicates(two):
    said = diff.diff_revisions("one", None)
    run = settings()
    row = run.rows[0].id
    names = ["cfp_fp", "lfw"]
    each = {}
    for name, seed in (("one", 1), ("two", 2)):
        files = {b: read_replicates(two / name / f"replicates/{row}/{seed}/{b}.arrow") for b in names}
        each[name] = pooled(row, {seed: {it.benchmark: it for it in files.values()}},
                            [(it.benchmark, "accuracy") for it in files.values()], 0)  # fmt: skip
    found = paired_difference(each["two"], each["one"])
    line = next(line for line in said.splitlines() if line.startswith(row))
    assert f"{100 * found.difference:+.2f} [{100 * found.low:+.2f}, {100 * found.high:+.2f}]" in line
    assert said.startswith("workspace minus one, percentage points")


def test_equal_revisions_are_the_same(two):
    said = diff.diff_revisions("one", "one")
    assert "p=" not in said
    assert said.count("same") > 10


def test_one_screen(two):
    lines = diff.diff_revisions("one", "two").splitlines()
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 120


def test_rows_of_one_side_are_said(two):
    (two / "one/replicates" / settings().rows[0].id).rename(two / "one/replicates/old_row")
    said = diff.diff_revisions("one", "two")
    assert "only in one: old_row" in said
    assert f"only in two: {settings().rows[0].id}" in said


def test_other_trials_are_not_compared(two):
    run = settings()
    for row in run.rows:
        (two / f"one/replicates/{row.id}/1/lfw.arrow").unlink()
    line = next(line for line in diff.diff_revisions("one", "two").splitlines() if line.startswith("world/lfw"))
    assert line.split()[1:] == ["-"] * len(run.rows)


def test_without_trials_metrics_stand_side_by_side(two):
    for path in (two / "one/replicates").rglob("*.arrow"):
        path.unlink()
    said = diff.diff_revisions("one", "two")
    assert "one: has no trials at hand: metrics only, no test" in said
    assert "+25.00" in said


def test_nothing_at_all(two):
    for path in (two / "one").rglob("*.*"):
        if path.is_file():
            path.unlink()
    with pytest.raises(DataError, match=r"one: results/metrics.json is not at hand"):
        diff.diff_revisions("one", "two")


def test_an_unknown_revision():
    with pytest.raises(DataError, match="no_such_revision"):
        diff.diff_revisions("no_such_revision", None)
