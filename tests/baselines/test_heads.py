"""Each head against its formula, recomputed in float64, one scalar at a time, by arccos."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import cross_entropy

from baselines import HEADS, create_head, head_options
from lgaf.errors import SettingsError


def angles(embedding, weight):
    """(B, C) angles."""
    rows = [[math.acos(max(-1, min(1, u @ v / max(1e-30, math.sqrt(u @ u) * math.sqrt(v @ v))))) for v in weight]
            for u in embedding]  # fmt: skip
    return np.array(rows)


def expected(name, embedding, weight, labels, o, mean=20.0, std=100.0):
    """(B, C) logits and the regulariser; mean and std are AdaFace's statistics after the batch was counted."""
    logits = np.empty((len(embedding), len(weight)))
    g = []
    for i, row in enumerate(angles(embedding, weight)):
        norm = math.sqrt(embedding[i] @ embedding[i])
        a = min(max(norm, o.l_a), o.u_a) if name == "magface" else 1.0
        for j, theta in enumerate(row):
            cosine = math.cos(theta)
            if name == "adaface":
                cosine = min(max(cosine, -1 + 1e-3), 1 - 1e-3)
            if j == labels[i]:
                if name == "arcface":
                    cosine = math.cos(theta + o.margin)
                elif name == "cosface":
                    cosine -= o.margin
                elif name == "adaface":
                    q = min(max(o.h * (min(max(norm, 1e-3), 100) - mean) / (std + 1e-3), -1), 1)
                    moved = min(max(math.acos(cosine) - o.margin * q, 1e-3), math.pi - 1e-3)
                    cosine = math.cos(moved) - (o.margin + o.margin * q)
                else:
                    m = (o.u_margin - o.l_margin) / (o.u_a - o.l_a) * (a - o.l_a) + o.l_margin
                    if o.easy_margin:
                        cosine = math.cos(theta + m) if cosine > 0 else cosine
                    elif cosine > math.cos(math.pi - m):
                        cosine = math.cos(theta + m)
                    else:
                        cosine -= m * math.sin(math.pi - m)
            logits[i, j] = o.scale * cosine
        if name == "magface":
            g.append(a / o.u_a**2 + 1 / a)
    return logits, o.lambda_g * sum(g) / len(g) if g else 0.0


VARIANTS = [(name, {}) for name in HEADS] + [
    ("magface", {"easy_margin": False}),
    ("magface", {"l_a": 1.0, "u_a": 40.0, "l_margin": 0.2, "u_margin": 1.2, "easy_margin": False}),
    ("adaface", {"t_alpha": 1.0, "h": 2.0}),
    ("arcface", {"margin": 0.0, "scale": 1.0}),
]


@pytest.mark.parametrize(("name", "options"), VARIANTS)
@settings(max_examples=25, deadline=None)
@given(batch=st.integers(2, 6), classes=st.integers(2, 7), dim=st.integers(2, 9), data=st.data())
def test_formula(name, options, batch, classes, dim, data):
    seed = data.draw(st.integers(0, 9999))
    labels = data.draw(st.lists(st.integers(-1, classes - 1), min_size=batch, max_size=batch))
    rng = np.random.default_rng(seed)
    lengths = 10 ** rng.uniform(-1, 2.5, (batch, 1))
    embedding = (lengths * rng.normal(size=(batch, dim)) / math.sqrt(dim)).astype(np.float32)
    head = create_head(name, dim, classes, **options)
    o = head_options(name)(**options)
    made = head(torch.from_numpy(embedding), torch.tensor(labels))
    statistics = {}
    if name == "adaface":
        clipped = [min(max(math.sqrt(float(u @ u)), 1e-3), 100) for u in embedding.astype(float)]
        average = sum(clipped) / batch
        deviation = math.sqrt(sum((n - average) ** 2 for n in clipped) / (batch - 1))
        statistics = {
            "mean": o.t_alpha * average + (1 - o.t_alpha) * 20,
            "std": o.t_alpha * deviation + (1 - o.t_alpha) * 100,
        }
    weight = head.weight.detach().numpy().astype(float)
    logits, regulariser = expected(name, embedding.astype(float), weight, labels, o, **statistics)
    assert made.logits.shape == (batch, classes)
    assert made.regulariser.shape == ()
    np.testing.assert_allclose(made.logits.detach(), logits, rtol=1e-5, atol=o.scale * 1e-6)
    assert made.regulariser.item() == pytest.approx(regulariser, rel=1e-5)


