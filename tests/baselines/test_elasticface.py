import math

import pytest
import torch
from margin_cases import SEEDS, assert_gradient, assert_logits, outputs, random_batches

from baselines import create_head

VARIANTS = [{}, {"plus": True}, {"margin": 1.0, "std": 1.0, "scale": 5.0}, {"plus": True, "std": 0.0175}]


@pytest.mark.parametrize("options", VARIANTS)
@pytest.mark.parametrize("seed", SEEDS)
def test_formula_over_three_steps(options, seed):
    for batch in random_batches(seed):
        head = create_head("elasticface", batch.weight.shape[1], len(batch.weight), **options)
        o, angles = head.options, batch.angles()
        cosines = [[math.cos(theta) for theta in row] for row in angles]
        rows = [row for row, label in enumerate(batch.labels) if label >= 0]
        torch.manual_seed(seed)
        drawn = torch.normal(o.margin, o.std, (len(rows), 1)).flatten().tolist()  # the size that the authors draw
        if o.plus:
            targets = [cosines[row][batch.labels[row]] for row in rows]
            order = sorted(range(len(rows)), key=lambda place: -targets[place])
            ascending = sorted(drawn)
            drawn = [ascending[place] for place in order]
        for row, margin in zip(rows, drawn, strict=True):
            label = batch.labels[row]
            cosines[row][label] = math.cos(angles[row][label] + margin)
        torch.manual_seed(seed)
        assert_logits(outputs(head, batch), cosines, o.scale)
        torch.manual_seed(seed)
        torch.normal(0.0, 1.0, (len(rows), 1))
        after = torch.rand(1)
        torch.manual_seed(seed)
        outputs(head, batch)
        assert torch.equal(after, torch.rand(1))  # nothing else was drawn


def test_plus_follows_the_authors_indices_not_the_papers_order():
    head = create_head("elasticface", 2, 1, plus=True, std=0.2)
    angle = torch.tensor([0.9, 0.1, 0.5])
    torch.manual_seed(0)
    low, middle, high = torch.normal(0.5, 0.2, (3,)).sort().values.tolist()
    torch.manual_seed(0)
    # by falling cosine the rows are 1, 2, 0, and those are the places that are handed out; the paper: high, low, middle
    assert head.draw(angle).tolist() == [middle, high, low]


def test_margins_are_normal():
    torch.manual_seed(0)
    margin = create_head("elasticface", 2, 2).draw(torch.zeros(100_000))
    assert margin.mean().item() == pytest.approx(0.5, abs=1e-3)
    assert margin.std().item() == pytest.approx(0.05, rel=0.02)
    assert margin.min() < 0.5 - 3 * 0.05  # not clipped
    assert margin.max() > 0.5 + 3 * 0.05


def test_evaluation_uses_the_mean_margin_and_draws_nothing():
    elastic, plain = create_head("elasticface", 6, 5).eval(), create_head("arcface", 6, 5)
    plain.weight.data = elastic.weight.data
    embedding, labels = torch.randn(4, 6), torch.tensor([0, 4, -1, 2])
    state = torch.get_rng_state()
    assert torch.equal(elastic(embedding, labels).logits, plain(embedding, labels).logits)
    assert torch.equal(state, torch.get_rng_state())
    elastic.train()
    assert not torch.equal(elastic(embedding, labels).logits, plain(embedding, labels).logits)


def test_gradient():
    assert_gradient(create_head("elasticface", 5, 4))
