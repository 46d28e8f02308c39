import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lgaf.errors import SettingsError
from lgaf.model_settings import FUSIONS
from lgaf.models import create_model
from lgaf.models.fusion import create_fusion
from lgaf.models.gfe import GlobalFeature
from lgaf.models.mhms import AttentionHead, LocalFeature

SMALL = {"backbone": "iresnet_mini", "embedding_dim": 32, "image_size": 32}


@pytest.mark.parametrize("fusion", FUSIONS)
def test_every_fusion_keeps_the_contract(fusion):
    torch.manual_seed(0)
    model = create_model("lgaf", fusion=fusion, **SMALL)
    out = model(torch.randn(6, 3, 32, 32))
    assert out.embedding.shape == (6, 32)
    assert out.attention.shape == (6, 2)
    torch.testing.assert_close(out.attention.sum(dim=1), torch.ones(6))
    constant = {"sum": [0.5, 0.5], "local": [1.0, 0.0], "global": [0.0, 1.0]}
    if fusion in constant:
        assert out.attention.tolist() == [constant[fusion]] * 6
    if fusion == "concat":
        share = out.local.square().sum(dim=1) / out.embedding.square().sum(dim=1)
        torch.testing.assert_close(out.attention[:, 0], share)
    assert len(out.branches) == (2 if fusion in ("quality", "energy", "sum", "gate") else 0)
    assert (out.local is None) == (fusion == "global")
    assert (out.global_ is None) == (fusion == "local")
    assert out.visibility is None if fusion == "global" else out.visibility.shape == (6, 4, 4)

    loss = sum(feature.pow(3).mean() for feature in (out.embedding, *out.branches))
    loss.backward()
    unused = [name for name, weight in model.named_parameters() if weight.grad is None]
    assert not unused  # distributed training waits for ever on a weight that gets no gradient


def test_plain_has_no_attention_and_equals_global_alone():
    torch.manual_seed(0)
    plain = create_model("plain", **SMALL).eval()
    alone = create_model("lgaf", fusion="global", **SMALL).eval()
    alone.load_state_dict(plain.state_dict())
    images = torch.randn(2, 3, 32, 32)
    out = plain(images)
    assert (out.attention, out.local, out.global_, out.visibility, out.branches) == (None, None, None, None, ())
    assert torch.equal(out.embedding, alone(images).embedding)


@pytest.mark.parametrize(
    ("backbone", "side", "finer", "last"),
    [
        ("iresnet18", 64, (256, 8, 8), (512, 4, 4)),
        ("iresnet18", 112, (256, 14, 14), (512, 7, 7)),
        ("iresnet_mini", 50, (96, 7, 7), (192, 4, 4)),
        ("iresnet_mini", 224, (96, 28, 28), (192, 14, 14)),
        ("resnet10t", 112, (256, 7, 7), (512, 4, 4)),
        ("vit_tiny_patch16_224", 112, (192, 7, 7), (192, 7, 7)),  # tokens
        ("swin_tiny_patch4_window7_224", 112, (384, 7, 7), (768, 4, 4)),  # channels last
    ],
)
def test_any_backbone_and_size(backbone, side, finer, last):
    model = create_model("lgaf", backbone=backbone, image_size=side, embedding_dim=16).eval()
    images = torch.randn(1, 3, side, side)
    assert model.backbone.map_shapes == [finer, last]
    assert [it.shape[1:] for it in model.backbone(images)] == [finer, last]
    assert model(images).embedding.shape == (1, 16)
    assert model(images).visibility.shape == (1, *finer[1:])


@pytest.mark.parametrize(("stage", "shape"), [(-3, (32, 8, 8)), (-2, (96, 4, 4)), (-1, (192, 2, 2))])
@pytest.mark.parametrize("fusion", ["sum", "local"])
def test_the_local_branch_reads_the_stage_asked_for(stage, shape, fusion):
    model = create_model("lgaf", fusion=fusion, local_stage=stage, **SMALL).eval()
    assert model.backbone.map_shapes[0] == shape
    assert len(model.backbone.map_shapes) == (1 if fusion == "local" or stage == -1 else 2)
    assert model(torch.randn(1, 3, 32, 32)).visibility.shape == (1, *shape[1:])