def test_hand_checked():
    embedding, labels = torch.tensor([[3.0, 0.0]]), torch.tensor([0])
    by_hand = {
        "arcface": 64 * math.cos(math.pi / 3 + 0.5),
        "cosface": 64 * (0.5 - 0.35),
        # norm 3 of mean 20, deviation 100, h 0.333
        "adaface": 64 * (math.cos(math.pi / 3 - 0.4 * -0.05660943) - 0.4 * (1 - 0.05660943)),
        "magface": 64 * math.cos(math.pi / 3 + 0.45),  # below l_a: the lowest margin
    }
    for name, value in by_hand.items():
        head = create_head(name, 2, 2).eval()
        head.weight.data = torch.tensor([[5.0, 5.0 * math.sqrt(3)], [0.0, -1.0]])
        made = head(embedding, labels)
        assert made.logits[0].tolist() == pytest.approx([value, 0], rel=1e-5, abs=1e-4)
        assert made.regulariser.item() == pytest.approx(35 * (10 / 110**2 + 1 / 10) if name == "magface" else 0)


@pytest.mark.parametrize("name", HEADS)
def test_exact_and_finite_at_the_extremes(name):
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
    if name == "arcface":  # theta = 0 and pi to float32's last digits, which arccos would not give
        assert made.logits[0, 1].item() == pytest.approx(64 * math.cos(0.5), rel=1e-6)
        assert made.logits[1, 1].item() == pytest.approx(64 * math.cos(math.pi + 0.5), rel=1e-6)


@pytest.mark.parametrize(("name", "options"), VARIANTS)
def test_gradient_is_that_of_the_formula(name, options):
    torch.manual_seed(1)
    head = create_head(name, 5, 4, **options).double().eval()
    embedding = (torch.randn(6, 5, dtype=torch.float64) * 8).requires_grad_()
    labels = torch.tensor([0, 1, 2, 3, -1, 2])
    if name == "adaface":  # its norms carry no gradient, so hold them still: move along the sphere only
        norms = embedding.detach().norm(dim=1, keepdim=True)

        def made(z):
            return head(z / z.norm(dim=1, keepdim=True) * norms, labels).logits
    else:

        def made(z):
            return tuple(head(z, labels))

    assert torch.autograd.gradcheck(made, embedding)


@pytest.mark.parametrize("name", HEADS)
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


@pytest.mark.parametrize("name", HEADS)
def test_a_shard_without_the_target_gives_plain_cosines(name):
    torch.manual_seed(0)
    whole = create_head(name, 6, 10).eval()
    embedding, labels = torch.randn(7, 6), torch.tensor([0, 3, 4, 5, 9, 9, 2])
    reference = whole(embedding, labels).logits
    for start in (0, 5):
        shard = create_head(name, 6, 5).eval()
        shard.weight.data = whole.weight.data[start : start + 5]
        local = torch.where((labels >= start) & (labels < start + 5), labels - start, -1)
        torch.testing.assert_close(shard(embedding, local).logits, reference[:, start : start + 5])


def test_adaface_statistics_move_in_training_only_and_are_saved():
    head = create_head("adaface", 4, 3, t_alpha=0.25)
    embedding = torch.tensor([[2.0, 0, 0, 0], [0, 6.0, 0, 0], [0, 0, 1000.0, 0]])
    head.eval()(embedding, torch.tensor([0, 1, 2]))
    assert (head.norm_mean.item(), head.norm_std.item()) == (20, 100)
    head.train()(embedding, torch.tensor([0, 1, -1]))
    assert head.norm_mean.item() == pytest.approx(0.75 * 20 + 0.25 * 36)  # of 2, 6 and the clipped 100
    assert head.norm_std.item() == pytest.approx(0.75 * 100 + 0.25 * math.sqrt((34**2 + 30**2 + 64**2) / 2))
    again = create_head("adaface", 4, 3)
    again.load_state_dict(head.state_dict())
    assert torch.equal(again.norm_mean, head.norm_mean)
    assert torch.equal(again.norm_std, head.norm_std)
    head(embedding[:1], torch.tensor([0]))  # one norm has no deviation
    assert head.norm_std.item() == again.norm_std.item()


def test_a_larger_norm_gets_the_larger_magface_margin_and_its_gradient():
    head = create_head("magface", 4, 3)
    direction = torch.nn.functional.normalize(head.weight.detach()[0] + 0.3 * head.weight.detach()[1], dim=0)
    embedding = torch.stack([direction * 20, direction * 90]).requires_grad_()
    made = head(embedding, torch.tensor([0, 0]))
    assert made.logits[1, 0] < made.logits[0, 0]
    made.regulariser.backward()
    assert ((embedding.grad * direction).sum(dim=1) < 0).all()  # going down the gradient lengthens both


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("softmax", {}, r"head 'softmax' is unknown; allowed: arcface, cosface, adaface, magface"),
        ("arcface", {"h": 1}, r"arcface.h: unknown key \(allowed: margin, scale\)"),
        ("adaface", {"scale": -1}, r"adaface.scale: -1: .*greater than 0"),
        ("adaface", {"margin": float("nan")}, r"adaface.margin: nan"),
        ("magface", {"l_a": 200}, r"l_a 200.0 must be below u_a 110.0"),
    ],
)
def test_unknown_names_and_values_are_named(name, options, message):
    with pytest.raises(SettingsError, match=message):
        create_head(name, 4, 3, **options)
