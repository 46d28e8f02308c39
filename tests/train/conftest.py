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
