"""Which folds `lgaf folds` runs and what it refuses, the experiments in a dictionary; and once with DVC."""

import shutil
from pathlib import Path

import miniature
import pytest
from ruamel.yaml import YAML

from lgaf import folds
from lgaf.cli import main
from lgaf.errors import DataError
from lgaf.report.metrics import parse_metrics

ROOT = Path(__file__).parents[3]
ROWS = ("lgaf", "arcface", "adaface", "magface")


class Experiments:
    """DVC's experiments, by name; ``ran`` are those that were run here."""

    def __init__(self) -> None:
        self.metrics: dict = {}
        self.ran: list[int] = []

    def run(self, fold: int, name: str) -> None:
        self.ran.append(fold)
        metric = {"value": 0.8 + fold / 100, "low": 0.8, "high": 0.9, "n": 600}
        self.metrics[name] = parse_metrics({row: {"part/lfw": {"accuracy": metric}} for row in ROWS}, name)


class Revision:
    """As of :mod:`lgaf.report.revisions`."""

    of: Experiments

    def __init__(self, name):
        self.name = name

    @property
    def metrics(self):
        if self.name not in self.of.metrics:
            raise DataError("not at hand")
        return self.of.metrics[self.name]


@pytest.fixture
def experiments(tmp_path, monkeypatch):
    """A folder with presets/lfw.yaml and a small LFW of ten folds."""
    miniature.write_lfw(tmp_path / "datasets" / "lfw", lambda person, number: b"x")
    shutil.copy(ROOT / "presets" / "lfw.yaml", tmp_path / "params.yaml")
    monkeypatch.chdir(tmp_path)
    found = Experiments()
    monkeypatch.setattr(Revision, "of", found, raising=False)
    monkeypatch.setattr(folds, "Revision", Revision)
    monkeypatch.setattr(folds, "run_fold", found.run)
    return found


def test_ten_folds_and_a_table(experiments, capsys):
    before = Path("params.yaml").read_text()
    assert main(["folds"]) == 0
    assert experiments.ran == [*range(1, 11)]
    said = capsys.readouterr().out
    assert said == Path("results/folds.md").read_text() + "\n"
    assert "| 10" in said
    assert "85.50 ± 0.96" in said
    assert "trained on 108 photos" in said
    assert Path("results/folds.csv").read_text().count("\n") == 1 + len(ROWS)
    assert Path("params.yaml").read_text() == before


def test_done_folds_are_not_run_again(experiments):
    path = Path("datasets/lfw/pairs.txt")
    path.write_text("\n".join(["3\t2", *path.read_text().splitlines()[1:13]]))

    def killed(fold, name):
        if fold == 2:
            raise KeyboardInterrupt
        experiments.run(fold, name)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(folds, "run_fold", killed)
        assert main(["folds"]) == 130
    assert not Path("results/folds.md").exists()
    assert main(["folds"]) == 0
    assert experiments.ran == [1, 2, 3]  # the last two by the second command
    values = YAML().load(Path("params.yaml"))
    values["data"]["lfw"]["fold"] = 3  # this is not what folds differ in
    YAML().dump(values, Path("params.yaml"))
    assert main(["folds"]) == 0
    assert len(experiments.ran) == 3
    values["train"]["epochs"] = 2
    YAML().dump(values, Path("params.yaml"))
    assert main(["folds"]) == 0
    assert len(experiments.ran) == 6


def refused(capsys, arguments=("folds",)):
    assert main([*arguments]) == 1
    (line,) = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("lgaf: fold ")]
    return line


def test_an_edit_while_folds_run_is_refused(experiments, monkeypatch, capsys):
    def edit(fold, name):
        experiments.run(fold, name)
        text = Path("params.yaml").read_text()
        Path("params.yaml").write_text(text.replace("margin: 0.3", "margin: 0.2"))

    monkeypatch.setattr(folds, "run_fold", edit)
    assert "params.yaml or a source was edited while folds were run" in refused(capsys)
    assert experiments.ran == [1]


def test_what_has_no_folds(experiments, capsys):
    assert "--params other.yaml: DVC's experiments read params.yaml" in refused(
        capsys, ["--params", "other.yaml", "folds"]
    )
    path = Path("datasets/lfw/pairs.txt")
    whole = path.read_text()
    path.write_text("\n".join(["1\t2", *whole.splitlines()[1:5]]))
    assert "pairs.txt: number of folds is 1, and a mean over them needs 2 to 10; get LFW's own list" in refused(capsys)
    path.write_text(whole.replace("Person_J1\t1\t2", "Person_A1\t2\t3"))
    assert "pairs.txt: Person_A1 is in folds 1 and 10" in refused(capsys)
    shutil.copy(ROOT / "params.yaml", "params.yaml")
    assert "params.yaml: data.source: 'world' is not LFW" in refused(capsys)
    assert experiments.ran == []


def test_a_failed_experiment(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where DVC has nothing to run
    with pytest.raises(DataError, match=r"fold 2: `dvc exp run --temp .*` ended with status [0-9]+, see above; then"):
        folds.run_fold(2, "not a name of git's")


@pytest.mark.timeout(1800)  # two whole runs
def test_with_dvc(tmp_path):
    """In a clone: two folds, one row, a relative data.root that Git ignores; then nothing is left to run."""
    from test_pipeline import Clone

    clone = Clone(tmp_path)
    lfw = clone.folder / "datasets" / "lfw"
    miniature.write_lfw(lfw)
    (lfw / "pairs.txt").write_text("\n".join(["2\t2", *(lfw / "pairs.txt").read_text().splitlines()[1:9]]))
    values = YAML(typ="safe").load(clone.folder / "params.yaml")
    values["data"], values["benchmarks"] = {"source": "lfw", "root": "datasets"}, ["lfw"]
    values["damage"]["enabled"] = False  # so few people have no clean faces to damage
    values["methods"] = {"arcface": values["methods"]["arcface"]}
    values["reference"], values["align"]["train_miss"] = "arcface", "centre"
    YAML().dump(values, clone.folder / "params.yaml")
    params = (clone.folder / "params.yaml").read_text()
    said = clone.run("python -m lgaf folds")
    assert said.count("Running stage 'train@arcface-0'") == 2
    assert "| mean ± standard error |" in said
    assert (clone.folder / "params.yaml").read_text() == params
    changed = clone.run("git status --short --untracked-files=all").split("\n")
    assert set(changed) - {""} == {" M params.yaml", "?? results/folds.csv", "?? results/folds.md"}
    clone.run("git add -A")
    clone.run("git commit -qm folds")
    again = clone.run("python -m lgaf folds")  # experiments of an earlier commit are found too
    assert "Running stage" not in again
    assert again.count(" is done: experiment lfw-") == 2
