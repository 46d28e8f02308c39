"""The worked examples of CONTRIBUTING.md: a head, a network and a benchmark, each from its code on the page."""

import hashlib
import importlib
import re
import sys
from pathlib import Path

import pytest
import timm
import torch
from ruamel.yaml import YAML
from safetensors.torch import save_file

import baselines
import lgaf.cli as cli
from baselines import create_head, heads
from lgaf.data.benchmark import write_benchmark
from lgaf.data.official.readers import READERS, Official, open_benchmark
from lgaf.errors import DataError
from lgaf.formats.protocol import read_protocol
from lgaf.given.manifest import GivenRow
from lgaf.given.network import Given
from lgaf.stages.inputs import read_settings
from lgaf.train.settings import TrainingRun

sys.path.insert(0, str(Path(__file__).parent / "data" / "official"))
import miniature

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "CONTRIBUTING.md").read_text()
HEAD, NETWORK, READER = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
HEAD_ROW, NETWORK_ROW = (YAML(typ="safe").load(it) for it in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL))


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with the page's files, in which Python finds them."""
    for name, source in (("my_heads", HEAD), ("my_network", NETWORK), ("myset", READER)):
        (tmp_path / f"{name}.py").write_text(source)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delenv("DVC_STAGE", raising=False)
    yield tmp_path
    for name in ("my_heads", "my_network", "myset", "baselines.normface"):
        sys.modules.pop(name, None)


def test_the_head_is_a_row(place):
    values = YAML(typ="safe").load((ROOT / "presets/tiny.yaml").read_text())
    values["methods"] |= HEAD_ROW["methods"]
    YAML().dump(values, place / "params.yaml")
    assert cli.main(["settings"]) == 0
    run = read_settings("train/normface", TrainingRun)
    row = HEAD_ROW["methods"]["normface"]
    assert (run.head, run.head_options) == (row["head"], row["head_options"])
    head = create_head(run.head, embedding_dim=8, num_classes=5, **run.head_options)
    vectors, labels = torch.randn(3, 8), torch.tensor([0, 4, -1])
    made = head(vectors, labels)
    unit, weight = (it / it.norm(dim=1, keepdim=True) for it in (vectors, head.weight))
    torch.testing.assert_close(made.logits, 24 * unit @ weight.T)
    made.logits.sum().backward()
    assert head.weight.grad.isfinite().all()


def test_the_head_is_handed_in(place, monkeypatch):
    """Its file in baselines/ is found by its name."""
    (place / "normface.py").write_text(HEAD)
    monkeypatch.setattr(baselines, "__path__", [*baselines.__path__, str(place)])
    assert "normface" in heads()
    assert type(create_head("normface", 8, 5)).title == "NormFace"


def test_the_network_is_a_row(place):
    torch.manual_seed(0)
    network = timm.create_model("resnet18", num_classes=512).eval()
    save_file(network.state_dict(), place / "my_weights.safetensors")
    (row,) = NETWORK_ROW["models"].values()
    row = {**row, "sha256": hashlib.sha256((place / row["file"]).read_bytes()).hexdigest()}
    given = Given(GivenRow.model_validate(row))
    pixels = torch.randint(0, 256, (2, 112, 112, 3), dtype=torch.uint8)
    with torch.inference_mode():
        found = given(given.preprocessing(pixels)).embedding
        expected = network((pixels.permute(0, 3, 1, 2) - 127.5) / 127.5)
    assert found.shape == (2, 512)
    torch.testing.assert_close(found, expected)


@pytest.fixture
def myset(place, monkeypatch):
    """The page's reader among the others, and a data set with one pair of each kind a fold."""
    reader = importlib.import_module("myset")
    monkeypatch.setitem(READERS, "myset", Official(reader.read_myset, ("myset",)))
    lines = [f"a{fold}/1.jpg a{fold}/2.jpg 1\na{fold}/1.jpg b{fold}/1.jpg 0\n" for fold in range(10)]
    miniature.put(place / "root/myset/pairs.txt", "".join(lines))
    for name in {field for line in lines for field in line.split() if "/" in field}:
        miniature.put(place / "root/myset/images" / name, miniature.picture(name, 1))
    return place / "root"


def test_the_benchmark_is_read(myset, tmp_path):
    benchmark = open_benchmark("myset", myset, counts="any")
    pairs = benchmark.protocol.pairs
    assert pairs[:3] == [
        ("a0/1.jpg", "a0/2.jpg", True),
        ("a0/1.jpg", "b0/1.jpg", False),
        ("a1/1.jpg", "a1/2.jpg", True),
    ]
    assert len(pairs) == 20
    label = {image.name: image.label for image in benchmark.images}
    assert all((label[left] == label[right]) == same for left, right, same in pairs)
    write_benchmark(benchmark, tmp_path / "out")
    assert read_protocol(tmp_path / "out/myset.json").pairs == pairs


@pytest.mark.parametrize(("old", "new", "said"), [
    ("a0/1.jpg a0/2.jpg 1\n", "", r"has 19 pairs \(published: 6,000\)"),
    ("a0/1.jpg a0/2.jpg 1", "a0/1.jpg ../2.jpg 1", r"line 1: must be two images and 0 or 1"),
    ("a0/1.jpg a0/2.jpg 1", "a0/1.jpg a0/2.jpg yes", r"line 1: must be two images and 0 or 1"),
    ("a0/1.jpg a0/2.jpg 1", "a0/1.jpg b0/1.jpg 1", r"line 1: .* are not a pair of one person"),
    ("a0/1.jpg a0/2.jpg 1", "a0/1.jpg a0/9.jpg 1", r"line 1: no such image"),
])  # fmt: skip
def test_a_broken_benchmark_is_one_line(myset, old, new, said):
    path = myset / "myset" / "pairs.txt"
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(DataError, match=said) as caught:
        open_benchmark("myset", myset, counts="published" if "published" in said else "any")
    assert "\n" not in str(caught.value)


def test_the_page_names_what_is_there():
    """Every file of the project in backquotes, but those that the examples would add."""
    added = {"baselines/normface.py", "lgaf/data/official/myset.py", "docs/datasets/myset.md", "build/site/index.html"}
    named = set(re.findall(r"`([\w.-]+(?:/[\w.-]+)+)`", PAGE)) - added
    assert len(named) > 8
    for name in named:
        assert (ROOT / name).exists(), name