def fusion_at(name, mean, variance, temperature):
    """A fusion whose two qualities have had this mean and variance in training."""
    fusion = create_fusion(name, 4, temperature).eval()
    fusion.standardise.running_mean = torch.tensor(mean)
    fusion.standardise.running_var = torch.tensor(variance)
    return fusion


def assert_shared(attention, qualities, mean, variance, temperature):
    """That one image's attention is the softmax of its two qualities, standardised."""
    z = [(qualities[k] - mean[k]) / math.sqrt(variance[k] + 1e-5) / temperature for k in (0, 1)]
    weight = 1 / (1 + math.exp(min(max(z[1] - z[0], -700), 700)))
    assert attention.tolist() == pytest.approx([weight, 1 - weight], abs=1e-3)


@settings(max_examples=30, deadline=None)
@given(
    logits=arrays(np.float32, (3, 2, 4), elements=st.floats(-12, 12, width=32)),
    mean=st.tuples(*[st.floats(0, 4)] * 2),
    variance=st.tuples(*[st.floats(0.01, 4)] * 2),
    temperature=st.floats(0.2, 5),
)
def test_quality_fusion_is_its_formula(logits, mean, variance, temperature):
    fusion = fusion_at("quality", mean, variance, temperature)
    local, global_ = torch.randn(2, 3, 4)
    embedding, attention = fusion(local, global_, torch.from_numpy(logits))
    for i, image in enumerate(logits.astype(float)):
        hidden = np.mean(1 / (1 + np.exp(image)))
        qualities = math.sqrt(sum(x * x for x in local[i].tolist())), -math.log(hidden + 0.02)
        assert_shared(attention[i], qualities, mean, variance, temperature)
        torch.testing.assert_close(embedding[i], attention[i, 0] * local[i] + attention[i, 1] * global_[i])


def test_what_is_hidden_speaks_for_the_local_feature_and_what_weakens_it_against():
    fusion, rising = create_fusion("quality", 4, 1.0).train(), torch.linspace(-6, 6, 20)
    same = torch.full((20, 3, 3), 2.0, requires_grad=True)
    local = torch.ones(20, 4, requires_grad=True)
    _, attention = fusion(local, torch.randn(20, 4), same - rising[:, None, None])
    assert (attention[:, 0].diff() > 0).all()
    _, attention = fusion(local * (rising[:, None] + 7), torch.randn(20, 4), same)
    assert (attention[:, 0].diff() > 0).all()
    assert not attention.requires_grad  # qualities say what there is, not what would lower the loss


@settings(max_examples=30, deadline=None)
@given(
    features=arrays(np.float32, (2, 5, 4), elements=st.floats(-50, 50, width=32)),
    mean=st.tuples(*[st.floats(0, 60)] * 2),
    variance=st.tuples(*[st.floats(0.01, 50)] * 2),
    temperature=st.floats(0.2, 5),
)
def test_energy_fusion_is_its_formula(features, mean, variance, temperature):
    fusion = fusion_at("energy", mean, variance, temperature)
    local, global_ = torch.from_numpy(features)
    embedding, attention = fusion(local, global_, None)
    for i, pair in enumerate(zip(*features.astype(float), strict=True)):
        norms = [math.sqrt(sum(x * x for x in feature)) for feature in pair]
        assert_shared(attention[i], norms, mean, variance, temperature)
        expected = attention[i, 0].item() * pair[0] + attention[i, 1].item() * pair[1]
        np.testing.assert_allclose(embedding[i].numpy(), expected, rtol=1e-4, atol=1e-4)


