"""What holds for every head, one that is added tomorrow too."""

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from baselines import create_head, head_class, heads
from baselines.margin import SMALLEST_NORM, Cosines, HeadOptions, MarginHead

every_head = pytest.mark.parametrize("name", heads())


@every_head
def test_says_what_it_is(name):
    kind = head_class(name)
    assert issubclass(kind, MarginHead)
    assert name in kind.title.lower()
    assert "recipe" in kind.__doc__.lower()
    assert issubclass(kind.Options, HeadOptions)
    assert kind.Options().model_dump()  # every option has a default
    head = create_head(name, embedding_dim=6, num_classes=5)
    assert head.weight.shape == (5, 6)
    assert head.options == kind.Options()
    with pytest.raises(ValueError, match="frozen"):
        head.options.scale = 1.0


@every_head
def test_every_number_is_bounded_on_both_sides(name):
    for option, field in head_class(name).Options.model_fields.items():
        for value in (1e30, -1e30, float("nan"), float("inf")) if field.annotation is not bool else ("perhaps",):
            with pytest.raises(ValueError, match=rf"^{name}\.{option}: {value!r}: [^\n]*$".replace("+", r"\+")):
                create_head(name, 4, 3, **{option: value})


@every_head
def test_finite_at_the_extremes(name):
    dim = 8
    head = create_head(name, dim, 4)
    direction = head.weight.detach()[1]
    rows = [direction * 20, -direction * 20, torch.zeros(dim), direction * 1e-3, -direction * 1e6, direction * 1e-30]
    embedding = torch.stack(rows).requires_grad_()
    labels = torch.ones(len(rows), dtype=torch.long)
    made = head(embedding, labels)
    (cross_entropy(made.logits, labels) + made.regulariser).backward()
    assert made.logits.isfinite().all()
    assert embedding.grad.isfinite().all()
    assert head.weight.grad.isfinite().all()
    assert all(value.isfinite().all() for value in head.state_dict().values())


@every_head
def test_autocast_computes_in_float32(name):
    torch.manual_seed(0)
    head = create_head(name, 16, 5).eval()
    embedding, labels = torch.randn(4, 16).bfloat16(), torch.tensor([0, 4, -1, 2])
    outside = head(embedding.float(), labels)
    with torch.autocast("cpu", torch.bfloat16):
        inside = head(embedding, labels)
    assert inside.logits.dtype == torch.float32
    assert torch.equal(inside.logits, outside.logits)
    assert torch.equal(inside.regulariser, outside.regulariser)


@every_head
def test_a_row_without_a_target_gets_plain_cosines(name):
    torch.manual_seed(0)
    head = create_head(name, 6, 10)
    embedding, labels = torch.randn(7, 6), torch.tensor([0, -1, 4, 5, -1, 9, -1])
    made = head(embedding, labels)
    absent = labels < 0
    plain = head.options.scale * nn.functional.cosine_similarity(embedding[:, None], head.weight[None], dim=2)
    torch.testing.assert_close(made.logits[absent], plain[absent], rtol=1e-5, atol=1e-4)
    assert (made.logits[~absent] - plain[~absent]).abs().max() > 0.1
    nothing = create_head(name, 6, 10)
    assert nothing(embedding, torch.full((7,), -1)).logits.isfinite().all()


@pytest.mark.parametrize("name", ["adaface", "arcface", "cosface", "elasticface", "magface"])
def test_a_shard_gives_its_columns_of_the_whole(name):  # not where a row's other classes matter to it
    torch.manual_seed(0)
    whole = create_head(name, 6, 10).eval()
    embedding, labels = torch.randn(7, 6), torch.tensor([0, 3, 4, 5, 9, 9, 2])
    reference = whole(embedding, labels).logits
    for start in (0, 5):
        shard = create_head(name, 6, 5).eval()
        shard.weight.data = whole.weight.data[start : start + 5]
        local = torch.where((labels >= start) & (labels < start + 5), labels - start, -1)
        torch.testing.assert_close(shard(embedding, local).logits, reference[:, start : start + 5])


def train(name, steps):
    """A head and a linear layer before it, trained on five separable classes; and the last loss."""
    torch.manual_seed(0)
    head, layer = create_head(name, 6, 5), nn.Linear(8, 6)
    labels = torch.arange(5).repeat(6)
    images = torch.eye(8)[labels] * 60 + torch.randn(30, 8)
    optimiser = torch.optim.Adam([*head.parameters(), *layer.parameters()], lr=0.02)
    losses = []
    for _ in range(steps):
        made = head(layer(images), labels)
        loss = cross_entropy(made.logits, labels) + made.regulariser
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    nearest = head.cosine(layer(images)).argmax(dim=1)
    return head, losses, (nearest == labels).float().mean().item()


@every_head
def test_learns(name):
    _, losses, accuracy = train(name, 60)
    assert losses[-1] < 0.5 * losses[0]
    assert accuracy == 1


@every_head
def test_training_is_seeded_and_its_state_is_saved(name):
    (head, losses, _), (_, again, _) = train(name, 3), train(name, 3)
    assert losses == again
    copy = create_head(name, 6, 5)
    copy.load_state_dict(head.state_dict())
    embedding, labels = torch.randn(4, 6) * 20, torch.tensor([0, 4, -1, 2])
    assert torch.equal(copy.eval()(embedding, labels).logits, head.eval()(embedding, labels).logits)


def test_cosines_have_the_gradient_of_the_division():
    """Also where a weight is shorter than the smallest divisor, and where it is zero."""
    torch.manual_seed(0)
    unit = torch.nn.functional.normalize(torch.randn(5, 4, dtype=torch.double)).requires_grad_()
    weight = torch.randn(7, 4, dtype=torch.double) * torch.logspace(-3, 3, 7, dtype=torch.double)[:, None]
    weight[2], weight[3] = 0, 1e-9 * weight[3]
    weight.requires_grad_()
    divided = weight / torch.stack([row.norm().clamp(min=SMALLEST_NORM) for row in weight])[:, None]
    expected, found = torch.einsum("bd,cd->bc", unit, divided), Cosines.apply(unit, weight)
    torch.testing.assert_close(found, expected)
    towards = torch.randn_like(found)
    pairs = zip(*(torch.autograd.grad(it, (unit, weight), towards) for it in (found, expected)), strict=True)
    for ours, theirs in pairs:
        torch.testing.assert_close(ours, theirs)
    weight = weight.detach()[[0, 1, 4, 5, 6]].requires_grad_()
    assert torch.autograd.gradcheck(Cosines.apply, (unit, weight))
