import pytest
import torch
from small_runs import write_people


@pytest.fixture(autouse=True)
def denormals_as_before():
    """Training flushes denormal numbers; hypothesis, rightly, refuses to draw floats in such a process."""
    yield
    torch.set_flush_denormal(False)


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    return write_people(tmp_path_factory.mktemp("people") / "train.arrow")


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes many minutes; run by -m slow only")


def pytest_collection_modifyitems(config, items):
    if "slow" not in config.getoption("-m"):
        for item in items:
            if item.get_closest_marker("slow"):
                item.add_marker(pytest.mark.skip(reason="takes many minutes; -m slow runs it"))