def test_energy_fusion_follows_what_is_unusual_for_the_branch():
    torch.manual_seed(0)
    fusion = create_fusion("energy", 8, 1.0).double().train()
    local, global_ = torch.nn.functional.normalize(torch.randn(2, 64, 8, dtype=torch.float64), dim=2)
    lengths = 5 + torch.rand(64, 1, dtype=torch.float64)
    _, attention = fusion(local * lengths, 100 * global_, None)  # the global branch is the stronger one for every image
    order = lengths.squeeze().argsort()
    assert (attention[order, 0].diff() > 0).all()  # yet weights follow the variation, not the level
    assert abs(attention[:, 0].mean().item() - 0.5) < 0.05


def test_energies_and_gate_are_trained():
    for name in ("energy", "gate"):
        fusion = create_fusion(name, 8, 1.0)
        local, global_ = torch.randn(2, 16, 8).unbind()
        local.requires_grad_()
        _, attention = fusion(local, global_, None)
        attention[0, 0].backward()
        assert local.grad.abs().sum() > 0 if name == "energy" else fusion.gate.weight.grad.abs().sum() > 0


def test_concat_of_nothing_is_halves():
    _, attention = create_fusion("concat", 8, 1.0)(torch.zeros(2, 4), torch.zeros(2, 4), None)
    assert attention.tolist() == [[0.5, 0.5]] * 2


