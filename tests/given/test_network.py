"""Given networks: what goes in, what comes out, and what is refused."""

import io
import json
import subprocess
import sys
import zipfile

import numpy as np
import pytest
import timm
import torch
from onnx_files import SIZE, WIDTH, manifest, onnx_file, weights_of
from torch import nn

from lgaf.embed import embed_batch
from lgaf.errors import DataError
from lgaf.given.network import Given, check_file
from lgaf.models import create_model

PIXELS = np.random.default_rng(1).integers(0, 256, (5, SIZE, SIZE, 3), dtype=np.uint8)


def embedded(network: Given, flip: bool = False) -> np.ndarray:
    return embed_batch(network, torch.from_numpy(PIXELS), flip)[0].numpy()


def expected(weights: np.ndarray, scaled: np.ndarray) -> np.ndarray:
    return scaled.transpose(0, 3, 1, 2).reshape(len(scaled), -1) @ weights


@pytest.mark.parametrize("batch", ["B", 1, 3])
def test_onnx_takes_batches_of_any_size(tmp_path, batch):
    given = Given(manifest(tmp_path / "n.onnx", onnx_file(weights_of(), batch)))
    np.testing.assert_allclose(embedded(given), expected(weights_of(), (PIXELS - 127.5) / 127.5), rtol=1e-3, atol=1e-4)


def test_channels_and_scaling_are_the_manifests(tmp_path):
    """One number a channel, in the order in which the network takes them."""
    mean, scale = (104.0, 117.0, 123.0), (57.0, 58.0, 59.0)
    told = manifest(tmp_path / "n.onnx", onnx_file(weights_of()), channels="BGR", mean=mean, scale=scale)
    scaled = (PIXELS[..., ::-1] - np.array(mean)) / np.array(scale)
    np.testing.assert_allclose(embedded(Given(told)), expected(weights_of(), scaled), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("fusion", ["sum", "unit_sum"])
def test_the_mirror_image_is_fused_as_the_manifest_says(tmp_path, fusion):
    given = Given(manifest(tmp_path / "n.onnx", onnx_file(weights_of()), flip_fusion=fusion))
    both = [expected(weights_of(), (it - 127.5) / 127.5) for it in (PIXELS, PIXELS[:, :, ::-1])]
    if fusion == "unit_sum":
        both = [it / np.linalg.norm(it, axis=1, keepdims=True) for it in both]
    np.testing.assert_allclose(embedded(given, flip=True), both[0] + both[1], rtol=1e-3, atol=1e-4)


def torch_network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, 2), nn.BatchNorm2d(4), nn.PReLU(), nn.Flatten(), nn.Linear(900, WIDTH)
    ).eval()


def exported_file(network: nn.Module) -> bytes:
    shapes = ({0: torch.export.Dim("B", min=1, max=256)},)
    out = io.BytesIO()
    torch.export.save(torch.export.export(network, (torch.zeros(4, 3, SIZE, SIZE),), dynamic_shapes=shapes), out)
    return out.getvalue()


def script_file(network: nn.Module) -> bytes:
    out = io.BytesIO()
    torch.jit.save(torch.jit.script(network), out)
    return out.getvalue()


@pytest.mark.parametrize(("name", "write"), [("torchscript", script_file), ("exported", exported_file)])
def test_torchs_files_give_what_the_network_gave(tmp_path, name, write):
    given = Given(manifest(tmp_path / "n.pt", write(torch_network()), format=name))
    with torch.inference_mode():
        wanted = torch_network()((torch.from_numpy(PIXELS).permute(0, 3, 1, 2) - 127.5) / 127.5)
    np.testing.assert_allclose(embedded(given), wanted, rtol=1e-4, atol=1e-5)


FACTORY = """
import torch

class Mine(torch.nn.Module):
    def __init__(self, path):
        super().__init__()
        self.name, self.drop = path.name, torch.nn.Dropout(0.5)

    def forward(self, images):
        return self.drop(images.mean((2, 3))), images.flatten(1)[:, :8]

def build(path):
    return Mine(path)

def nothing(path):
    return 3

def fails(path):
    raise KeyError("weights")
"""


