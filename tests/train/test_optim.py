import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from torch import nn

from lgaf.train.optim import build_optimiser, learning_rate
from lgaf.train.settings import Recipe


def settings(**values) -> Recipe:
    return Recipe(**{"epochs": 10, "batch_size": 4, "lr": 0.1, "weight_decay": 1e-4, **values})


def test_steps_divide_by_ten():
    adaface = settings(epochs=26, schedule="step", milestones=[12, 20, 24])
    for epoch, rate in [(0, 0.1), (11.99, 0.1), (12, 0.01), (19, 0.01), (20, 0.001), (24, 0.0001), (26, 0.0001)]:
        assert learning_rate(adaface, epoch) == pytest.approx(rate)


def test_cosine_by_hand():
    warm = settings(warmup_epochs=2)
    for epoch, rate in [(0, 0), (1, 0.05), (2, 0.1), (6, 0.05), (10, 0)]:
        assert learning_rate(warm, epoch) == pytest.approx(rate, abs=1e-12)
    assert learning_rate(warm, 4) == pytest.approx(0.05 * (1 + math.cos(math.pi / 4)))


def test_polynomial_by_hand():
    arcface = settings(schedule="polynomial", warmup_epochs=2)
    for epoch, rate in [(1, 0.05), (2, 0.1), (4, 0.1 * 0.75**2), (6, 0.025), (10, 0)]:
        assert learning_rate(arcface, epoch) == pytest.approx(rate, abs=1e-12)


@given(st.floats(0, 10), st.sampled_from(["cosine", "step", "polynomial"]), st.floats(0, 9))
def test_rate_stays_in_range(epoch, schedule, warmup):
    assert 0 <= learning_rate(settings(schedule=schedule, milestones=[5], warmup_epochs=warmup), epoch) <= 0.1 + 1e-12


def test_decay_spares_biases_and_norms():
    model, head = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)), nn.Linear(4, 7, bias=False)
    optimiser = build_optimiser(model, head, settings())
    decayed = {id(p) for group in optimiser.param_groups if group["weight_decay"] > 0 for p in group["params"]}
    assert decayed == {id(model[0].weight), id(head.weight)}
    assert sum(len(group["params"]) for group in optimiser.param_groups) == 5


@pytest.mark.parametrize("kind", [("sgd", torch.optim.SGD), ("adamw", torch.optim.AdamW)])
def test_optimiser_by_name(kind):
    assert isinstance(build_optimiser(nn.Linear(2, 2), nn.Linear(2, 2), settings(optimiser=kind[0])), kind[1])


@pytest.mark.parametrize(
    "bad", [{"lr": float("nan")}, {"epochs": 0}, {"warmup_epochs": 10}, {"schedule": "step", "milestones": [5, 3]}]
)
def test_nonsense_is_refused(bad):
    with pytest.raises(ValidationError):
        settings(**bad)
