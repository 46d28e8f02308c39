"""presets/ablations.yaml: each row is the default's LGAF with one thing changed, and each one trains."""

from pathlib import Path

import pytest
import torch

from lgaf.config import load_settings
from lgaf.damage.kinds import GROUPS
from lgaf.model_settings import FUSIONS
from lgaf.models import create_model
from lgaf.report.notes import SIGNIFICANT
from lgaf.train.loss import build_heads, training_loss

ROOT = Path(__file__).parents[2]
PRESET, DEFAULT = load_settings(ROOT / "presets" / "ablations.yaml"), load_settings(ROOT / "params.yaml")
PEOPLE, IMAGES = 5, 6


def flat(run):
    """All that decides a training, but for the row's name; a head is one thing with its options."""
    return {**run.model, "head": (run.head, run.head_options), "recipe": run.train,
            "branch_weight": run.branch_weight, "visibility_weight": run.visibility_weight}  # fmt: skip


def test_all_but_rows_seeds_and_resamples_is_the_default():
    differing = {"methods": True, "train": {"seeds"}, "evaluate": {"replicates"}}
    theirs, ours = (it.model_dump(exclude=differing) for it in (DEFAULT, PRESET))
    assert ours == theirs
    assert flat(PRESET.run("lgaf")) == flat(DEFAULT.run("lgaf"))
    assert len(PRESET.train.seeds) >= 3


def test_resamples_can_show_what_holm_lets_pass():
    tests = len(GROUPS) * (len(PRESET.methods) - 1)
    assert tests * 2 / (PRESET.evaluate.replicates + 1) < SIGNIFICANT


@pytest.mark.parametrize("row", [row for row in PRESET.methods if row != PRESET.reference])
def test_a_row_changes_one_thing(row):
    ours, theirs = flat(PRESET.run(row)), flat(PRESET.run("lgaf"))
    assert ours.keys() == theirs.keys()
    assert sum(ours[name] != theirs[name] for name in ours) == 1


def test_no_two_rows_are_the_same_and_none_is_missing():
    found = [flat(PRESET.run(row)) for row in PRESET.methods]
    assert all(one != other for place, one in enumerate(found) for other in found[:place])

    def values(name):
        return {run[name] for run in found}

    assert values("fusion") == set(FUSIONS)
    assert values("heads") == {1, 2, 4, 8}
    assert values("kernels") == {(1,), (3,), (1, 3, 5, 7)}
    assert values("local_stage") == {-2, -1}
    assert values("gates") == {True, False}
    assert values("visibility_weight") == {0, 0.5}
    assert values("branch_weight") == {0, 0.5, 1}
    assert len(values("temperature")) == 3
    assert {run["head"][0] for run in found} == {"arcface", "cosface", "adaface", "magface"}


@pytest.mark.parametrize("row", PRESET.methods)
def test_a_row_trains(row):
    """One step on noise: a finite loss, and a gradient for every weight."""
    run = PRESET.run(row)
    torch.manual_seed(0)
    model, heads = create_model(**run.model), build_heads(run, PEOPLE)
    side = run.model["image_size"]
    images, visible = torch.randn(IMAGES, 3, side, side), torch.rand(IMAGES, side, side) > 0.3
    loss = training_loss(model, heads, images, visible, torch.arange(IMAGES) % PEOPLE, run, torch.float32)
    assert torch.isfinite(loss)
    loss.backward()
    weights = dict(model.named_parameters()) | dict(heads.named_parameters())
    assert [name for name, weight in weights.items() if weight.grad is None or not weight.grad.isfinite().all()] == []