@pytest.fixture
def factory(tmp_path, monkeypatch):
    (tmp_path / "own_networks.py").write_text(FACTORY)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    sys.modules.pop("own_networks", None)


def test_a_factory_of_ones_own(tmp_path, factory):
    """It is put into evaluation mode; of several outputs the one of the manifest's width is taken."""
    given = Given(manifest(tmp_path / "w.bin", b"weights", format="own_networks:build"))
    assert embedded(given).shape == (5, 8)
    three = Given(manifest(tmp_path / "w.bin", b"weights", format="own_networks:build", embedding_dim=3))
    np.testing.assert_allclose(embedded(three), (PIXELS.mean((1, 2)) - 127.5) / 127.5, atol=1e-4)


@pytest.mark.parametrize(("name", "said"), [
    ("own_networks:nothing", "gives int, not a network"),
    ("own_networks:fails", "cannot be opened as own_networks:fails: 'weights'"),
    ("own_networks:absent", "own_networks has no function absent"),
    ("no_such_module:build", "no_such_module cannot be imported: No module named 'no_such_module'"),
])  # fmt: skip
def test_a_factory_that_gives_no_network(tmp_path, factory, name, said):
    with pytest.raises(DataError, match=said) as error:
        Given(manifest(tmp_path / "w.bin", b"weights", format=name))
    assert len(str(error.value).splitlines()) == 1


def test_it_is_said_before_anything_runs_that_a_factory_cannot_be_imported(tmp_path):
    with pytest.raises(DataError, match="no_such_module cannot be imported"):
        check_file(manifest(tmp_path / "w.bin", b"weights", format="no_such_module:build"))


def test_another_width_than_the_manifest_says(tmp_path):
    given = Given(manifest(tmp_path / "n.onnx", onnx_file(weights_of()), embedding_dim=9))
    with pytest.raises(DataError, match=r"n\.onnx: gives 8 values a face, the manifest says embedding_dim 9"):
        embedded(given)


def test_another_size_than_the_network_takes(tmp_path):
    given = Given(manifest(tmp_path / "n.onnx", onnx_file(weights_of(size=48), size=48)))
    with pytest.raises(DataError, match=r"n\.onnx: fails on \(5, 3, 32, 32\): .*; look at image_size") as error:
        embedded(given)
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize(("name", "content"), [
    ("onnx", onnx_file(weights_of(), kind="NoSuchOperator")), ("onnx", b"no network"), ("tflite", b"no network"),
    ("torchscript", b"no network"), ("exported", b"no network"), ("exported", script_file(torch_network())),
], ids=["operator", "onnx", "tflite", "torchscript", "exported", "script as exported"])  # fmt: skip
def test_what_cannot_be_opened(tmp_path, name, content):
    with pytest.raises(DataError, match=rf"n\.bin: cannot be opened as {name}: ") as error:
        Given(manifest(tmp_path / "n.bin", content, format=name))
    assert len(str(error.value).splitlines()) == 1


def test_an_operator_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DataError, match="NoSuchOperator"):
        Given(manifest(tmp_path / "n.onnx", onnx_file(weights_of(), kind="NoSuchOperator")))


@pytest.mark.parametrize(("package", "name"), [("onnxruntime", "onnx"), ("ai_edge_litert", "tflite"), ("dlib", "dlib")])
def test_an_optional_package_that_is_absent(tmp_path, monkeypatch, package, name):
    changed = {"mean": 0, "scale": 1, "alignment": "dlib"} if name == "dlib" else {}
    told = manifest(tmp_path / "n.bin", b"whatever", format=name, **changed)
    monkeypatch.setattr("lgaf.given.network.find_spec", lambda _: None)
    for act in (check_file, Given):
        with pytest.raises(DataError, match=rf"^{package} is not installed; run pip install 'lgaf\[{name}\]'$"):
            act(told)


