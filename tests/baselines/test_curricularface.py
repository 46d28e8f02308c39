import math

import pytest
import torch
from margin_cases import SEEDS, assert_gradient, assert_logits, outputs, random_batches

from baselines import create_head

VARIANTS = [{}, {"t_alpha": 0.5}, {"margin": 2.0, "scale": 5.0, "t_alpha": 1.0}]


@pytest.mark.parametrize("options", VARIANTS)
@pytest.mark.parametrize("seed", SEEDS)
def test_formula_and_t_over_three_steps(options, seed):
    head, t = None, 0.0
    for batch in random_batches(seed):
        head = head or create_head("curricularface", batch.weight.shape[1], len(batch.weight), **options)
        m, angles = head.options.margin, batch.angles()
        cosines = [[math.cos(theta) for theta in row] for row in angles]
        targets = [cosines[row][label] for row, label in enumerate(batch.labels) if label >= 0]
        if targets:
            t = head.options.t_alpha * sum(targets) / len(targets) + (1 - head.options.t_alpha) * t
        for row, label in enumerate(batch.labels):
            if label < 0:
                continue
            theta = angles[row][label]
            for j, cosine in enumerate(cosines[row]):
                if j == label:
                    beyond = cosine - m * math.sin(math.pi - m)
                    cosines[row][j] = math.cos(theta + m) if cosine > math.cos(math.pi - m) else beyond
                elif cosine > math.cos(theta + m):
                    cosines[row][j] = cosine * (t + cosine)
        assert_logits(outputs(head, batch), cosines, head.options.scale)
        assert head.t.item() == pytest.approx(t, rel=1e-5, abs=1e-7)


def test_by_hand():
    head = create_head("curricularface", 2, 3, t_alpha=0.5)
    head.weight.data = torch.tensor([[1.0, 0.0], [0.6, 0.8], [-1.0, 0.0]])
    made = head(torch.tensor([[2.0, 0.0], [0.0, 5.0], [0.6, 0.8]]), torch.tensor([0, 0, -1]))
    # target cosines 1 and 0: t = 0.5 x 0.5. Row 0: cos(0.5) = 0.88, no other class is as near. Row 1: cos(pi/2 + 0.5)
    # = -0.48, so 0.8 and 0 are both hard. Row 2 has no target.
    by_hand = [
        [math.cos(0.5), 0.6, -1],
        [math.cos(math.pi / 2 + 0.5), 0.8 * (0.25 + 0.8), 0],
        [0.6, 1, -0.6],
    ]
    assert head.t.item() == pytest.approx(0.25)
    torch.testing.assert_close(made.logits / 64, torch.tensor(by_hand), rtol=1e-6, atol=1e-6)


def test_beyond_the_guard_hardness_is_still_measured_by_the_moved_angle():
    head = create_head("curricularface", 2, 2)
    head.weight.data = torch.tensor([[-1.0, 0.0], [-math.cos(0.3), math.sin(0.3)]])
    made = head.eval()(torch.tensor([[1.0, 0.0]]), torch.tensor([0]))
    # theta = pi: cos(theta + m) = -0.878, the target -1 - 0.5 sin 0.5 = -1.24, and the other class, -0.955, is not hard
    by_hand = torch.tensor([[-1 - 0.5 * math.sin(0.5), -math.cos(0.3)]])
    torch.testing.assert_close(made.logits / 64, by_hand, rtol=1e-6, atol=1e-6)


def test_t_moves_in_training_only_and_without_a_target_not_at_all():
    head = create_head("curricularface", 2, 2)
    embedding = torch.tensor([[1.0, 2.0]])
    head.eval()(embedding, torch.tensor([1]))
    assert head.t.item() == 0
    head.train()(embedding, torch.tensor([-1]))
    assert head.t.item() == 0
    head(embedding, torch.tensor([1]))
    assert head.t.item() != 0


@pytest.mark.parametrize("options", VARIANTS)
@pytest.mark.parametrize("t", [0.0, 0.7])
def test_gradient(options, t):
    head = create_head("curricularface", 5, 4, **options)
    head.t.fill_(t)
    assert_gradient(head)


def test_no_gradient_flows_through_t():
    torch.manual_seed(0)
    head = create_head("curricularface", 5, 4, t_alpha=1.0)
    embedding, labels = torch.randn(6, 5), torch.tensor([0, 1, 2, 3, 0, 1])
    slopes = []
    for training in (True, False):  # the second time t is what the first has left, a constant
        leaf = embedding.clone().requires_grad_()
        head.train(training)(leaf, labels).logits.logsumexp(dim=1).sum().backward()
        slopes.append(leaf.grad)
    assert torch.equal(*slopes)
