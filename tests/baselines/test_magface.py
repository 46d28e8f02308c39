import math

import pytest
import torch
from margin_cases import SEEDS, assert_gradient, assert_logits, clip, outputs, random_batches

from baselines import create_head

VARIANTS = [{}, {"easy_margin": False}, {"l_a": 1.0, "u_a": 40.0, "l_margin": 0.2, "u_margin": 1.2, "lambda_g": 2.0}]
VARIANTS.append({**VARIANTS[2], "easy_margin": False})


@pytest.mark.parametrize("options", VARIANTS)
@pytest.mark.parametrize("seed", SEEDS)
def test_formula(options, seed):
    for batch in random_batches(seed):
        head = create_head("magface", batch.weight.shape[1], len(batch.weight), **options)
        o, angles = head.options, batch.angles()
        cosines = [[math.cos(theta) for theta in row] for row in angles]
        energies = [clip(norm, o.l_a, o.u_a) for norm in batch.norms()]
        for row, label in enumerate(batch.labels):
            if label >= 0:
                m = (o.u_margin - o.l_margin) / (o.u_a - o.l_a) * (energies[row] - o.l_a) + o.l_margin
                theta = angles[row][label]
                limit = math.pi / 2 if o.easy_margin else math.pi - m
                beyond = math.cos(theta) - (0 if o.easy_margin else m * math.sin(math.pi - m))
                cosines[row][label] = math.cos(theta + m) if theta < limit else beyond
        made = outputs(head, batch)
        assert_logits(made, cosines, 64)
        g = sum(a / o.u_a**2 + 1 / a for a in energies) / len(energies)
        assert made.regulariser.item() == pytest.approx(o.lambda_g * g, rel=1e-5)


def test_by_hand():
    head = create_head("magface", 2, 2)
    head.weight.data = torch.tensor([[5.0, 5.0 * math.sqrt(3)], [0.0, -1.0]])
    made = head(torch.tensor([[3.0, 0.0], [60.0, 0.0]]), torch.tensor([0, 0]))
    # norm 3 is below l_a: the lowest margin; norm 60 is half-way between 10 and 110
    by_hand = [64 * math.cos(math.pi / 3 + 0.45), 64 * math.cos(math.pi / 3 + 0.625)]
    assert made.logits[:, 0].tolist() == pytest.approx(by_hand, rel=1e-6)
    g = (10 / 110**2 + 1 / 10 + 60 / 110**2 + 1 / 60) / 2
    assert made.regulariser.item() == pytest.approx(35 * g)


@pytest.mark.parametrize("options", VARIANTS)
def test_gradient(options):
    assert_gradient(create_head("magface", 5, 4, **options))


def test_a_larger_norm_gets_the_larger_margin_and_its_gradient():
    head = create_head("magface", 4, 3)
    direction = torch.nn.functional.normalize(head.weight.detach()[0] + 0.3 * head.weight.detach()[1], dim=0)
    embedding = torch.stack([direction * 20, direction * 90]).requires_grad_()
    made = head(embedding, torch.tensor([0, 0]))
    assert made.logits[1, 0] < made.logits[0, 0]
    made.regulariser.backward()
    assert ((embedding.grad * direction).sum(dim=1) < 0).all()  # going down the gradient lengthens both
