"""What is exported gives what torch gives, for whoever reads the file without this project."""

import json
import sys

import cv2
import numpy as np
import onnx
import onnxruntime
import originals
import pytest
import torch
from originals import light

import lgaf.models.to_onnx
from lgaf.cli import main
from lgaf.errors import DataError
from lgaf.formats.pack import write_pack
from lgaf.models import create_model
from lgaf.models.checkpoint import save_model
from lgaf.models.preprocessing import Preprocessing
from lgaf.models.to_onnx import export_onnx

SMALL = {"backbone": "iresnet_mini", "embedding_dim": 16, "image_size": 32}


def saved(path, name="lgaf"):
    """A checkpoint whose statistics are those of some images, so that both branches are weighed."""
    torch.manual_seed(0)
    model = create_model(name, **SMALL)
    for module in model.modules():
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
            module.momentum = 1.0
    model(torch.rand(64, 3, 32, 32) * 2 - 1)
    save_model(model, path)
    return create_model(checkpoint=path)


@pytest.fixture
def pack(tmp_path):
    with write_pack(tmp_path / "faces.arrow") as made:
        for index in range(3):
            pixels = np.random.default_rng(index).integers(0, 256, (32, 32, 3), np.uint8)
            made.add(str(index), cv2.imencode(".png", pixels)[1].tobytes(), index)
    return tmp_path / "faces.arrow"


def test_onnx_of_lgaf(tmp_path, pack, capsys):
    """Both outputs, batches of any length, and how to feed it in the metadata; other images than the command tried."""
    model = saved(tmp_path / "model.safetensors")
    target = tmp_path / "lgaf.onnx"
    assert main(["export", str(tmp_path / "model.safetensors"), str(target), "--crops", str(pack)]) == 0
    said = capsys.readouterr().out
    assert "ONNX opset 18, any batch size, gives embedding and attention" in said
    assert f"largest difference to torch on 3 faces of {pack}: " in said
    file = onnx.load(target)
    onnx.checker.check_model(file)
    assert {entry.version for entry in file.opset_import if not entry.domain} == {18}
    assert [value.name for value in file.graph.output] == ["embedding", "attention"]
    metadata = {entry.key: entry.value for entry in file.metadata_props}
    assert Preprocessing(**json.loads(metadata["preprocessing"])) == model.preprocessing
    session = onnxruntime.InferenceSession(str(target))
    for batch in (1, 7):
        images = torch.rand(batch, 3, 32, 32) * 2 - 1
        embedding, attention = session.run(None, {"images": images.numpy()})
        with torch.no_grad():
            out = model(images)
        assert 0.01 < out.attention.min() < 0.99
        torch.testing.assert_close(torch.from_numpy(embedding), out.embedding, rtol=0, atol=1e-4)
        torch.testing.assert_close(torch.from_numpy(attention), out.attention, rtol=0, atol=1e-4)


def test_onnx_of_an_official_checkpoint(tmp_path):
    torch.save({f"model.{name}": value for name, value in light(originals.ir(18, dim=8)).items()}, tmp_path / "ir.ckpt")
    made = export_onnx(tmp_path / "ir.ckpt", tmp_path / "ir.onnx", format="adaface")
    assert (made.outputs, made.crops) == (("embedding",), 33)
    metadata = {entry.key: entry.value for entry in onnx.load(tmp_path / "ir.onnx").metadata_props}
    assert json.loads(metadata["preprocessing"])["channels"] == "BGR"


def test_a_network_that_torch_cannot_write_is_one_line(tmp_path, monkeypatch):
    saved(tmp_path / "model.safetensors", "plain")

    def fail(*_, **__):
        raise RuntimeError("\nstep 2/3 failed\nand so on")

    monkeypatch.setattr(torch.onnx, "export", fail)
    with pytest.raises(DataError, match=r"^torch \S+ cannot write this network as ONNX: step 2/3 failed; take another"):
        export_onnx(tmp_path / "model.safetensors", tmp_path / "a.onnx")


def test_onnx_of_a_vit_with_keypoints(tmp_path):
    weights = originals.vit("small", dim=8, keypoints=True)
    torch.save({f"net.{name}": value for name, value in weights.items()}, tmp_path / "model.pt")
    assert export_onnx(tmp_path / "model.pt", tmp_path / "vit.onnx", format="cvlface").difference < 1e-4


def test_a_file_that_differs_is_not_written(tmp_path, monkeypatch):
    saved(tmp_path / "model.safetensors", "plain")
    monkeypatch.setattr(lgaf.models.to_onnx, "TOLERANCE", -1.0)
    with pytest.raises(DataError, match=r"a\.onnx: not written: ONNX Runtime differs from torch by \d"):
        export_onnx(tmp_path / "model.safetensors", tmp_path / "out" / "a.onnx")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("package", ["onnx", "onnxruntime", "onnxscript"])
def test_a_missing_package_is_one_line(tmp_path, monkeypatch, capsys, package):
    monkeypatch.setitem(sys.modules, package, None)
    assert main(["export", str(tmp_path / "model.safetensors"), str(tmp_path / "a.onnx")]) == 1
    assert capsys.readouterr().err == f"lgaf: export to ONNX needs {package}: pip install 'lgaf[onnx]'\n"


def test_crops_that_do_not_serve(tmp_path, pack):
    saved(tmp_path / "model.safetensors", "plain")
    with pytest.raises(DataError, match="no such checkpoint"):
        export_onnx(tmp_path / "none", tmp_path / "a.onnx")
    with write_pack(tmp_path / "one.arrow") as made:
        made.add("a", cv2.imencode(".png", np.zeros((32, 32, 3), np.uint8))[1].tobytes(), 0)
    with pytest.raises(DataError, match=r"one\.arrow: holds 1 images; to compare on, two are needed"):
        export_onnx(tmp_path / "model.safetensors", tmp_path / "a.onnx", tmp_path / "one.arrow")
    with write_pack(tmp_path / "wide.arrow") as made:
        for name in "ab":
            made.add(name, cv2.imencode(".png", np.zeros((32, 40, 3), np.uint8))[1].tobytes(), 0)
    with pytest.raises(DataError, match=r"wide\.arrow: record 0 \(a\): 40x32, not 32x32; align again"):
        export_onnx(tmp_path / "model.safetensors", tmp_path / "a.onnx", tmp_path / "wide.arrow")
    assert not (tmp_path / "a.onnx").exists()
