import pytest
import torch


@pytest.fixture(autouse=True)
def denormals_as_before():
    """Training flushes denormal numbers; hypothesis, rightly, refuses to draw floats in such a process."""
    yield
    torch.set_flush_denormal(False)
