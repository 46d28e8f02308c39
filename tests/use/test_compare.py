"""`lgaf compare`: what it says of two photos, which model it takes, and what it refuses."""

import json
import re

import cv2
import numpy as np
import pytest
import torch

from lgaf.align.find import Finder
from lgaf.align.settings import AlignSettings
from lgaf.align.warp import align
from lgaf.formats.embeddings import Embeddings, write_embeddings
from lgaf.formats.image import decode
from lgaf.formats.thresholds import TEMPLATES
from lgaf.models import create_model
from lgaf.use.threshold import Threshold
from lgaf.yaml import read_yaml


def by_hand(project):
    """Cosine, norms and attention of a.jpg and b.png, step by step."""
    model = create_model(checkpoint=project / "models/lgaf/0/model.safetensors")
    find = Finder(AlignSettings())
    crops = []
    for name in ("a.jpg", "b.png"):
        image = decode((project / name).read_bytes())
        crops.append(align(image, find(image).points, 32))
    images = (torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2).float() / 255 - 0.5) / 0.5
    with torch.inference_mode():
        out, mirrored = model(images), model(images.flip(3))
    left, right = (out.embedding + mirrored.embedding).double()
    return float(left @ right / left.norm() / right.norm()), out.embedding.norm(dim=1), out.attention


def test_what_is_said(project, thresholds, lgaf):
    similarity, norms, attention = by_hand(project)
    thresholds(0.1)
    count = 40
    rng = np.random.default_rng(0)
    known = np.float32(norms.mean()) + rng.normal(0, 1, count).astype(np.float32)
    write_embeddings(
        project / "embeddings/lgaf/0/lfw.arrow",
        Embeddings(list(map(str, range(count))), np.zeros(count, np.int32), np.ones((count, 2)), known, None, True, {}),
    )
    status, out, error = lgaf("compare", "a.jpg", "b.png", "--picture", "out.png")
    assert (status, error) == (0, [])
    assert f"similarity  {similarity:.3f} (cosine) by lgaf, seed 0 (models/lgaf/0/model.safetensors)" in out
    assert "decision    same person\n" in out
    assert "0.100 [0.080, 0.120] at FMR 0.001 on world/lfw (60,375 non-mated pairs); there FNMR is 12.5 %" in out
    for norm in norms.tolist():
        assert f"{norm:.2f}, above {100 * np.mean(known < norm):.0f} % of world/lfw" in out
    for name, weights in zip(("local", "global"), attention.T.tolist(), strict=True):
        assert re.search(rf"weight of the {name} feature *\| {weights[0]:.3f} *\| {weights[1]:.3f}", out)
    picture = cv2.imread("out.png")
    assert picture.shape == (522, 1168, 3)
    green = (picture == [115, 158, 0]).all(2)
    assert green[:, :584].any()
    assert green[:, 584:].any()


@pytest.mark.parametrize(
    ("above", "said"),
    [
        (-0.1, "same person\n"),
        (-0.01, "same person, but within the threshold's own interval\n"),
        (0.01, "different people, but within the threshold's own interval\n"),
        (0.1, "different people\n"),
    ],
)
def test_the_decision(project, thresholds, lgaf, above, said):
    thresholds(by_hand(project)[0] + above)
    _, out, _ = lgaf("compare", "a.jpg", "b.png")
    assert f"decision    {said}" in out


def test_at_the_threshold_they_are_two():
    """A pair is accepted above it, as the report counts."""
    point = Threshold(
        row="lgaf", seed=0, benchmark="lfw", over="all pairs", mated=1, nonmated=1, fmr=0.1, threshold=0.5,
        threshold_low=0.6, threshold_high=0.6, fnmr=0, fnmr_low=0, fnmr_high=0,
    )  # fmt: skip
    assert point.decide(0.5) == "different people"
    assert point.decide(np.nextafter(0.5, 1)) == "same person"


def test_which_threshold(project, thresholds, lgaf):
    path = thresholds(0.1)
    rows = json.loads(path.read_text())["rows"]
    more = [
        {**rows[0], "benchmark": "world/cfp_fp", "fmr": fmr, "threshold": at} for fmr, at in ((0.001, 0.3), (0.01, 0.2))
    ]
    path.write_text(json.dumps({"rows": [{**rows[0], "seed": 1, "threshold": 0.9}, *rows, *more]}))
    asked = {(): "0.100 [", ("--benchmark", "cfp_fp"): "0.300 [", ("--fmr", "0.01"): "0.200 [",
             ("--benchmark", "world/cfp_fp", "--fmr", "1e-2"): "0.200 ["}  # fmt: skip
    for options, expected in asked.items():
        assert f"threshold   {expected}" in lgaf("compare", "a.jpg", "b.png", *options)[1]
    of_sets = {**rows[0], "benchmark": "ijbc", "over": TEMPLATES, "threshold": 0.7}
    path.write_text(json.dumps({"rows": [of_sets, *rows, *more]}))
    assert "threshold   0.100 [" in lgaf("compare", "a.jpg", "b.png")[1], "two photos are no templates"
    assert "threshold   0.700 [" in lgaf("compare", "a.jpg", "b.png", "--benchmark", "ijbc")[1]
    path.write_text(json.dumps({"rows": [*rows, *more]}))
    status, _, error = lgaf("compare", "a.jpg", "b.png", "--fmr", "1e-6")
    assert status == 1
    assert error[0].endswith(
        "has no threshold for --fmr 1e-06 of row lgaf, seed 0; there are world/lfw at 0.001, world/cfp_fp at 0.001, "
        "world/cfp_fp at 0.01"
    )