@pytest.mark.parametrize("gates", [True, False])
def test_local_feature_is_its_formula(gates):
    torch.manual_seed(0)
    branch = LocalFeature((12, 5, 5), 6, heads=3, kernels=(1, 3), reduction=4, gates=gates).double().eval()
    for norm in (*branch.mix[::2], branch.project.standardise):
        if isinstance(norm, torch.nn.modules.batchnorm._BatchNorm):
            norm.running_mean.normal_()
            norm.running_var.uniform_(0.5, 2)
    x = torch.randn(2, 12, 5, 5, dtype=torch.float64)

    def standardised(y, norm):
        shape = (1, -1) + (1,) * (y.dim() - 2)
        return (y - norm.running_mean.view(shape)) / (norm.running_var.view(shape) + 1e-5).sqrt()

    def conv(y, layer):
        """A convolution as sums over windows."""
        side = layer.kernel_size[0]
        windows = torch.nn.functional.pad(y, [side // 2] * 4).unfold(2, side, 1).unfold(3, side, 1)
        made = torch.einsum("bchwij,ocij->bohw", windows, layer.weight)
        return made if layer.bias is None else made + layer.bias.view(1, -1, 1, 1)

    first, mixing, second, _, third = branch.mix
    y = standardised(standardised(conv(standardised(x, first), mixing), second).clamp(min=0), third)
    narrow, _, wide = branch.visibility
    logits = conv(conv(y, narrow).clamp(min=0), wide)[:, 0]
    visible = 1 / (1 + torch.exp(-logits))
    maps = []
    for number, head in enumerate(branch.heads):
        assert head.mix.out_channels == 2  # 12 / (2 x 3)
        gate, kept = visible, y
        if gates:
            squeeze, _, spread, _ = head.spatial
            assert spread.kernel_size[0] == (1, 3, 1)[number]
            gate = torch.sigmoid(conv(conv(y, squeeze).clamp(min=0), spread))[:, 0] * visible
            _, down, _, up, _ = head.channel
            hidden = (y.mean(dim=(2, 3)) @ down.weight[:, :, 0, 0].T).clamp(min=0)
            kept = y * torch.sigmoid(hidden @ up.weight[:, :, 0, 0].T).view(2, 12, 1, 1)
        gate = gate / (gate.mean(dim=(1, 2)).view(2, 1, 1) + 0.02)
        maps.append((conv(kept, head.mix) * gate[:, None]).reshape(2, -1))
    z = torch.cat(maps, dim=1) @ branch.project.linear.weight.T + branch.project.linear.bias
    feature, found = branch(x)
    torch.testing.assert_close(feature, standardised(z, branch.project.standardise))
    torch.testing.assert_close(found, logits.float())


def test_what_is_covered_is_silent():
    """With visibility 0 in half of the cells nothing there reaches the feature, and the others count double."""
    torch.manual_seed(0)
    head = AttentionHead(4, 2, 1, 2, gates=False)
    x, visible = torch.randn(1, 4, 2, 2), torch.tensor([[[[1.0, 0.0], [0.0, 1.0]]]])
    whole, half = head(x, torch.ones(1, 1, 2, 2)), head(x, visible)
    assert (half[..., 0, 1] == 0).all()
    assert (half[..., 1, 0] == 0).all()
    torch.testing.assert_close(half[..., 0, 0] / whole[..., 0, 0], torch.full((1, 2), 1.02 / 0.52))


def test_energies_of_both_branches_have_one_scale():
    torch.manual_seed(0)
    features = torch.randn(64, 8, 3, 3) * 10 + 3
    for found in (GlobalFeature((8, 3, 3), 16)(features), LocalFeature((8, 3, 3), 16)(features)[0]):
        assert found.square().sum(dim=1).mean().item() == pytest.approx(16, rel=1e-2)


def test_autocast_leaves_features_and_fusion_in_float32():
    torch.manual_seed(0)
    model = create_model("lgaf", fusion="energy", temperature=1.0, **SMALL)
    with torch.autocast("cpu", torch.bfloat16):
        out = model(torch.randn(4, 3, 32, 32))
    assert {value.dtype for value in out} == {torch.float32}
    norms = torch.stack([out.local.norm(dim=1), out.global_.norm(dim=1)], dim=1)
    z = (norms - norms.mean(dim=0)) / (norms.var(dim=0, unbiased=False) + 1e-5).sqrt()
    torch.testing.assert_close(out.attention, torch.softmax(z, dim=1))


def test_dropout_acts_in_training_only():
    torch.manual_seed(0)
    model = create_model("lgaf", dropout=0.5, **SMALL)
    images = torch.randn(4, 3, 32, 32)
    assert not torch.equal(model(images).embedding, model(images).embedding)
    model.eval()
    assert torch.equal(model(images).embedding, model(images).embedding)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"name": "lgaf", "fusion": "mean"},
            "fusion: 'mean': input should be 'quality', 'energy', 'sum', 'concat', 'gate', 'local' or 'global'",
        ),
        ({"name": "vgg"}, "name: 'vgg'.*'lgaf' or 'plain'"),
        ({"name": "lgaf", "head": 4}, "head: unknown key; did you mean 'heads'"),
        ({"name": "lgaf", "kernels": (2,)}, "every kernel must be odd"),
        ({"name": "lgaf", "kernels": ()}, "kernels"),
        ({"name": "lgaf", "heads": 0}, "heads: 0: .*greater than or equal to 1"),
        ({"name": "lgaf", "temperature": 0}, "temperature"),
        ({"name": "lgaf", "image_size": 16}, "image_size: 16"),
        ({"name": "lgaf", "fusion": "concat", "embedding_dim": 33}, "even embedding_dim, not 33"),
        ({"name": "plain", "backbone": "iresnet5"}, "'iresnet5' is unknown to timm; did you mean iresnet50"),
        ({"name": "plain", "backbone": "hf-hub:someone/something"}, "unknown to timm"),
        ({"name": "plain", "backbone": "crossvit_9_240"}, "'crossvit_9_240' gives no feature map for image_size 112"),
        ({}, r"give a name \(lgaf or plain\) or a checkpoint"),
        ({"name": "lgaf", "checkpoint": "x"}, "x carries its own architecture"),
    ],
)
def test_wrong_settings_are_named(arguments, message):
    with pytest.raises(SettingsError, match=message):
        create_model(**arguments)
