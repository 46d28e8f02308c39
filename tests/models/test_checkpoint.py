import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from lgaf.errors import DataError, SettingsError
from lgaf.model_settings import FUSIONS, Architecture
from lgaf.models import create_model
from lgaf.models.checkpoint import LARGEST, METADATA, read_metadata, read_preprocessing, save_model
from lgaf.models.preprocessing import Preprocessing

SMALL = {"backbone": "iresnet_mini", "embedding_dim": 16, "image_size": 32}


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "model.safetensors"
    save_model(create_model("lgaf", **SMALL), path, {"method": "lgaf", "epochs": 3})
    return path


def rewrite(path, change):
    """Save the file again with its metadata changed."""
    save_file(load_file(path), path, {METADATA: json.dumps(change(read_metadata(path)))})


@pytest.mark.parametrize("arguments", [{"name": "lgaf", "fusion": fusion} for fusion in FUSIONS] + [{"name": "plain"}])
def test_round_trip_is_bit_identical(tmp_path, arguments):
    torch.manual_seed(0)
    model = create_model(**arguments, **SMALL, heads=3, kernels=(3,), temperature=0.5)
    model(torch.randn(4, 3, 32, 32))  # moves the statistics
    save_model(model, tmp_path / "sub" / "model.safetensors")
    again = create_model(checkpoint=tmp_path / "sub" / "model.safetensors")
    assert not again.training
    assert again.architecture == model.architecture
    images = torch.randn(2, 3, 32, 32)
    for left, right in zip(model.eval()(images), again(images), strict=True):
        assert (left is None and right is None) or torch.equal(left, right)
    assert [path.name for path in (tmp_path / "sub").iterdir()] == ["model.safetensors"]


def test_metadata_says_how_to_build_and_feed(saved):
    metadata = read_metadata(saved)
    assert metadata["method"] == "lgaf"
    assert metadata["epochs"] == 3
    assert set(metadata["architecture"]) == set(Architecture.model_fields)
    assert metadata["preprocessing"] == {
        "channels": "RGB",
        "scaling": "symmetric",
        "flip": True,
        "flip_fusion": "sum",
        "alignment": "arcface",
        "image_size": 32,
    }
    assert read_preprocessing(saved) == create_model(checkpoint=saved).preprocessing


@pytest.mark.parametrize("field", Preprocessing.model_fields)
def test_a_missing_preprocessing_field_is_an_error(saved, field):
    def drop(metadata):
        del metadata["preprocessing"][field]
        return metadata

    rewrite(saved, drop)
    with pytest.raises(DataError, match=f"'preprocessing' lacks '{field}'"):
        create_model(checkpoint=saved)


@pytest.mark.parametrize("field", Architecture.model_fields)
def test_a_missing_architecture_field_is_an_error_though_it_has_a_default(saved, field):
    def drop(metadata):
        del metadata["architecture"][field]
        return metadata

    rewrite(saved, drop)
    with pytest.raises(DataError, match=f"'architecture' lacks '{field}'"):
        create_model(checkpoint=saved)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: {}, "lacks 'architecture'"),
        (lambda m: {**m, "preprocessing": "RGB"}, "lacks 'preprocessing'"),
        (lambda m: {**m, "preprocessing": {**m["preprocessing"], "channels": "GBR"}}, "channels: 'GBR'"),
        (lambda m: {**m, "architecture": {**m["architecture"], "heads": -1}}, "heads: -1"),
        (lambda m: {**m, "architecture": {**m["architecture"], "heads": 5}}, "weight 'mhms.heads.0.mix.weight' is"),
        (lambda m: {**m, "architecture": {**m["architecture"], "name": "plain"}}, "its own architecture wants nothing"),
    ],
)
def test_metadata_that_does_not_fit_is_named(saved, change, message):
    rewrite(saved, change)
    with pytest.raises(DataError, match=message):
        create_model(checkpoint=saved)


