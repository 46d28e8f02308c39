"""The sources of a stage, against Python's own account of what a process imported."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from lgaf.sources import sources

ROOT = Path(__file__).parent.parent
STAGES = sorted(path.stem for path in (ROOT / "lgaf" / "stages").glob("[a-z]*.py") if path.stem != "inputs")


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def test_every_form_of_import(tmp_path):
    write(
        tmp_path,
        {
            "p/__init__.py": "from . import shared\n",
            "p/shared.py": "import numpy, os.path\n",
            "p/a.py": "import p.b as x\nfrom p import c\nfrom .d import name\nfrom typing import TYPE_CHECKING\n"
            "if TYPE_CHECKING:\n    import p.typed\nelse:\n    import p.other\ndef f():\n    from p.q import e\n",
            "p/b.py": "import p.a\n",
            "p/c.py": "",
            "p/d.py": "name = 1\n",
            "p/typed.py": "",
            "p/other.py": "",
            "p/q/__init__.py": "",
            "p/q/e.py": "from .. import f\nfrom ..g import h\n",
            "p/q/table.csv": "1\n",
            "p/f.py": "",
            "p/g.py": "h = 1\n",
            "p/unused.py": "",
        },
    )
    found = sources(["p.a"], ROOT, tmp_path)
    names = ["__init__", "a", "b", "c", "d", "f", "g", "other", "q/__init__", "q/e", "shared"]
    assert set(found) == {*(f"p/{name}.py" for name in names), "p/q/table.csv"}
    assert found["p/d.py"] == hashlib.sha256(b"name = 1\n").hexdigest()
    assert list(found) == sorted(found)


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_lists_what_its_process_imports(stage):
    """Never stale: all that importing the stage loads is listed."""
    code = (
        f"import json, sys, lgaf.stages.{stage}\n"
        "print(json.dumps([getattr(m, '__file__', None) for m in list(sys.modules.values())]))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    files = {Path(name) for name in json.loads(done.stdout) if name}
    loaded = {str(path.relative_to(ROOT)) for path in files if ROOT in path.parents and ".tox" not in path.parts}
    assert loaded <= set(sources([f"lgaf.stages.{stage}"], ROOT, ROOT))
    assert f"lgaf/stages/{stage}.py" in loaded


FOREIGN = {
    "world": ("lgaf/data/", "lgaf/align/", "lgaf/models/", "lgaf/report/", "baselines/"),
    "lfw": ("lgaf/world/", "lgaf/models/", "lgaf/report/", "baselines/"),
    "official": ("lgaf/world/", "lgaf/models/", "lgaf/report/", "baselines/"),
    "align": ("lgaf/data/", "lgaf/world/", "lgaf/models/", "lgaf/report/", "baselines/"),
    "train": ("lgaf/data/", "lgaf/world/", "lgaf/align/", "lgaf/evaluate/", "lgaf/report/", "baselines/arcface.py"),
    "embed": ("lgaf/data/", "lgaf/world/", "lgaf/align/", "lgaf/evaluate/", "lgaf/report/", "baselines/"),
    "maps": ("lgaf/data/", "lgaf/world/", "lgaf/align/", "lgaf/evaluate/", "lgaf/report/", "baselines/"),
    "score": ("lgaf/data/", "lgaf/world/", "lgaf/align/", "lgaf/models/", "lgaf/report/", "baselines/"),
    "report": ("lgaf/data/official/lfw", "lgaf/align/", "lgaf/models/", "lgaf/train/", "baselines/"),
}
"""Stage -> what an edit of must not run it again."""


@pytest.mark.parametrize("stage", FOREIGN)
def test_a_stage_lists_nothing_foreign(stage):
    """Never wasteful: rooms that the stage does not run are not listed."""
    found = sources([f"lgaf.stages.{stage}"], ROOT, ROOT)
    assert not [name for name in found if name.startswith(FOREIGN[stage])]


def test_scoring_and_reporting_do_not_load_torch():
    for stage in ("score", "report"):
        code = f"import lgaf.stages.{stage}, sys; sys.exit('torch' in sys.modules)"
        assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0, stage
