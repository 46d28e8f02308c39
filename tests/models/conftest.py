"""Official checkpoints in small files: the same names and shapes, and one number for every weight."""

import sys
import types

import originals
import pytest
from originals import light, prefixed


@pytest.fixture(scope="module")
def arcface():
    return light(originals.iresnet(18))


@pytest.fixture(scope="module")
def adaface():
    return prefixed("model.", light(originals.ir(18)))


@pytest.fixture
def lightning(monkeypatch):
    """A class by the name under which Lightning before 1.6 keeps what its callback knows."""
    module = types.ModuleType("pytorch_lightning.callbacks.model_checkpoint")
    module.ModelCheckpoint = type("ModelCheckpoint", (), {"__module__": module.__name__})
    for name in ("pytorch_lightning", "pytorch_lightning.callbacks"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return module.ModelCheckpoint