def test_without_a_threshold_the_similarity_alone(project, thresholds, lgaf, checkpoint):
    said = lgaf("compare", "a.jpg", "b.png")[1]
    assert "decision    no threshold: results/thresholds.json is not there" in said
    assert "same person" not in said
    thresholds(0.1, row="arcface")
    assert (
        "decision    no threshold: results/thresholds.json has none of row lgaf, seed 0"
        in lgaf("compare", "a.jpg", "b.png")[1]
    )
    thresholds(0.1)
    for model in (checkpoint, checkpoint.parent):
        said = lgaf("compare", "a.jpg", "b.png", "--model", model)[1]
        assert "decision    no threshold: the model is none of this run's" in said
        assert f"by {model}\n" in said
    for model in ("lgaf", "models/lgaf/0", project / "models/lgaf/0/model.safetensors"):
        assert "decision    same person" in lgaf("compare", "a.jpg", "b.png", "--model", model)[1]


def test_a_checkpoint_needs_no_parameters(project, lgaf, checkpoint):
    (project / "params.yaml").unlink()
    assert lgaf("compare", "a.jpg", "b.png", "--model", checkpoint)[0] == 0
    status, _, error = lgaf("compare", "a.jpg", "b.png")
    assert (status, len(error)) == (1, 1)
    assert "params.yaml: no such file" in error[0]
    assert "there is no params.yaml here" in lgaf("compare", "a.jpg", "b.png", "--model", "lgaf")[2][0]
    assert (
        "other.yaml: no such file"
        in lgaf("--params", "other.yaml", "compare", "a.jpg", "b.png", "--model", checkpoint)[2][0]
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a.jpg", "none.jpg"], "none.jpg: no such file; name a photo"),
        (["a.jpg", "models"], "models: is a folder, not a file"),
        (["params.yaml", "a.jpg"], "params.yaml: not a readable image"),
        (["a.jpg", "nobody.png"], "nobody.png: no face of score 0.5 or more; see align.min_score"),
        (["a.jpg", "a.jpg", "--model", "arcface"], "no such checkpoint; `dvc repro train@arcface-0` trains it"),
        (["a.jpg", "a.jpg", "--model", "sphereface"], "sphereface: no such checkpoint; nor a row of params.yaml: "),
        (["a.jpg", "a.jpg", "--model", "a.jpg"], "a.jpg: no checkpoint of ours (.safetensors)"),
        (["a.jpg", "a.jpg", "--picture", "a.jpg/out.png"], "a.jpg/out.png: cannot be written"),
    ],
)  # fmt: skip
def test_what_is_refused(project, lgaf, arguments, said):
    before = sorted(project.rglob("*"))
    status, _, error = lgaf("compare", *arguments)
    assert (status, len(error)) == (1, 1)
    assert said in error[0]
    assert sorted(project.rglob("*")) == before


@pytest.mark.parametrize("options", [["--fmr", "0"], ["--fmr", "x"], ["--picture", "out.gif"]])
def test_options_out_of_range(project, lgaf, options):
    with pytest.raises(SystemExit):
        lgaf("compare", "a.jpg", "b.png", *options)


@pytest.mark.parametrize(
    "content", ["[]", "{", '{"rows": [{"row": "lgaf"}]}', '{"rows": 3}', '{"rows": [], "x": NaN}', "{}"]
)
def test_a_broken_file_of_thresholds(project, lgaf, content):
    (project / "results").mkdir()
    (project / "results/thresholds.json").write_text(content)
    status, _, error = lgaf("compare", "a.jpg", "b.png")
    assert status == 1
    assert "results/thresholds.json" in error[0]


@pytest.mark.parametrize("shape", [(1, 1), (1, 400), (40_000, 8)])
def test_odd_shapes_have_no_face(project, lgaf, save, shape):
    save(project / "odd.png", np.zeros((*shape, 3), np.uint8))
    status, _, error = lgaf("compare", "a.jpg", "odd.png")
    assert status == 1
    assert "odd.png: no face" in error[0]


def test_several_faces_and_the_rule(project, lgaf, save, face):
    """A small face in the centre beside a larger one: `nearest` takes the first, `largest` the other."""
    wide = np.full((500, 900, 3), 128, np.uint8)
    small = cv2.resize(face, (160, 160), interpolation=cv2.INTER_AREA)
    wide[170:330, 370:530] = small
    wide[250:500, 600:850] = face
    save(project / "two.png", wide)
    params = project / "params.yaml"
    settings = read_yaml(params)
    boxes = []
    for rule in ("nearest", "largest"):
        settings["align"] = {"detect_size": 512, "face": rule}
        params.write_text(json.dumps(settings))  # JSON is YAML
        found = re.search(r"(\d+)x(\d+) at \((\d+), (\d+)\), one of 2", lgaf("compare", "a.jpg", "two.png")[1])
        boxes.append([int(each) for each in found.groups()])
    assert 370 <= boxes[0][2] < 530
    assert boxes[1][2] >= 600
