"""Nothing in an official file is run or left over, and what is wrong with it is one line."""

import argparse
import json
import os
import pickle

import pytest
import torch
from originals import prefixed
from safetensors.torch import save_file

from lgaf.errors import DataError, SettingsError
from lgaf.models import create_model


def refused(path, format):
    with pytest.raises(DataError) as error:
        create_model(checkpoint=path, format=format)
    said = str(error.value)
    assert said.startswith(f"{path}: ")
    assert "\n" not in said
    return said.removeprefix(f"{path}: ")


@pytest.mark.parametrize("config", ["model.yaml", "config.json"])
def test_cvlface_on_bgr_says_so_beside_its_weights(tmp_path, arcface, config):
    torch.save(prefixed("net.", arcface), tmp_path / "model.pt")

    def write(**settings):
        (tmp_path / config).write_text(json.dumps({"conf": settings} if config == "config.json" else settings))

    write(color_space="BGR", name="ir18")
    assert create_model(checkpoint=tmp_path / "model.pt", format="cvlface").preprocessing.channels == "BGR"
    write(color_space="HSV")
    assert "color_space 'HSV'; known are RGB and BGR" in refused(tmp_path / "model.pt", "cvlface")
    write(color_space="RGB", rpe_config={"ratio": 2.0})
    assert "KP-RPE name None" in refused(tmp_path / "model.pt", "cvlface")
    published = {"name": "KPRPE_shared", "rpe_on": "k", "shared_head": True, "mode": "ctx", "method": "product"}
    published |= {"ctx_type": "rel_keypoint_splithead_unshared", "num_keypoints": 5}
    write(color_space="RGB", rpe_config={**published, "ratio": 2.0})
    assert "KP-RPE ratio 2.0, and only the published 1.9 is known" in refused(tmp_path / "model.pt", "cvlface")
    write(color_space="RGB", rpe_config={**published, "ratio": 1.9})
    assert create_model(checkpoint=tmp_path / "model.pt", format="cvlface").preprocessing.channels == "RGB"


def test_cvlface_config_that_is_none(tmp_path, arcface):
    torch.save(prefixed("net.", arcface), tmp_path / "model.pt")
    (tmp_path / "config.json").write_text("[]")
    with pytest.raises(DataError, match=r"config\.json: has no 'conf'"):
        create_model(checkpoint=tmp_path / "model.pt", format="cvlface")


@pytest.mark.parametrize("name", ["layer3.1.bn2.running_var", "features.bias", "conv1.weight", "fc.bias"])
def test_a_missing_weight_is_named(tmp_path, arcface, name):
    torch.save({key: value for key, value in arcface.items() if key != name}, tmp_path / "backbone.pth")
    shape = tuple(arcface[name].shape)
    said = refused(tmp_path / "backbone.pth", "arcface_torch")
    assert said.startswith(f"weight '{name}' is missing, iresnet18 wants {shape}; ")


def test_a_missing_weight_is_named_as_the_file_would(tmp_path, adaface):
    name = "model.body.7.res_layer.4.weight"
    torch.save({key: value for key, value in adaface.items() if key != name}, tmp_path / "ir.ckpt")
    assert f"weight '{name}' is missing, IR-18 wants (512, 512, 3, 3)" in refused(tmp_path / "ir.ckpt", "adaface")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("model.extra.weight", "weight 'model.extra.weight' is (2,), IR-18 wants nothing"),
        ("model.body.0.res_layer.6.fc1.weight", "'model.body.0.res_layer.6.fc1.weight' is (2,), IR-18 wants nothing"),
        ("head.bias", "weight 'head.bias' is neither the network's nor its training's"),
        ("body.0.extra", "weight 'body.0.extra' is neither the network's nor its training's"),
    ],
)
def test_a_weight_without_a_place_is_named(tmp_path, adaface, name, said):
    torch.save({"state_dict": {**adaface, name: torch.zeros(2)}}, tmp_path / "ir.ckpt")
    assert said in refused(tmp_path / "ir.ckpt", "adaface")


def test_a_weight_of_another_shape_is_named(tmp_path, arcface):
    torch.save({**arcface, "layer4.0.conv1.weight": torch.zeros(512, 255, 3, 3)}, tmp_path / "backbone.pth")
    said = refused(tmp_path / "backbone.pth", "arcface_torch")
    assert "weight 'layer4.0.conv1.weight' is (512, 255, 3, 3), iresnet18 wants (512, 256, 3, 3)" in said


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda w: {**w, "fc.bias": torch.full((512,), torch.nan)}, "weight 'fc.bias' has values that are not finite"),
        (lambda w: {**w, "fc.bias": torch.zeros(512).to_sparse()}, "weight 'fc.bias' is no dense array"),
        (lambda w: {**w, "fc.bias": torch.zeros(512, dtype=torch.complex64)}, "weight 'fc.bias' is no dense array"),
        (lambda w: {**w, "fc.bias": torch.zeros(512, device="meta")}, "weight 'fc.bias' is no dense array"),
        (lambda w: {**w, "epoch": 3}, "'epoch' is a int, where a tensor by name must stand"),
        (lambda w: {**w, 7: torch.zeros(1)}, "'7' is a Tensor, where a tensor by name must stand"),
        (lambda w: {}, "holds no weights by name"),
        (lambda w: list(w.values()), "holds no weights by name"),
        (lambda w: {"state_dict": None}, "holds no weights by name"),
        (lambda w: {**w, "layer2.2.bn1.bias": torch.zeros(128)}, "has (2, 3, 2, 2) blocks in layer1 to layer4"),
        (lambda w: {**w, "fc.weight": torch.zeros(3)}, "has no linear layer 'fc.weight'"),
    ],
)
def test_what_is_no_such_network_is_refused(tmp_path, arcface, change, said):
    torch.save(change(arcface), tmp_path / "backbone.pth")
    assert said in refused(tmp_path / "backbone.pth", "arcface_torch")


