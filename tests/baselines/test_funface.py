import math

import pytest
import torch
from margin_cases import SEEDS, Running, assert_logits, clip, outputs, random_batches

from baselines import create_head

VARIANTS = [{}, {"t_alpha": 1.0, "h": 2.0, "mixing_factor": 0.7}, {"mixing_factor": 1.0, "margin": 1.0, "scale": 5.0}]


@pytest.mark.parametrize("options", VARIANTS)
@pytest.mark.parametrize("seed", SEEDS)
def test_formula_and_statistics_over_three_steps(options, seed):
    head = None
    for batch in random_batches(seed):
        if head is None:
            head = create_head("funface", batch.weight.shape[1], len(batch.weight), **options)
            o = head.options
            norm_scale, ratio_scale = Running(20, 100, o, 1e-5), Running(2, 10, o, 1e-5)
        norms = [clip(norm, 0.001, 100) for norm in batch.norms()]
        norm_scale.count(norms)
        cosines = [[clip(math.cos(theta), -1 + 1e-5, 1 - 1e-5) for theta in row] for row in batch.angles()]
        ratios = {row: certainty(cosines[row], label) for row, label in enumerate(batch.labels) if label >= 0}
        ratio_scale.count(list(ratios.values()))
        for row, ratio in ratios.items():
            label = batch.labels[row]
            a = o.mixing_factor * ratio_scale.scaler(ratio) + (1 - o.mixing_factor) * norm_scale.scaler(norms[row])
            theta = clip(math.acos(cosines[row][label]) - o.margin * a, 1e-5, math.pi - 1e-5)
            cosines[row][label] = math.cos(theta) - (o.margin + o.margin * a)
        assert_logits(outputs(head, batch), cosines, o.scale)
        norm_scale.assert_is(head.norms)
        ratio_scale.assert_is(head.ratios)


def certainty(cosines, label):
    """The target's cosine to the best of the others."""
    best = max(cosine for index, cosine in enumerate(cosines) if index != label)
    return clip(cosines[label], 0, 1) / (clip(best, 0, 1) + 1e-5)


def test_by_hand():
    head = create_head("funface", 2, 3, mixing_factor=0.5, h=1.0).eval()
    half, most = 0.5, math.sqrt(3) / 2
    head.weight.data = torch.tensor([[2 * most, 2 * half], [half, most], [-1.0, 0.0]])
    made = head(torch.tensor([[70.0, 0.0]]), torch.tensor([0]))
    # cosines 0.866, 0.5, -1: the ratio is sqrt 3, of mean 2, deviation 10; norm 70 of mean 20, deviation 100
    a = 0.5 * (math.sqrt(3) - 2) / 10 + 0.5 * 0.5
    value = math.cos(math.pi / 6 - 0.4 * a) - 0.4 * (1 + a)
    assert made.logits[0].tolist() == pytest.approx([64 * value, 32, -64 * (1 - 1e-5)], rel=1e-5)


def test_ratios_are_of_rows_with_a_target_and_move_in_training_only():
    head = create_head("funface", 2, 2, t_alpha=0.5)
    head.weight.data = torch.eye(2)
    embedding = torch.tensor([[4.0, 3.0], [3.0, 4.0], [1.0, 0.0]])
    head.eval()(embedding, torch.tensor([0, 0, 1]))
    assert (head.ratios.mean.item(), head.ratios.std.item()) == (2, 10)
    head.train()(embedding, torch.tensor([0, 0, -1]))
    one, other = 0.8 / 0.60001, 0.6 / 0.80001
    std = abs(one - other) / math.sqrt(2)
    expected = (1 + (one + other) / 4, 5 + std / 2)
    assert (head.ratios.mean.item(), head.ratios.std.item()) == pytest.approx(expected)
    head(embedding, torch.tensor([-1, 1, -1]))  # one ratio has no deviation
    assert (head.ratios.mean.item(), head.ratios.std.item()) == pytest.approx(expected)
    made = head(embedding, torch.tensor([-1, -1, -1]))
    assert made.logits.isfinite().all()
    assert (head.ratios.mean.item(), head.ratios.std.item()) == pytest.approx(expected)


def test_a_shard_of_one_class_has_no_other():
    made = create_head("funface", 4, 1)(torch.randn(3, 4), torch.tensor([0, -1, 0]))
    assert made.logits.isfinite().all()