def test_dlib_is_given_pixels(tmp_path):
    with pytest.raises(DataError, match="set channels RGB, mean 0, scale 1"):
        check_file(manifest(tmp_path / "n.dat", b"whatever", format="dlib", alignment="dlib"))


def rewritten(content: bytes, edit) -> bytes:
    """An archive with its graph edited."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            if name.endswith("models/model.json"):
                graph = json.loads(data)
                edit(graph)
                data = json.dumps(graph).encode()
            target.writestr(name, data)
    return out.getvalue()


def call_python(graph: dict) -> None:
    graph["graph_module"]["graph"]["nodes"][0]["target"] = "torch.hub.load"


def evaluate(graph: dict) -> None:
    sizes = graph["graph_module"]["graph"]["tensor_values"]["input"]["sizes"]
    sizes[0]["as_expr"]["expr_str"] = "__import__('pathlib').Path('owned').touch()"


def name_code(graph: dict) -> None:
    graph["graph_module"]["graph"]["inputs"][-1]["as_tensor"]["name"] = "x): import os #"


@pytest.mark.parametrize(("edit", "said"), [
    (call_python, "torch.hub.load"), (evaluate, "__import__"), (name_code, "import os"),
])  # fmt: skip
def test_an_archive_that_would_run_python_is_refused(tmp_path, monkeypatch, edit, said):
    monkeypatch.chdir(tmp_path)
    content = rewritten(exported_file(torch_network()), edit)
    with pytest.raises(DataError, match=rf"n\.pt2: holds .*{said}.*; export the network to ONNX"):
        Given(manifest(tmp_path / "n.pt2", content, format="exported"))
    assert not (tmp_path / "owned").exists()


class Bomb:
    def __reduce__(self):
        return (subprocess.getoutput, ("touch owned",))


def test_a_pickle_in_an_archive_is_not_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    hostile = io.BytesIO()
    torch.save(Bomb(), hostile)
    out, content = io.BytesIO(), exported_file(torch_network())
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            target.writestr(name, hostile.getvalue() if "sample_inputs" in name else source.read(name))
    with pytest.raises(DataError, match="cannot be opened as exported"):
        Given(manifest(tmp_path / "n.pt2", out.getvalue(), format="exported"))
    assert not (tmp_path / "owned").exists()


def official(tmp_path, **changed: object) -> Given:
    """A checkpoint as arcface_torch writes it, random weights."""
    torch.manual_seed(0)
    out = io.BytesIO()
    torch.save(timm.create_model("iresnet18", num_classes=512).state_dict(), out)
    told = {"format": "arcface_torch", "image_size": 112, "embedding_dim": 512, **changed}
    return Given(manifest(tmp_path / "backbone.pth", out.getvalue(), **told))


def test_an_official_checkpoint_gives_what_create_model_gives(tmp_path):
    given = official(tmp_path)
    pixels = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (2, 112, 112, 3), dtype=np.uint8))
    network = create_model(checkpoint=tmp_path / "backbone.pth", format="arcface_torch").eval()
    with torch.inference_mode():
        wanted = network(network.preprocessing(pixels)).embedding
    largest = float(wanted.abs().max())
    np.testing.assert_allclose(embed_batch(given, pixels, False)[0], wanted, rtol=0, atol=1e-4 * largest)


@pytest.mark.parametrize(("changed", "said"), [
    ({"channels": "BGR"}, "channels BGR: the authors of arcface_torch feed RGB"),
    ({"mean": 0, "scale": 255}, r"mean \(0.0, 0.0, 0.0\): the authors of arcface_torch feed \(127.5, 127.5, 127.5\)"),
])  # fmt: skip
def test_an_official_checkpoint_fed_in_another_way(tmp_path, changed, said):
    with pytest.raises(DataError, match=said):
        official(tmp_path, **changed)
