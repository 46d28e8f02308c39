import math

import pytest
import torch
from margin_cases import SEEDS, Running, assert_gradient, assert_logits, clip, outputs, random_batches

from baselines import create_head

VARIANTS = [{}, {"t_alpha": 1.0, "h": 2.0}, {"margin": 2.0, "scale": 5.0}]


@pytest.mark.parametrize("options", VARIANTS)
@pytest.mark.parametrize("seed", SEEDS)
def test_formula_and_statistics_over_three_steps(options, seed):
    head = running = None
    for batch in random_batches(seed):
        head = head or create_head("adaface", batch.weight.shape[1], len(batch.weight), **options)
        o, angles = head.options, batch.angles()
        running = running or Running(20, 100, o, 1e-3)
        norms = [clip(norm, 0.001, 100) for norm in batch.norms()]
        running.count(norms)
        cosines = [[clip(math.cos(theta), -1 + 1e-3, 1 - 1e-3) for theta in row] for row in angles]
        for row, label in enumerate(batch.labels):
            if label >= 0:
                q = running.scaler(norms[row])
                theta = clip(math.acos(cosines[row][label]) - o.margin * q, 1e-3, math.pi - 1e-3)
                cosines[row][label] = math.cos(theta) - (o.margin + o.margin * q)
        assert_logits(outputs(head, batch), cosines, o.scale)
        running.assert_is(head.norms)


def test_by_hand():
    head = create_head("adaface", 2, 2).eval()
    head.weight.data = torch.tensor([[5.0, 5.0 * math.sqrt(3)], [0.0, -1.0]])
    made = head(torch.tensor([[3.0, 0.0]]), torch.tensor([0]))
    # norm 3 of mean 20, deviation 100, h 0.333
    value = 64 * (math.cos(math.pi / 3 - 0.4 * -0.05660943) - 0.4 * (1 - 0.05660943))
    assert made.logits[0].tolist() == pytest.approx([value, 0], rel=1e-6, abs=1e-4)


CLIPPED = [("adaface", {}, 1e-3), ("funface", {"mixing_factor": 0}, 1e-5)]


@pytest.mark.parametrize(("name", "options", "epsilon"), CLIPPED)
def test_a_target_hit_exactly_counts_as_the_clipped_cosine(name, options, epsilon):
    head = create_head(name, 3, 2, **options).eval()
    embedding = 3 * torch.nn.functional.normalize(head.weight.detach()[:1])
    share = 0.4 * -0.05660943
    value = 64 * (math.cos(math.acos(1 - epsilon) - share) - (0.4 + share))
    assert head(embedding, torch.tensor([0])).logits[0, 0].item() == pytest.approx(value, rel=1e-6)


GRADIENTS = [*(("adaface", options) for options in VARIANTS), ("funface", {"mixing_factor": 0.6})]


@pytest.mark.parametrize(("name", "options"), GRADIENTS)
def test_gradient_with_the_scaler_held_still(name, options, monkeypatch):
    head = create_head(name, 5, 4, **options)
    inner, first = head.quality, []

    def quality(*arguments):  # its first value: it has no gradient, though a numeric slope would see it move
        made = inner(*arguments)
        assert not made.requires_grad
        first.append(made)
        return first[0]

    monkeypatch.setattr(head, "quality", quality)
    assert_gradient(head)
    assert len(first) > 30
    assert first[0].abs().min() > 0


def test_statistics_move_in_training_only():
    head = create_head("adaface", 4, 3, t_alpha=0.25)
    embedding = torch.tensor([[2.0, 0, 0, 0], [0, 6.0, 0, 0], [0, 0, 1000.0, 0]])
    head.eval()(embedding, torch.tensor([0, 1, 2]))
    assert (head.norms.mean.item(), head.norms.std.item()) == (20, 100)
    head.train()(embedding, torch.tensor([0, 1, -1]))  # a norm counts without a target too
    mean, std = 0.75 * 20 + 0.25 * 36, 0.75 * 100 + 0.25 * math.sqrt((34**2 + 30**2 + 64**2) / 2)
    assert (head.norms.mean.item(), head.norms.std.item()) == pytest.approx((mean, std))  # of 2, 6 and the clipped 100
    head(embedding[:1], torch.tensor([0]))  # one norm has no deviation
    assert (head.norms.mean.item(), head.norms.std.item()) == pytest.approx((mean, std))