def test_another_format_is_suggested(tmp_path, arcface, adaface):
    torch.save(adaface, tmp_path / "file")
    assert "has (0, 0, 0, 0) blocks" in refused(tmp_path / "file", "arcface_torch")
    assert "no weight's name begins with features.module. or module.features." in refused(tmp_path / "file", "magface")
    torch.save(prefixed("model.", arcface), tmp_path / "file")
    assert "has no linear layer 'output_layer.3.weight'" in refused(tmp_path / "file", "adaface")
    torch.save({"net.cls_token": torch.zeros(1)}, tmp_path / "file")
    assert "begins with 'cls_token', which is no IR, no IResNet and no ViT" in refused(tmp_path / "file", "cvlface")
    vit = {"net.patch_embed.proj.weight": torch.zeros(1), "net.feature.2.weight": torch.zeros(2, 2)}
    torch.save(vit, tmp_path / "file")
    assert "has 0 blocks, and CVLface's published ViTs 12 or 24" in refused(tmp_path / "file", "cvlface")
    blocks = prefixed("model.", {f"body.{index}.x": torch.zeros(1) for index in range(50)})
    torch.save({**blocks, "model.output_layer.3.weight": torch.zeros(2, 2)}, tmp_path / "file")
    assert "has 50 blocks in its body, and IR-18 8, IR-34 16" in refused(tmp_path / "file", "adaface")


class Hostile:
    def __init__(self, call, *arguments):
        self.call = call, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (Hostile(os.system, "touch {marker}"), "posix.system"),
        (Hostile(eval, "open('{marker}', 'w')"), "eval"),
        (argparse.Namespace(lr=1), "argparse.Namespace"),
        (torch.nn.Linear(1, 1), "torch.nn.modules.linear.Linear"),
    ],
)
@pytest.mark.parametrize("plain", [False, True])
def test_a_pickle_that_wants_more_is_refused_and_not_run(tmp_path, arcface, value, wanted, protocol, plain):
    marker = tmp_path / "ran"
    if isinstance(value, Hostile):
        value = Hostile(value.call[0], value.call[1][0].format(marker=marker))
    path = tmp_path / "backbone.pth"
    if plain:
        path.write_bytes(pickle.dumps(value, protocol))
    else:
        torch.save({**arcface, "more": value}, path, pickle_protocol=protocol)
    said = refused(path, "arcface_torch")
    assert not marker.exists()
    if protocol == 2:  # torch.save's own; of a later one torch may not come as far as the name
        assert said.startswith(f"asks for {wanted}, which no weights need; nothing was run; ")


def test_the_stand_in_runs_nothing(tmp_path, lightning, arcface):
    """A class that may be named is empty: neither its arguments nor its state do anything."""
    lightning.__reduce__ = lambda self: (lightning, (), {"state": 1})
    torch.save({"state_dict": arcface, "callbacks": lightning()}, tmp_path / "backbone.pth")
    create_model(checkpoint=tmp_path / "backbone.pth", format="arcface_torch")


@pytest.mark.parametrize("file", ["backbone.pth", "model.safetensors"])
@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.999])
def test_a_cut_file_is_said_to_be_none(tmp_path, arcface, file, share):
    whole = {name: value.clone() for name, value in arcface.items() if value.numel() < 1000}
    (save_file if "safe" in file else torch.save)(whole, tmp_path / file)
    content = (tmp_path / file).read_bytes()
    (tmp_path / file).write_bytes(content[: int(share * len(content))])
    assert refused(tmp_path / file, "arcface_torch").startswith("not a whole file of weights: ")


def test_what_is_no_file(tmp_path):
    assert refused(tmp_path / "none.pth", "adaface").startswith("no such file; ")
    assert refused(tmp_path, "adaface").startswith("is a folder, not a file; ")


def test_arguments_that_do_not_go_together(tmp_path):
    with pytest.raises(SettingsError, match="'adaface2' is none of arcface_torch, adaface, magface, cvlface"):
        create_model(checkpoint=tmp_path, format="adaface2")
    with pytest.raises(SettingsError, match="'adaface' is that of a checkpoint; give its file"):
        create_model("plain", format="adaface")
    with pytest.raises(SettingsError, match="carries its own architecture"):
        create_model(checkpoint=tmp_path, format="adaface", embedding_dim=512)
