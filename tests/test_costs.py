"""The record of what a stage took, from the command line to the file."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from lgaf import cli
from lgaf.costs import COSTS, place_of, recorded
from lgaf.errors import DataError
from lgaf.files import read_json

ROOT = Path(__file__).parent.parent
CHILD = """
import time
held, begin = b"x" * 400_000_000, time.process_time()
while time.process_time() < begin + 0.3:
    pass
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_process_that_was_waited_for_counts():
    with recorded("maps"):
        pass
    with recorded("embed", "lgaf.v2", "0"):
        subprocess.run([sys.executable, "-c", CHILD], check=True)
    before, after = (read_json(COSTS / name) for name in ("maps.json", "embed/lgaf.v2/0.json"))
    assert before["seconds"] < 0.3 < after["seconds"]
    assert before["cpu_seconds"] + 0.3 <= after["cpu_seconds"]
    assert 4e8 < after["peak_memory"] < 2e10
    assert 1 <= after["cores"] <= 4096
    now = datetime.now(timezone.utc)
    assert now - timedelta(minutes=5) < datetime.fromisoformat(after["started"]) <= now


def test_a_stage_that_fails_leaves_the_earlier_record():
    for text in ("first", "second"):
        with pytest.raises(DataError, match=text), recorded("maps"):
            raise DataError(text)
        assert not COSTS.exists()
    with recorded("maps"):
        pass
    earlier = place_of(COSTS, "maps").read_bytes()
    with pytest.raises(KeyboardInterrupt), recorded("maps"):
        raise KeyboardInterrupt
    assert place_of(COSTS, "maps").read_bytes() == earlier
    assert [*COSTS.iterdir()] == [place_of(COSTS, "maps")]


def test_a_folder_that_cannot_be_written_breaks_no_stage(folder: Path):
    (folder / ".cache").write_text("in the way")
    with recorded("maps"):
        pass
    assert (folder / ".cache").read_text() == "in the way"


def test_the_command_line_records_stages_that_end_well(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("DVC_STAGE", raising=False)
    (folder / "params.yaml").write_text((ROOT / "presets" / "tiny.yaml").read_text())
    assert cli.main(["settings"]) == 0
    assert cli.main(["align", "train"]) == 1
    assert [path.relative_to(COSTS) for path in COSTS.rglob("*.json")] == [Path("settings.json")]


def test_nothing_heavy_is_loaded_for_it():
    code = "import sys, lgaf.costs; print({'numpy', 'pydantic', 'cv2', 'torch', 'pyarrow'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
