"""The pipeline as a user runs it, on a tiny configuration: a clone, `dvc repro`, an ablation, the check."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from ruamel.yaml import YAML

from baselines import head_class, heads
from lgaf.cli import main
from lgaf.config import load_settings
from lgaf.damage.kinds import KINDS
from lgaf.evaluate.outcomes import pack_bits
from lgaf.train.loop import train

ROOT = Path(__file__).parent.parent
METHODS = ["lgaf", "arcface", "adaface", "magface"]
BENCHMARKS = ["world/lfw", "world/tinyface", "world/scface"]
DAMAGE = ["damage/clean", *(f"damage/{kind.name}" for kind in KINDS)]
README = (ROOT / "README.md").read_text()


class Clone:
    """A clone of the project with the tiny parameters, in which commands run."""

    def __init__(self, folder: Path):
        self.folder = folder
        listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
        files = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
        for name in files:
            if name and (ROOT / name).is_file() and not name.startswith("results/"):
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, folder / name)
        (folder / "dvc.lock").unlink(missing_ok=True)
        shutil.copy(folder / "presets" / "tiny.yaml", folder / "params.yaml")
        for command in ("git init -q", "git add -A", "git -c user.name=t -c user.email=t@t commit -qm start"):
            self.run(command)

    def run(self, command: str, status: int = 0, errors: bool = True) -> str:
        """Run a command line; its output, with what it says of errors or without."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        identity = {f"GIT_{who}_{what}": "t@t" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        environment = {**os.environ, **identity, "PATH": path, "DVC_NO_ANALYTICS": "1"}
        done = subprocess.run(
            shlex.split(command), cwd=self.folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == status, f"{command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr if errors else done.stdout

    def read(self, name: str) -> object:
        return json.loads((self.folder / name).read_text())


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    clone = Clone(tmp_path_factory.mktemp("clone"))
    clone.first = clone.run("dvc repro")
    clone.run("git add -A")
    clone.run("git commit -qm results")
    return clone


def ran(output: str) -> set[str]:
    return set(re.findall(r"Running stage '([^']+)'", output))


STAGES = (
    {"settings", "basis", "photos", "align_train", "damage", "maps", "report"}
    | {f"align@{name.split('/')[1]}" for name in BENCHMARKS}
    | {f"{stage}@{row}-0" for stage in ("train", "embed", "laboratory") for row in METHODS}
    | {f"score@{row}-{name.split('/')[1]}-0" for row in METHODS for name in BENCHMARKS}
)


def test_every_stage_gives_its_results(clone):
    assert ran(clone.first) == STAGES
    metrics = clone.read("results/metrics.json")
    assert list(metrics) == METHODS
    for method in METHODS:
        assert list(metrics[method]) == [*BENCHMARKS, *DAMAGE]
        for values in metrics[method].values():
            for metric in values.values():
                assert set(metric) == {"value", "low", "high", "n"}
                assert 0 <= metric["low"] <= metric["value"] <= metric["high"] <= 1
                assert metric["n"] > 0
    for table in (
        "world-verification",
        "world-tinyface",
        "world-scface",
        "damage",
        "damage-branches",
        "verification",
        "tinyface",
        "scface",
    ):
        for kind in ("md", "csv", "tex"):
            assert (clone.folder / f"results/tables/{table}.{kind}").stat().st_size > 100
    assert len(list((clone.folder / "results/plots").glob("*.png"))) >= 6
    assert [path.name for path in (clone.folder / "results/plots").glob("maps-*")] == ["maps-lgaf.jpg"]
    counts = clone.read("results/align/train.json")["counts"]
    assert counts["images"] == 24
    assert counts["detected"] + counts["missed"] == 24


def test_a_second_run_does_nothing(clone):
    output = clone.run("dvc repro")
    assert ran(output) == set()
    assert "Data and pipelines are up to date" in output


def test_another_run_gives_the_same_metrics(clone, tmp_path, monkeypatch):
    """From training on, in this process; what comes before it is made of the bytes that tests/world compares."""
    for name in ("params.yaml", "settings", "data", "results/align"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).symlink_to(clone.folder / name)
    monkeypatch.chdir(tmp_path)
    for row in METHODS:
        for stage in ("train", "embed", "laboratory"):
            assert main([stage, row, "0"]) == 0
        for name in BENCHMARKS:
            assert main(["score", row, name.split("/")[1], "0"]) == 0
    torch.set_flush_denormal(False)
    for stage in ("maps", "report"):
        assert main([stage]) == 0
    again = Path("results/metrics.json").read_bytes()
    assert again == (clone.folder / "results/metrics.json").read_bytes()


def test_no_stage_leaves_a_temporary_file(clone):
    assert not list(clone.folder.rglob("*.tmp"))
    assert not list((clone.folder / ".cache" / "train").glob("*/*"))


def test_an_ablation_runs_the_rows_that_inherit_it(clone):
    before = clone.read("results/metrics.json")
    output = clone.run("dvc exp run -S fusion=concat")
    scores = {f"score@lgaf-{name.split('/')[1]}-0" for name in BENCHMARKS}
    assert ran(output) == {"settings", "train@lgaf-0", "embed@lgaf-0", "laboratory@lgaf-0", "maps", "report", *scores}
    after = clone.read("results/metrics.json")
    for method in METHODS[1:]:
        assert after[method] == before[method]
    assert "concat" in (clone.folder / "params.yaml").read_text()


@pytest.mark.parametrize("head", heads())
def test_every_head_is_a_row_of_the_tiny_preset(clone, tmp_path, head):
    values = YAML(typ="safe").load(ROOT / "presets" / "tiny.yaml")
    values["methods"] = {"lgaf": values["methods"]["lgaf"], "row": {"network": "plain", "head": head}}
    YAML().dump(values, tmp_path / "params.yaml")
    settings = load_settings(tmp_path / "params.yaml")
    settings.check_all()
    assert settings.label("row") == head_class(head).title
    train(clone.folder / "data/aligned/train.arrow", tmp_path / "out", tmp_path / "state", settings.run("row"), 0, {})
    torch.set_flush_denormal(False)
    losses = [epoch["loss"] for epoch in json.loads((tmp_path / "out/training.json").read_text())["history"]]
    assert len(losses) == settings.train.epochs
    assert np.isfinite(losses).all()


def test_a_mistake_runs_and_deletes_nothing(clone):
    before = (clone.folder / "params.yaml").read_text()
    try:
        (clone.folder / "params.yaml").write_text(before.replace("fusion: ", "fusion: not_"))
        output = clone.run("dvc repro", status=255)
        assert "fusion: 'not_" in output
        assert "'quality', 'energy', 'sum', 'concat', 'gate', 'local' or 'global'" in output
        assert (clone.folder / "models/lgaf/0/model.safetensors").exists()
        assert (clone.folder / "results/metrics.json").exists()
        assert (clone.folder / "settings/report.json").exists()
    finally:
        (clone.folder / "params.yaml").write_text(before)


def test_an_experiment_runs_its_own_code(clone):
    """A copy of the project with an edited source: the experiment's results have the edit, the workspace's have not."""
    source = clone.folder / "lgaf/report/report.py"
    before = source.read_text()
    try:
        source.write_text(before.replace('"# Results', '"# Edited results'))
        assert source.read_text() != before
        clone.run("dvc exp run --queue -n edited")
    finally:
        source.write_text(before)
    clone.run("dvc exp run --run-all")
    (experiment,) = re.findall(
        r"^refs/exps/.*/edited$", clone.run("git for-each-ref --format=%(refname)"), re.MULTILINE
    )
    assert clone.run(f"git show {experiment}:results/tables/README.md").startswith("# Edited results")
    assert (clone.folder / "results/tables/README.md").read_text().startswith("# Results")


def test_the_check_names_what_got_worse(clone):
    clone.run("lgaf check --update")
    assert "WORSE" not in clone.run("lgaf check")
    path = clone.folder / "results/reference.json"
    reference = json.loads(path.read_text())
    for metrics in reference["rows"]["arcface"].values():
        for kept in metrics.values():
            kept["right"] = [pack_bits(np.ones(kept["n"], bool))]
    path.write_text(json.dumps(reference))
    output = clone.run("lgaf check", status=1)
    assert re.search(r"^arcface verification: 100\.00 -> ", output, re.MULTILINE)


def commands() -> list[str]:
    """Every command of the README's shell blocks, but those that set up an environment."""
    blocks = re.findall(r"```bash\n(.*?)```", README, re.DOTALL)
    lines = [line.split("  #")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def test_readme_names_every_head():
    for head in heads():
        assert head_class(head).title in README


def test_readme_names_the_set_up():
    assert "tox -e repro" in commands()
    assert "tox -e tests" in commands()
    environments = (ROOT / "tox.ini").read_text()
    for command in commands():
        if command.startswith("tox -e "):
            for name in command.split()[2].split(","):
                assert re.search(rf"^\[testenv:.*\b{name}\b", environments, re.MULTILINE), command


def test_readme_shows_the_committed_results():
    """Of the last commit, since a pipeline run in this folder changes the results."""
    name = "HEAD:results/tables/world-verification.md"
    shown = subprocess.run(["git", "show", name], cwd=ROOT, capture_output=True, text=True, check=False)
    if shown.returncode:
        pytest.skip("no committed results: this folder is no Git checkout")
    rows = [line for line in shown.stdout.splitlines() if line.startswith("|")]
    assert rows
    for row in rows:
        assert row in README


@pytest.mark.parametrize("command", [line for line in commands() if line.startswith(("dvc ", "lgaf "))])
def test_readme_commands_run(clone, command):
    if command == "lgaf check":
        clone.run("lgaf check --update")
    clone.run(command)
