"""A seed gives one file, to the byte, for any number of workers; only the number of threads makes another."""

import pytest
import torch
from small_runs import make_run, train


@pytest.fixture(autouse=True)
def threads_as_before():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("threads", [1, 2])
def test_a_seed_decides_every_byte(pack, tmp_path, threads, precision):
    torch.set_num_threads(threads)
    files = []
    for number, workers in enumerate((0, 0, 2)):
        out = tmp_path / str(number)
        train(pack, out, tmp_path / "state", make_run(epochs=2, workers=workers, precision=precision))
        files.append((out / "model.safetensors").read_bytes())
    assert files[0] == files[1]
    assert files[0] == files[2]
