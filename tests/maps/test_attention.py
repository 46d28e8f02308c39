"""The maps of a network, against its formulas written out by hand."""

import numpy as np
import pytest
import torch

from lgaf.maps.attention import attention_of
from lgaf.models import create_model

SMALL = {"backbone": "iresnet_mini", "embedding_dim": 16, "image_size": 32}
PIXELS = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)


def network(**options):
    torch.manual_seed(0)
    return create_model("lgaf", **SMALL, **options).eval()


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def convolved(x, layer):
    """Convolution of (C, h, w) that keeps h and w, cell by cell."""
    weight, bias = layer.weight.detach().numpy(), layer.bias.detach().numpy()
    side = weight.shape[-1]
    padded = np.pad(x, ((0, 0), (side // 2,) * 2, (side // 2,) * 2))
    out = np.empty((len(weight), *x.shape[1:]))
    for row in range(x.shape[1]):
        for column in range(x.shape[2]):
            window = padded[:, row : row + side, column : column + side]
            out[:, row, column] = (weight * window).sum(axis=(1, 2, 3)) + bias
    return out


def mixed(model):
    """What the heads and the visibility are made from."""
    kept = []
    hook = model.mhms.mix.register_forward_hook(lambda module, given, made: kept.append(made.detach().numpy()))
    with torch.no_grad():
        model(model.preprocessing(torch.from_numpy(PIXELS)))
    hook.remove()
    return kept[0]


def visibility(model, x):
    first, _, second = model.mhms.visibility
    return sigmoid(convolved(np.maximum(convolved(x, first), 0), second))[0]


def test_maps_are_those_of_the_formulas():
    model = network(heads=3, kernels=(1, 5))
    found = attention_of(model, PIXELS)
    assert list(found.heads) == ["head 1, kernel 1", "head 2, kernel 5", "head 3, kernel 1"]
    for image, x in enumerate(mixed(model)):
        visible = visibility(model, x)
        np.testing.assert_allclose(found.visibility[image], visible, atol=1e-5)
        for head, values in zip(model.mhms.heads, found.heads.values(), strict=True):
            assert values.shape == (3, 4, 4)
            first, _, second, _ = head.spatial
            gate = visible * sigmoid(convolved(np.maximum(convolved(x, first), 0), second))[0]
            np.testing.assert_allclose(values[image], gate / (gate.mean() + 0.02), atol=1e-5)


def test_heads_without_gates_are_shown_as_one():
    model = network(gates=False)
    found = attention_of(model, PIXELS)
    assert list(found.heads) == ["all heads, no gates"]
    for image, x in enumerate(mixed(model)):
        visible = visibility(model, x)
        expected = visible / (visible.mean() + 0.02)
        np.testing.assert_allclose(found.heads["all heads, no gates"][image], expected, atol=1e-5)


@pytest.mark.parametrize("options", [{}, {"fusion": "sum"}, {"fusion": "local"}, {"local_stage": -1}])
def test_weights_are_those_of_the_network(options):
    model = network(**options)
    found = attention_of(model, PIXELS)
    with torch.no_grad():
        out = model(model.preprocessing(torch.from_numpy(PIXELS)))
    np.testing.assert_allclose(found.weights, out.attention[:, 0].numpy())
    np.testing.assert_allclose(found.visibility, torch.sigmoid(out.visibility).numpy(), atol=1e-6)
    assert len(found.heads) == 4
