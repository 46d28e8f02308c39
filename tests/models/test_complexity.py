import pytest
import torch

from lgaf.models import create_model
from lgaf.models.complexity import costs, describe

SMALL = {"name": "lgaf", "backbone": "iresnet_mini", "embedding_dim": 32, "image_size": 32}


def counted(model, side):
    """FLOPs of one image by the definition: two per multiply-add of each convolution and linear layer."""
    total = 0

    def hook(module, inputs, output):
        nonlocal total
        weight = module.weight
        inner = weight[0].numel()
        total += 2 * inner * output.numel()

    for module in model.modules():
        if isinstance(module, torch.nn.Conv2d | torch.nn.Linear):
            module.register_forward_hook(hook)
    model.eval()(torch.zeros(1, 3, side, side))
    return total


def test_costs_are_counted_right():
    for row in costs(SMALL, batch=2, rounds=1):
        model = create_model(**{**SMALL, "name": row.name})
        assert row.parameters == sum(weight.numel() for weight in model.parameters())
        assert row.flops == counted(model, 32)
        assert row.milliseconds > 0


def test_describe_shows_both_and_the_ratio():
    lines = describe(SMALL).splitlines()
    assert [line.split("|")[1].strip() for line in lines[2:]] == ["plain", "lgaf", "lgaf : plain"]
    cells = [[float(cell) for cell in line.split("|")[2:5]] for line in lines[2:]]
    assert cells[2][0] == pytest.approx(cells[1][0] / cells[0][0], rel=0.02)
