"""Limits and defaults of the ``train`` block."""

import pytest
from pydantic import ValidationError

from lgaf.train.settings import AugmentSettings, Recipe, TrainSettings

LEAST = {"epochs": 10, "batch_size": 4, "lr": 0.1, "weight_decay": 1e-4}


def test_defaults():
    assert Recipe(**LEAST).model_dump() == {
        **LEAST,
        "optimiser": "sgd",
        "momentum": 0.9,
        "schedule": "cosine",
        "milestones": (),
        "warmup_epochs": 0,
        "precision": "auto",
        "clip_norm": 5,
        "workers": 0,
        "processes": 1,
        "accumulate": 1,
        "sample_rate": 1,
        "start_from": None,
        "sync_batch_norm": False,
        "checkpoint_steps": None,
        "augment": {
            "flip": 0.5,
            "cover": 0,
            "warp": 0,
            "noise": 0,
            "low_resolution": 0.2,
            "crop": 0.2,
            "photometric": 0.2,
        },
    }


LIMITS = [
    ("epochs", 1, 0, 100_000, 100_001),
    ("batch_size", 2, 1, 1_000_000, 1_000_001),
    ("lr", 1e-9, 0, 1000, 1000.1),
    ("momentum", 0, -1e-9, 1 - 1e-9, 1),
    ("weight_decay", 0, -1e-9, 1, 1 + 1e-9),
    ("workers", 0, -1, 256, 257),
    ("accumulate", 1, 0, 4096, 4097),
    ("sample_rate", 1e-9, 0, 1, 1.001),
    ("clip_norm", 1e-9, 0, None, float("inf")),
    ("warmup_epochs", 0, -1e-9, 10 - 1e-9, 10),
]


@pytest.mark.parametrize(("name", "least", "less", "most", "more"), LIMITS)
def test_limits(name, least, less, most, more):
    for value in (least, most):
        assert getattr(Recipe(**{**LEAST, name: value}), name) == value
    for value in (less, more):
        with pytest.raises(ValidationError, match=name):
            Recipe(**{**LEAST, name: value})


@pytest.mark.parametrize("name", AugmentSettings.model_fields)
def test_probabilities_are_from_0_to_1(name):
    for value in (0, 1):
        AugmentSettings(**{name: value})
    for value in (-1e-9, 1 + 1e-9):
        with pytest.raises(ValidationError, match=name):
            AugmentSettings(**{name: value})


@pytest.mark.parametrize("milestones", [(5, 5), (5, 3)])
def test_milestones_rise_where_they_count(milestones):
    with pytest.raises(ValidationError, match="must rise"):
        Recipe(**LEAST, schedule="step", milestones=milestones)
    Recipe(**LEAST, schedule="cosine", milestones=milestones)
    Recipe(**LEAST, schedule="step", milestones=(3, 5))


def test_seeds():
    assert TrainSettings(**LEAST, seeds=range(100)).seeds == tuple(range(100))
    for seeds in ((), range(101), (-1,), (2**32,)):
        with pytest.raises(ValidationError, match="seeds"):
            TrainSettings(**LEAST, seeds=seeds)
    with pytest.raises(ValidationError, match="a seed stands twice"):
        TrainSettings(**LEAST, seeds=(3, 1, 3))
