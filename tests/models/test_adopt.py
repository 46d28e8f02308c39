"""An official network as one of ours, which can be trained on, gives what the official one gives."""

import originals
import pytest
import torch
from originals import prefixed

from lgaf.errors import DataError, SettingsError
from lgaf.models import create_model
from lgaf.train.settings import StartFrom
from lgaf.train.start import begun

DIM = 16
CASES = {
    "arcface_torch": ("iresnet18", "", originals.iresnet, originals.iresnet_embedding, 1e-5, "RGB", "symmetric"),
    "magface": ("iresnet18", "features.module.", originals.iresnet, originals.iresnet_embedding, 2e-5, "BGR", "unit"),
    "adaface": ("ir18", "model.", originals.ir, originals.ir_embedding, None, "BGR", "symmetric"),
    "cvlface": ("ir18", "net.", originals.ir, originals.ir_embedding, None, "RGB", "symmetric"),
}


@pytest.mark.parametrize("format", CASES)
def test_an_official_network_whole_and_its_backbone(tmp_path, format):
    backbone, prefix, make, embed, eps, channels, scaling = CASES[format]
    weights = make(18, DIM)
    file = tmp_path / "official.pth"
    torch.save(prefixed(prefix, weights), file)
    start = StartFrom(checkpoint=str(file), format=format)
    options = {"backbone": backbone, "embedding_dim": DIM}
    plain = begun(create_model("plain", **options), start).eval()
    assert (plain.preprocessing.channels, plain.preprocessing.scaling) == (channels, scaling)
    images = torch.rand(2, 3, 112, 112, generator=torch.Generator().manual_seed(1)) * 2 - 1
    expected = embed(weights, 18, images) if eps is None else embed(weights, 18, images, eps=eps)
    with torch.no_grad():
        found = plain(images).embedding
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5 * expected.abs().max().item())

    lgaf = begun(create_model("lgaf", **options), start.model_copy(update={"take": "backbone"}))
    for name, value in plain.backbone.state_dict().items():
        assert torch.equal(lgaf.backbone.state_dict()[name], value), name
    with pytest.raises(SettingsError, match=f"a network of format {format} has no local branch, LGAF has; take: backb"):
        begun(lgaf, start)


def test_shortcuts_of_the_wrong_kind_are_no_backbone(tmp_path):
    """AdaFace's IR has no convolution where its first block strides, insightface's IResNet has one."""
    torch.save(prefixed("model.", originals.light(originals.ir(18, DIM))), tmp_path / "a.ckpt")
    start = StartFrom(checkpoint=str(tmp_path / "a.ckpt"), format="adaface", take="backbone")
    with pytest.raises(DataError, match=r"weight 'backbone\.network\.layer1\.0\.downsample\.0\.weight' is missing"):
        begun(create_model("plain", backbone="iresnet18", embedding_dim=DIM), start)


def test_a_transformer_is_refused(tmp_path):
    torch.save(prefixed("net.", originals.light(originals.vit("small", DIM))), tmp_path / "vit.pt")
    start = StartFrom(checkpoint=str(tmp_path / "vit.pt"), format="cvlface")
    with pytest.raises(DataError, match=r"vit\.pt: holds a \w+; of published networks only IResNets and IRs"):
        begun(create_model("plain", backbone="ir18", embedding_dim=DIM), start)