def test_a_weight_of_another_shape_or_none_says_both(tmp_path):
    save_model(create_model("plain", **SMALL), tmp_path / "model")
    weights = load_file(tmp_path / "model")
    text = {METADATA: json.dumps(read_metadata(tmp_path / "model"))}
    name = "gfe.project.linear.bias"
    save_file({**weights, name: torch.zeros(17)}, tmp_path / "other", text)
    save_file({key: weight for key, weight in weights.items() if key != name}, tmp_path / "less", text)
    save_file({**weights, "more": torch.zeros(2, 3)}, tmp_path / "more", text)
    for file, said in {
        "other": f"'{name}' is (17,), its own architecture wants (16,); train again",
        "less": f"'{name}' is missing, its own architecture wants (16,); train again",
        "more": "'more' is (2, 3), its own architecture wants nothing; train again",
    }.items():
        with pytest.raises(DataError) as error:
            create_model(checkpoint=tmp_path / file)
        assert str(error.value) == f"{tmp_path / file}: weight {said}"


def test_files_that_are_no_checkpoint(tmp_path, saved):
    with pytest.raises(DataError, match="no such checkpoint"):
        create_model(checkpoint=tmp_path / "none.safetensors")
    whole = saved.read_bytes()
    for name, content in {"cut": whole[: len(whole) // 2], "empty": b"", "pickle": b"\x80\x04K\x01."}.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DataError, match=f"{name}: not a whole safetensors file"):
            create_model(checkpoint=tmp_path / name)


def test_the_longest_metadata_is_read(saved):
    rewrite(saved, lambda facts: {**facts, "more": "x" * (LARGEST - len(json.dumps({**facts, "more": ""})))})
    assert len(read_metadata(saved)["more"]) > LARGEST / 2


@pytest.mark.parametrize("text", ["{", "", "[]", "[" * 100_000, '{"a": "' + "x" * LARGEST + '"}'])
def test_metadata_that_is_not_ours(saved, text):
    save_file(load_file(saved), saved, {METADATA: text})
    with pytest.raises(DataError, match=r"metadata is not ours \([^\n]{1,200}\); this is no checkpoint of ours"):
        read_metadata(saved)


def test_a_file_without_metadata_is_not_ours(saved):
    save_file(load_file(saved), saved)
    with pytest.raises(DataError, match="metadata is not ours"):
        read_metadata(saved)


def test_equal_facts_give_equal_bytes(tmp_path):
    model = create_model("plain", **SMALL)
    save_model(model, tmp_path / "one", {"a": 1, "b": 2})
    save_model(model, tmp_path / "two", {"b": 2, "a": 1})
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


@pytest.mark.parametrize("channels", ["RGB", "BGR"])
@pytest.mark.parametrize("scaling", ["symmetric", "unit"])
def test_preprocessing_is_its_formula(channels, scaling):
    make = Preprocessing(
        channels=channels, scaling=scaling, flip=False, flip_fusion="none", alignment="arcface", image_size=2
    )
    pixels = torch.randint(0, 256, (3, 2, 2, 3), dtype=torch.uint8)
    made = make(pixels)
    assert made.shape == (3, 3, 2, 2)
    for at in [(0, 0, 1, 0), (2, 1, 0, 1), (1, 0, 0, 2)]:
        image, row, column, channel = at
        value = pixels[at].item() / 255
        if scaling == "symmetric":
            value = (value - 0.5) / 0.5
        place = channel if channels == "RGB" else 2 - channel
        assert made[image, place, row, column].item() == pytest.approx(value, abs=1e-6)


def test_flip_and_its_fusion_agree():
    fields = {"channels": "RGB", "scaling": "unit", "alignment": "arcface", "image_size": 112}
    for flip, fusion in ((True, "none"), (False, "sum")):
        with pytest.raises(ValueError, match="flip_fusion"):
            Preprocessing(flip=flip, flip_fusion=fusion, **fields)


@pytest.mark.parametrize("wrong", [{"alignment": ""}, {"image_size": 0}])
def test_preprocessing_without_an_alignment_is_refused(wrong):
    fields = {"channels": "RGB", "scaling": "unit", "flip": False, "flip_fusion": "none"}
    Preprocessing(**fields, alignment="x", image_size=1)
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Preprocessing(**fields, **{"alignment": "arcface", "image_size": 112, **wrong})


def test_an_unknown_backbone_in_a_checkpoint_is_named(saved):
    rewrite(saved, lambda m: {**m, "architecture": {**m["architecture"], "backbone": "nothing"}})
    with pytest.raises(SettingsError, match="'nothing' is unknown to timm"):
        create_model(checkpoint=saved)
