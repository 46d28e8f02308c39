import pytest
import timm
import torch

import lgaf.models

BLOCKS = {
    "iresnet18": (2, 2, 2, 2),
    "iresnet34": (3, 4, 6, 3),
    "iresnet50": (3, 4, 14, 3),
    "iresnet100": (3, 13, 30, 3),
    "iresnet200": (6, 26, 60, 6),
}
BATCH_NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")


WIDTHS = (64, 128, 256, 512)


def arcface_torch_size(blocks):
    """Number of parameters of arcface_torch's iresnet, from its definition."""
    total, inputs = 3 * 64 * 9 + 2 * 64 + 64, 64  # convolution, batch norm, PReLU
    for count, width in zip(blocks, WIDTHS, strict=True):
        total += inputs * width + 2 * width  # the projection of the first block
        for _ in range(count):
            total += 2 * inputs + inputs * width * 9 + 2 * width + width + width * width * 9 + 2 * width
            inputs = width
    return total + 2 * 512 + (512 * 7 * 7 + 1) * 512 + 2 * 512


def arcface_torch_names(blocks):
    """The state dict's keys of arcface_torch's iresnet, from its definition."""
    names = {"conv1.weight", "prelu.weight", "fc.weight", "fc.bias"}
    norms = {"bn1", "bn2", "features"}
    for stage, count in enumerate(blocks, start=1):
        for block in range(count):
            at = f"layer{stage}.{block}"
            names |= {f"{at}.conv1.weight", f"{at}.prelu.weight", f"{at}.conv2.weight"}
            norms |= {f"{at}.bn1", f"{at}.bn2", f"{at}.bn3"}
        names.add(f"layer{stage}.0.downsample.0.weight")
        norms.add(f"layer{stage}.0.downsample.1")
    return names | {f"{norm}.{field}" for norm in norms for field in BATCH_NORM}


@pytest.mark.parametrize(("name", "millions"), list(zip(BLOCKS, (24.0, 34.1, 43.6, 65.2, 118.8), strict=True)))
def test_names_and_parameters_are_those_of_arcface_torch(name, millions):
    with torch.device("meta"):
        network = timm.create_model(name)
    assert round(sum(weight.numel() for weight in network.parameters()) / 1e6, 1) == millions
    assert sum(weight.numel() for weight in network.parameters()) == arcface_torch_size(BLOCKS[name])
    assert set(network.state_dict()) == arcface_torch_names(BLOCKS[name])
    assert [parameter for parameter, weight in network.named_parameters() if not weight.requires_grad] == [
        "features.weight"
    ]


@pytest.mark.parametrize("name", BLOCKS)
def test_feature_map_is_512x7x7_at_112(name):
    with torch.device("meta"):
        images = torch.empty(1, 3, 112, 112)
        network = timm.create_model(name).eval()
        assert network.forward_features(images).shape == (1, 512, 7, 7)
        assert network(images).shape == (1, 512)
        features = timm.create_model(name, features_only=True).eval()
        assert [tuple(made.shape[1:]) for made in features(images)] == [
            (64, 56, 56),
            (128, 28, 28),
            (256, 14, 14),
            (512, 7, 7),
        ]
        assert features.feature_info.channels() == [64, 128, 256, 512]
        assert features.feature_info.reduction() == [2, 4, 8, 16]


def test_mini_keeps_a_map_at_64_and_112():
    network = timm.create_model("iresnet_mini", img_size=64, num_classes=128).eval()
    assert network.forward_features(torch.zeros(1, 3, 64, 64)).shape == (1, 192, 4, 4)
    assert network(torch.zeros(1, 3, 64, 64)).shape == (1, 128)
    assert network.forward_features(torch.zeros(1, 3, 112, 112)).shape == (1, 192, 7, 7)


def test_width_channels_and_head_are_options():
    small = timm.create_model("iresnet18", channels=(8, 16, 24, 32), stem=(8, 1), num_classes=0, in_chans=1).eval()
    images = torch.randn(2, 1, 32, 32)
    assert small.num_features == 32
    torch.testing.assert_close(small(images), small.forward_features(images).mean(dim=(2, 3)))
    small.reset_classifier(10)
    assert small.get_classifier().out_features == 10


def test_a_block_is_its_formula():
    block = lgaf.models.iresnet.IBasicBlock(3, 4, stride=2).double().eval()
    for module in block.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
    x = torch.randn(2, 3, 6, 6, dtype=torch.float64)

    def norm(x, bn):
        shape = (1, -1, 1, 1)
        scaled = (x - bn.running_mean.view(shape)) / (bn.running_var.view(shape) + 1e-5).sqrt()
        return scaled * bn.weight.view(shape) + bn.bias.view(shape)

    def convolve(x, weight, stride, padding):
        windows = torch.nn.functional.pad(x, [padding] * 4).unfold(2, weight.shape[2], stride)
        return torch.einsum("bchwij,ocij->bohw", windows.unfold(3, weight.shape[3], stride), weight)

    y = norm(convolve(norm(x, block.bn1), block.conv1.weight, 1, 1), block.bn2)
    y = torch.where(y > 0, y, y * block.prelu.weight.view(1, -1, 1, 1))
    y = norm(convolve(y, block.conv2.weight, 2, 1), block.bn3)
    y = y + norm(convolve(x, block.downsample[0].weight, 2, 0), block.downsample[1])
    torch.testing.assert_close(block(x), y)


def test_timm_is_told_how_to_feed_it():
    """As ``Preprocessing`` of scaling ``symmetric`` does."""
    network = timm.create_model("iresnet18", channels=(8, 8, 8, 8), stem=(8, 1))
    config = network.pretrained_cfg
    assert (config["input_size"], config["num_classes"]) == ((3, 112, 112), network.num_classes)
    assert config["mean"] == config["std"] == (0.5, 0.5, 0.5)
    assert network.get_submodule(config["first_conv"]).in_channels == 3
    assert network.get_submodule(config["classifier"]) is network.get_classifier()
