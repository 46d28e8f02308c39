import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import lgaf.cli as cli
from lgaf.errors import DataError, LgafError
from lgaf.files import atomic, write_text

ROOT = Path(__file__).parent.parent


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder with the tiny parameters, in which `lgaf settings` was run."""
    (tmp_path / "params.yaml").write_text((ROOT / "presets" / "tiny.yaml").read_text())
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DVC_STAGE", raising=False)
    assert cli.main(["settings"]) == 0
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["photos"], "basis.safetensors"),
        (["align", "train"], "data/photos/train.arrow: no such file; run `dvc repro`"),
        (["train", "lgaf", "0"], "data/aligned/train.arrow: no such file; run `dvc repro`"),
        (["train", "sphereface", "0"], "methods: 'sphereface' is no row; there are adaface, arcface, lgaf, magface"),
        (["embed", "lgaf", "0"], "models/lgaf/0/model.safetensors: no such checkpoint; run `dvc repro`"),
        (["score", "lgaf", "lfw", "0"], "data/photos/lfw.json: no such file; run `dvc repro`"),
        (["report"], "no such file; run `dvc repro`"),
        (["check"], "results/reference.json: no such file; take the committed one back"),
        (["complexity", "sphereface"], "methods: 'sphereface' is no row"),
        (["--params", "none.yaml", "settings"], "none.yaml: no such file"),
    ],
)
def test_what_is_missing_is_one_line(project, capsys, arguments, said):
    assert cli.main(arguments) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("lgaf: ")
    assert said in line


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (LgafError("a file: what is wrong"), 1, "lgaf: a file: what is wrong\n"),
        (OSError(errno.ENOSPC, "No space left on device"), 1, "lgaf: [Errno 28] No space left on device\n"),
        (KeyboardInterrupt(), 130, "lgaf: interrupted"),
    ],
)
def test_endings(project, monkeypatch, capsys, error, status, said):
    def fail(*_):
        raise error

    monkeypatch.setattr(cli, "stage", fail)
    assert cli.main(["report"]) == status
    assert said in capsys.readouterr().err


def test_a_full_disk_leaves_nothing(tmp_path):
    target = tmp_path / "out.txt"
    write_text(target, "whole")

    def fill() -> None:
        with atomic(target) as temporary:
            temporary.write_text("ha")
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(DataError, match=r"out\.txt: cannot be written: No space left"):
        fill()
    assert target.read_text() == "whole"
    assert list(tmp_path.iterdir()) == [target]


def test_errors_steer_no_terminal(project, monkeypatch, capsys):
    def fail(*_):
        raise LgafError("a name: \x1b[31mred\x07")

    monkeypatch.setattr(cli, "stage", fail)
    assert cli.main(["report"]) == 1
    assert capsys.readouterr().err == "lgaf: a name: \\x1b[31mred\\x07\n"


def test_ctrl_c_while_rendering(project):
    """The interrupt of a terminal reaches the workers too; soon all have gone and no half pack is left."""
    text = (project / "params.yaml").read_text()
    (project / "params.yaml").write_text(text.replace("train_people: 6", "train_people: 600"))
    run = [sys.executable, "-m", "lgaf"]
    for stage in ("settings", "basis"):
        subprocess.run([*run, stage], check=True, capture_output=True)
    started = subprocess.Popen([*run, "photos"], stderr=subprocess.PIPE, text=True, start_new_session=True)
    deadline = time.time() + 60
    while not list(project.glob("data/photos/.train.arrow.*.tmp")):  # the first pack is being written
        assert time.time() < deadline
        time.sleep(0.1)
    os.killpg(started.pid, signal.SIGINT)
    _, error = started.communicate(timeout=60)
    assert started.returncode == 130
    assert error.count("lgaf: interrupted") == 1
    assert "Traceback" not in error
    assert not list(project.rglob("*.tmp"))
    assert not (project / "data/photos/train.arrow").exists()
