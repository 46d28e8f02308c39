"""ArcFace and CosFace."""

import math

import pytest
import torch
from margin_cases import SEEDS, assert_gradient, assert_logits, outputs, random_batches

from baselines import create_head

VARIANTS = [
    ("arcface", {}),
    ("arcface", {"margin": 0.0, "scale": 1.0}),
    ("arcface", {"margin": 3.0}),
    ("cosface", {}),
    ("cosface", {"margin": 2.0, "scale": 1000.0}),
]


@pytest.mark.parametrize(("name", "options"), VARIANTS)
@pytest.mark.parametrize("seed", SEEDS)
def test_formula(name, options, seed):
    for batch in random_batches(seed):
        head = create_head(name, batch.weight.shape[1], len(batch.weight), **options)
        o, angles = head.options, batch.angles()
        cosines = [[math.cos(theta) for theta in row] for row in angles]
        for row, label in enumerate(batch.labels):
            if label >= 0:
                theta = angles[row][label]
                cosines[row][label] = math.cos(theta + o.margin) if name == "arcface" else math.cos(theta) - o.margin
        made = outputs(head, batch)
        assert_logits(made, cosines, o.scale)
        assert made.regulariser.item() == 0


@pytest.mark.parametrize(("name", "value"), [("arcface", math.cos(math.pi / 3 + 0.5)), ("cosface", 0.5 - 0.35)])
def test_by_hand(name, value):
    head = create_head(name, 2, 2)
    head.weight.data = torch.tensor([[5.0, 5.0 * math.sqrt(3)], [0.0, -1.0]])
    made = head(torch.tensor([[3.0, 0.0]]), torch.tensor([0]))
    assert made.logits[0].tolist() == pytest.approx([64 * value, 0], rel=1e-6, abs=1e-5)


@pytest.mark.parametrize(("name", "options"), VARIANTS)
def test_gradient(name, options):
    assert_gradient(create_head(name, 5, 4, **options))


def test_arcface_is_exact_at_0_and_pi_where_arccos_would_not_be():
    head = create_head("arcface", 8, 4)
    direction = head.weight.detach()[1]
    logits = head(torch.stack([direction * 20, -direction * 20]), torch.tensor([1, 1])).logits[:, 1]
    assert logits.tolist() == pytest.approx([64 * math.cos(0.5), 64 * math.cos(math.pi + 0.5)], rel=1e-6)
