from pathlib import Path

import pytest
from report_files import BENCHMARKS, METHODS, RUN, SETTINGS, write_run

from lgaf.report.report import report
from lgaf.report.sources import Layout


@pytest.fixture(scope="session")
def world_report(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """A run on the generated world and its report; not to be changed."""
    layout = write_run(tmp_path_factory.mktemp("world"), world=True)
    report(layout, METHODS, BENCHMARKS, RUN, SETTINGS)
    return layout


@pytest.fixture(scope="session")
def real_report(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """A run on photographs and its report; not to be changed."""
    layout = write_run(tmp_path_factory.mktemp("real"), world=False)
    report(layout, METHODS, BENCHMARKS, RUN, SETTINGS)
    return layout


@pytest.fixture
def world_run(tmp_path: Path) -> Layout:
    """A run on the generated world, for a test to change."""
    return write_run(tmp_path, world=True)
