"""A batch in parts is the whole batch: loss, gradients, statistics, random numbers."""

import copy

import pytest
import torch
from small_runs import SIZE, make_run
from teams import VARIANTS, compare_parts, make_twins

from lgaf.models import create_model
from lgaf.models.lgaf import Output
from lgaf.train.loss import build_heads, training_loss
from lgaf.train.parts import InParts, in_parts


def test_every_head_has_the_loss_of_the_whole_batch():
    run, model, copied = make_twins()
    for name, options in VARIANTS:
        compare_parts(name, options, run, model, copied, InParts(copied, 4))


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_batch_norm_and_dropout_are_those_of_the_parts_each_once(precision):
    """Against all parts with their graphs at once: bits, running statistics and random state too."""
    run = make_run(head="adaface", options={"scale": 16.0})
    torch.manual_seed(0)
    model = create_model(**run.model).train()
    heads = build_heads(run, 7)
    copied, own = copy.deepcopy(model), copy.deepcopy(heads)
    images, visible, labels = torch.randn(8, 3, SIZE, SIZE), torch.rand(8, SIZE, SIZE) > 0.3, torch.arange(8) % 7

    def at_once(rows):
        made = [model(part) for part in rows.chunk(4)]
        return type(made[0])(*map(torch.cat, zip(*made, strict=True)))

    states = []
    for network, each in ((at_once, heads), (InParts(copied, 4), own)):
        torch.manual_seed(1)
        training_loss(network, each, images, visible, labels, run, precision).backward()
        states.append(torch.get_rng_state())
    assert torch.equal(*states)
    assert int(model.gfe.norm.num_batches_tracked) == 4
    for (name, part), value in zip(copied.named_buffers(), model.buffers(), strict=True):
        assert torch.equal(part, value), name
    for part, value in zip(copied.parameters(), model.parameters(), strict=True):
        torch.testing.assert_close(part.grad, value.grad, rtol=1e-5, atol=1e-5 * value.grad.abs().max().item())


class Watched(torch.nn.Module):
    """A square that says when a part comes through it, and when its gradient does."""

    def __init__(self):
        super().__init__()
        self.weight, self.events = torch.nn.Parameter(torch.ones(1)), []

    def forward(self, images):
        part = int(images[0, 0])
        self.events.append(("images", part))
        product = images * self.weight
        product.register_hook(lambda _: self.events.append(("gradient", part)))
        return Output(product**2)


def test_a_part_is_computed_again_when_its_gradient_comes_and_not_before():
    network, images = Watched(), torch.arange(3.0).repeat_interleave(4).reshape(6, 2)
    InParts(network, 3)(images).embedding.sum().backward()
    assert network.weight.grad.item() == 2 * (images**2).sum()
    again = [(what, part) for part in (2, 1, 0) for what in ("images", "gradient")]
    assert network.events == [("images", 0), ("images", 1), ("images", 2), *again]


def test_one_part_is_the_network_itself():
    network = torch.nn.Identity()
    assert in_parts(network, 1) is network
