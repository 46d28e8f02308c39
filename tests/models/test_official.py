"""Official checkpoints give what the official networks give, and are fed as their authors do."""

import originals
import pytest
import torch
from originals import light, prefixed
from safetensors.torch import save_file

from lgaf.align.warp import TEMPLATE
from lgaf.models import create_model


def images(count=2):
    return torch.rand(count, 3, 112, 112, generator=torch.Generator().manual_seed(1)) * 2 - 1


def same(path, format, expected):
    """The embedding at 1e-4 of its largest number; the file goes, as it may have half a gigabyte."""
    model = create_model(checkpoint=path, format=format)
    path.unlink()
    assert not model.training
    with torch.no_grad():
        out = model(images())
    assert out.attention is None
    assert out.embedding.std() > 0.01
    torch.testing.assert_close(out.embedding, expected, rtol=0, atol=1e-4 * expected.abs().max().item())
    return model


@pytest.mark.parametrize("depth", [18, 100, 200])
def test_arcface_torch(tmp_path, depth):
    weights = originals.iresnet(depth)
    torch.save(dict(weights), tmp_path / "backbone.pth")
    expected = originals.iresnet_embedding(weights, depth, images())
    same(tmp_path / "backbone.pth", "arcface_torch", expected)


@pytest.mark.parametrize(("depth", "prefix"), [(18, "features.module."), (50, "module.features.")])
def test_magface(tmp_path, depth, prefix):
    weights = originals.iresnet(depth)
    head = "parallel_fc.weight" if prefix[0] == "f" else "module.fc.weight"
    state = {**prefixed(prefix, weights), head: torch.ones(512, 3)}
    parts = {
        "epoch": 25,
        "arch": f"iresnet{depth}",
        "state_dict": state,
        "optimizer": {"state": {}, "param_groups": []},
    }
    torch.save(parts, tmp_path / "magface.pth")
    expected = originals.iresnet_embedding(weights, depth, images(), eps=2e-5)
    wrong = originals.iresnet_embedding(weights, depth, images())
    assert (wrong - expected).abs().max() > 1e-3 * expected.abs().max()  # insightface's batch norms would be seen
    same(tmp_path / "magface.pth", "magface", expected)


@pytest.mark.parametrize("depth", [18, 50, 100])
def test_adaface(tmp_path, lightning, depth):
    weights = originals.ir(depth)
    head = {"kernel": torch.ones(512, 3), "t": torch.zeros(1), "batch_mean": torch.ones(1), "batch_std": torch.ones(1)}
    parts = {
        "epoch": 26,
        "global_step": 1,
        "pytorch-lightning_version": "1.4.4",
        "state_dict": {**prefixed("model.", weights), **prefixed("head.", head)},
        "callbacks": {lightning: {"monitor": "val_acc", "best_model_score": torch.tensor(0.9)}},
        "optimizer_states": [{"state": {0: {"momentum_buffer": torch.ones(2)}}, "param_groups": [{"lr": 0.1}]}],
        "hyper_parameters": {"arch": f"ir_{depth}", "lr_milestones": [12, 20, 24]},
    }
    torch.save(parts, tmp_path / "adaface.ckpt")
    same(tmp_path / "adaface.ckpt", "adaface", originals.ir_embedding(weights, depth, images()))


@pytest.mark.parametrize(
    ("depth", "file", "prefix"), [(50, "model.safetensors", "model.net."), (18, "model.pt", "net.")]
)
def test_cvlface_ir(tmp_path, depth, file, prefix):
    weights = originals.ir(depth)
    (save_file if "safe" in file else torch.save)(prefixed(prefix, weights), tmp_path / file)
    model = same(tmp_path / file, "cvlface", originals.ir_embedding(weights, depth, images()))
    assert model.preprocessing.channels == "RGB"


def test_cvlface_iresnet(tmp_path):
    weights = originals.iresnet(18, dim=256)
    torch.save(prefixed("net.", weights), tmp_path / "model.pt")
    same(tmp_path / "model.pt", "cvlface", originals.iresnet_embedding(weights, 18, images()))


@pytest.mark.parametrize(("size", "masked"), [("small", True), ("base", False)])
def test_cvlface_vit(tmp_path, size, masked):
    weights = originals.vit(size, masked=masked)
    save_file(prefixed("model.net.", weights), tmp_path / "model.safetensors")
    same(tmp_path / "model.safetensors", "cvlface", originals.vit_embedding(weights, size, images()))


def test_cvlface_vit_with_keypoints(tmp_path):
    """Points of its own, and without any the template's: an aligned face has them there."""
    size, weights = "base", originals.vit("base", keypoints=True)
    torch.save(prefixed("net.", weights), tmp_path / "model.pt")
    template = torch.tensor(TEMPLATE / 112, dtype=torch.float32).expand(2, 5, 2)
    model = same(tmp_path / "model.pt", "cvlface", originals.vit_embedding(weights, size, images(), template))
    points = torch.rand(2, 5, 2)
    expected = originals.vit_embedding(weights, size, images(), points)
    with torch.no_grad():
        embedding = model.network(images(), points)
    limit = 1e-4 * expected.abs().max().item()
    torch.testing.assert_close(embedding, expected, rtol=0, atol=limit)
    assert (expected - originals.vit_embedding(weights, size, images(), template)).abs().max() > 100 * limit


@pytest.mark.parametrize("depth", originals.BLOCKS)
def test_every_depth_is_found_by_its_names(tmp_path, depth):
    torch.save(light(originals.iresnet(depth, dim=8)), tmp_path / "arcface")
    model = create_model(checkpoint=tmp_path / "arcface", format="arcface_torch")
    assert (
        sum(isinstance(module, torch.nn.Conv2d) for module in model.modules())
        == 1 + 2 * sum(originals.BLOCKS[depth]) + 4
    )
    if depth < 200:
        torch.save(prefixed("model.", light(originals.ir(depth, dim=8))), tmp_path / "adaface")
        model = create_model(checkpoint=tmp_path / "adaface", format="adaface")
        assert len(model.network.body) == sum(originals.BLOCKS[depth])
        assert model.network.output_layer[3].out_features == 8


@pytest.mark.parametrize(
    ("format", "file", "channels", "scaling", "flip"),
    [
        ("arcface_torch", "backbone.pth", "RGB", "symmetric", True),
        ("adaface", "ir18.ckpt", "BGR", "symmetric", True),
        ("magface", "magface.pth", "BGR", "unit", False),
        ("cvlface", "model.pt", "RGB", "symmetric", True),
    ],
)
def test_each_is_fed_as_its_authors_do(tmp_path, arcface, adaface, format, file, channels, scaling, flip):
    prefix = {"magface": "features.module.", "cvlface": "net."}.get(format, "")
    torch.save(adaface if format == "adaface" else prefixed(prefix, arcface), tmp_path / file)
    assert create_model(checkpoint=tmp_path / file, format=format).preprocessing.model_dump() == {
        "channels": channels,
        "scaling": scaling,
        "flip": flip,
        "flip_fusion": "sum" if flip else "none",
        "alignment": "arcface",
        "image_size": 112,
    }


def test_half_precision_is_read_as_float32(tmp_path, arcface):
    halves = {name: value.half() if value.is_floating_point() else value for name, value in arcface.items()}
    torch.save(halves, tmp_path / "backbone.pth")
    model = create_model(checkpoint=tmp_path / "backbone.pth", format="arcface_torch")
    assert {weight.dtype for weight in model.parameters()} == {torch.float32}
