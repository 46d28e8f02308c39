import shutil
from pathlib import Path

import pytest
from report_files import SEEDS, make, settings, write_run

from lgaf.report.sources import Layout


def copy(layout: Layout, folder: Path) -> Layout:
    """The same files in another folder."""
    shutil.copytree(layout.results.parent, folder, dirs_exist_ok=True)
    return Layout(folder / "results", folder / "replicates", folder / "models", folder / "laboratory")


@pytest.fixture(scope="session")
def world_files(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """A run on the generated world without a report; not to be changed."""
    return write_run(tmp_path_factory.mktemp("files"), settings())


@pytest.fixture(scope="session")
def world_report(world_files: Layout, tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """A run on the generated world and its report; not to be changed."""
    layout = copy(world_files, tmp_path_factory.mktemp("world"))
    make(layout, settings(), plots=True)
    return layout


@pytest.fixture(scope="session")
def real_report(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """A run on photographs and its report; not to be changed."""
    layout = write_run(tmp_path_factory.mktemp("real"), settings(), world=False)
    make(layout, settings())
    return layout


@pytest.fixture(scope="session")
def seeds_report(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """Two LGAFs and a baseline, three seeds each, on the four benchmarks of the average; not to be changed."""
    layout = write_run(tmp_path_factory.mktemp("seeds"), SEEDS)
    make(layout, SEEDS)
    return layout


@pytest.fixture
def world_run(world_files: Layout, tmp_path: Path) -> Layout:
    """A run on the generated world, for a test to change."""
    return copy(world_files, tmp_path)
