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
    (tmp_path / "params.yaml").write_text((ROOT / "presets" / "tiny.yaml").read_text())
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["photos"], "basis.safetensors"),
        (["align", "train"], "data/photos/train.arrow: no such file; run `dvc repro`"),
        (["train", "lgaf"], "data/aligned/train.arrow: no such file; run `dvc repro`"),
        (["train", "sphereface"], "'sphereface' is unknown; allowed: lgaf, arcface, cosface, adaface, magface"),
        (["train", "cosface"], "'cosface' has no block"),
        (["embed", "lgaf"], "models/lgaf/model.safetensors: no such checkpoint; run `dvc repro`"),
        (["score", "lgaf", "lfw"], "embeddings/lgaf/lfw.arrow: no such file; run `dvc repro`"),
        (["report"], "no such file; run `dvc repro`"),
        (["check"], "results/metrics.json: no such file; run `dvc repro`"),
        (["--params", "none.yaml", "report"], "none.yaml: no such file"),
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

    fail.__name__, fail.__doc__ = "report", "x"
    monkeypatch.setattr(cli, "report", fail)
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


def test_ctrl_c_while_rendering(project):
    """The interrupt of a terminal reaches the workers too; soon all have gone and no half pack is left."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = [sys.executable, "-m", "lgaf.cli"]
    subprocess.run([*run, "basis"], env=environment, check=True, capture_output=True)
    started = subprocess.Popen(
        [*run, "photos"], env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    time.sleep(4)
    os.killpg(started.pid, signal.SIGINT)
    _, error = started.communicate(timeout=30)
    if started.returncode != 0:  # a fast machine may be done
        assert started.returncode == 130
        assert "lgaf: interrupted" in error
    assert not list(project.rglob("*.tmp"))
