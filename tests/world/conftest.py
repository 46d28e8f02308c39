"""One basis and one small gallery of clean renders for all tests of the world."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from gallery import EACH, PEOPLE, Render, shoot

from lgaf.world.basis import build_basis, load_basis
from lgaf.world.photograph import Studio


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    cv2.setNumThreads(1)


@pytest.fixture(scope="session")
def basis_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("basis") / "basis.safetensors"
    build_basis(path)
    return path


@pytest.fixture(scope="session")
def studio(basis_path: Path) -> Studio:
    return Studio(load_basis(basis_path))


@pytest.fixture(scope="session")
def clean(studio: Studio) -> list[Render]:
    """Clean renders within 40 degrees of yaw, EACH of PEOPLE people, everything else drawn as for lfw."""
    yaws = np.random.default_rng(5).normal(0, 17, (PEOPLE, EACH)).clip(-40, 40)
    return [shoot(studio, i, k, yaw=float(yaws[i, k])) for i in range(PEOPLE) for k in range(EACH)]
