"""A sample of the classes: who is drawn, what a step does to those and to the others."""

import numpy as np
import pytest
import torch
from small_runs import SEED, make_run
from teams import compare_samples

from lgaf.processes.team import ALONE
from lgaf.train.loss import build_heads
from lgaf.train.optim import build_optimiser
from lgaf.train.sampled import Centres
from lgaf.train.sharded import margin_loss

CLASSES = 50


def heads_of(rate, **recipe):
    run = make_run(sample_rate=rate, **recipe)
    torch.manual_seed(0)
    heads = build_heads(run, CLASSES)
    optimiser = build_optimiser(torch.nn.Identity(), heads, run.train)
    return heads, optimiser, Centres(heads, optimiser, rate, SEED)


def drawn(centres, labels, step):
    centres.draw(torch.tensor(labels), step)
    found = centres.heads[0].shards.sample
    centres.put_back()
    return found.tolist()


def test_every_head_sees_the_drawn_classes_alone():
    compare_samples(ALONE)


def test_the_batchs_classes_and_as_many_others_as_the_rate_says():
    *_, centres = heads_of(0.2)
    for step in range(20):
        found = drawn(centres, [3, 49, 3], step)
        assert len(found) == 10
        assert {3, 49} <= set(found)
        assert found == sorted(set(found))
    assert drawn(centres, list(range(0, 40, 2)), 0) == list(range(0, 40, 2))  # more than ten are all
    *_, one = heads_of(1e-6)
    assert drawn(one, [7], 0) == [7]


def test_the_others_are_drawn_evenly_and_by_seed_and_step_alone():
    *_, centres = heads_of(0.2)
    *_, again = heads_of(0.2)
    found = [drawn(centres, [0], step) for step in range(400)]
    assert found[7] == drawn(again, [0], 7)
    assert len(set(map(tuple, found))) == 400
    counts = np.bincount(np.concatenate(found), minlength=CLASSES)[1:]  # 9 of 49: 73 +- 8
    assert counts.min() > 40
    assert counts.max() < 110


@pytest.mark.parametrize("recipe", [{"momentum": 0.0}, {"optimiser": "adamw"}, {}])
def test_what_is_not_drawn_stays_and_the_optimiser_forgets_nothing(recipe):
    heads, optimiser, centres = heads_of(0.2, **recipe)
    (weight,) = heads.parameters()
    for step in range(3):
        before = weight.detach().clone()
        kept = {name: value.clone() for name, value in optimiser.state[weight].items() if value is not None}
        labels = torch.tensor([step, step + 20])
        centres.draw(labels, step)
        sample = heads[2].shards.sample
        assert all(head.weight is heads[0].weight and len(head.weight) == 10 for head in heads)
        sum(margin_loss(head, torch.randn(2, 16), labels) for head in heads).backward()
        optimiser.step()
        centres.put_back()
        assert list(heads.parameters()) == [weight]
        assert {id(it) for group in optimiser.param_groups for it in group["params"]} == {id(weight)}
        assert set(optimiser.state) == {weight}
        moved = (weight != before).any(dim=1).nonzero().flatten()
        assert torch.equal(moved, sample)
        others = torch.ones(CLASSES, dtype=torch.bool).index_fill(0, sample, False)
        for name, value in kept.items():
            now = optimiser.state[weight][name]
            assert torch.equal(now[others], value[others]) if value.ndim else now == value + 1


def test_a_batch_of_all_classes_is_a_step_without_sampling():
    weights = []
    for rate in (0.1, 1.0):
        heads, optimiser, centres = heads_of(rate)
        for step in range(2):
            torch.manual_seed(step)
            centres.draw(torch.arange(CLASSES), step)
            margin_loss(heads[0], torch.randn(CLASSES, 16), torch.arange(CLASSES)).backward()
            optimiser.step()
            optimiser.zero_grad()
            centres.put_back()
        weights.append(heads[0].weight.detach())
    torch.testing.assert_close(*weights, rtol=1e-5, atol=1e-6)
