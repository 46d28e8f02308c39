"""The loop on a miniature: what it leaves, what its loss is, what it refuses."""

import itertools
import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from small_runs import PEOPLE, SEED, SIZE, make_run, train, write_people

import lgaf.train.loop as loop
import lgaf.train.step as training_step
from baselines import heads
from lgaf.embed import embed_pack
from lgaf.errors import DataError, SettingsError, TrainingError
from lgaf.models import create_model
from lgaf.models.checkpoint import read_metadata
from lgaf.train.dataset import FaceDataset
from lgaf.train.settings import AugmentSettings

OPTIONS = {"magface": {"l_a": 2.0, "u_a": 12.0, "lambda_g": 1.0}}


@pytest.mark.parametrize("head", heads())
def test_every_head_learns(pack, tmp_path, head):
    train(pack, tmp_path / "out", tmp_path / "state", make_run("plain", head, {"scale": 16.0, **OPTIONS.get(head, {})},
                                                              epochs=5))  # fmt: skip
    model = create_model(checkpoint=tmp_path / "out" / "model.safetensors")
    dataset = FaceDataset(pack, SIZE, AugmentSettings(), 0)
    found = embed_pack(model, dataset.pack, torch.device("cpu"))
    unit = found.vectors / np.linalg.norm(found.vectors, axis=1, keepdims=True)
    cosine = unit @ unit.T
    same = found.labels[:, None] == found.labels[None]
    off_diagonal = ~np.eye(len(same), dtype=bool)
    assert cosine[same & off_diagonal].mean() > cosine[~same].mean() + 0.3
    assert not (tmp_path / "state").exists()


def test_what_training_leaves(pack, tmp_path):
    train(pack, tmp_path / "out", tmp_path / "state", make_run())
    facts = json.loads((tmp_path / "out/training.json").read_text())
    model = create_model(checkpoint=tmp_path / "out/model.safetensors")
    assert facts["parameters"] == sum(weight.numel() for weight in model.parameters())
    assert (facts["row"], facts["seed"], facts["precision"], facts["device"]) == ("lgaf", SEED, "float32", "cpu")
    assert (facts["images"], facts["identities"], facts["epochs"]) == (64, PEOPLE, 3)
    assert [epoch["epoch"] for epoch in facts["history"]] == [1, 2, 3]
    assert facts["history"][-1]["loss"] < facts["history"][0]["loss"]
    kept = read_metadata(tmp_path / "out/model.safetensors")
    assert kept["head_options"] == {"margin": 0.1, "scale": 16.0}
    assert {name: kept[name] for name in ("row", "seed", "precision")} == {"row": "lgaf", "seed": SEED,
                                                                        "precision": "float32"}  # fmt: skip
    curve = (tmp_path / "out/live/plots/metrics/loss.tsv").read_text().splitlines()
    assert [float(line.split("\t")[-1]) for line in curve[1:]] == [epoch["loss"] for epoch in facts["history"]]


def test_history_by_hand(pack, tmp_path, monkeypatch):
    """Four steps an epoch, two seconds in all: an epoch's loss is the mean over its steps, its rate the last one."""
    losses, rates, clock = [], [], itertools.cycle([0.0, 2.0])
    plain, build = training_step.training_loss, training_step.build_optimiser

    def watched(*arguments):
        losses.append(plain(*arguments))
        return losses[-1]

    def hooked(*arguments):
        optimiser = build(*arguments)
        optimiser.register_step_pre_hook(lambda it, *_: rates.append({group["lr"] for group in it.param_groups}))
        return optimiser

    monkeypatch.setattr(training_step, "training_loss", watched)
    monkeypatch.setattr(training_step, "build_optimiser", hooked)
    monkeypatch.setattr(loop, "time", SimpleNamespace(perf_counter=lambda: next(clock)))
    train(pack, tmp_path / "out", tmp_path / "state", make_run(epochs=2, warmup_epochs=1))
    history = json.loads((tmp_path / "out/training.json").read_text())["history"]
    means = [np.mean([loss.item() for loss in losses[first : first + 4]]) for first in (0, 4)]
    assert [epoch["loss"] for epoch in history] == pytest.approx(means)
    by_hand = [0.05 * share for share in (0.25, 0.5, 0.75, 1)]
    by_hand += [0.025 * (1 + np.cos(np.pi * share)) for share in (0.25, 0.5, 0.75, 1)]
    assert [max(found) for found in rates] == pytest.approx(by_hand, abs=1e-12)
    assert {len(found) for found in rates} == {1}
    assert [epoch["learning_rate"] for epoch in history] == pytest.approx([by_hand[3], by_hand[7]], abs=1e-12)
    assert [epoch["images_per_second"] for epoch in history] == [4 * 16 / 2] * 2


def test_clipping_clips(pack, tmp_path, monkeypatch):
    """The gradient that the optimiser meets is no longer than said; null sets no limit."""
    lengths = {}
    for limit in (0.01, None):
        found = lengths.setdefault(limit, [])
        build = training_step.build_optimiser

        def watched(model, heads_, settings, found=found, build=build):
            optimiser = build(model, heads_, settings)
            optimiser.register_step_pre_hook(
                lambda *_: found.append(
                    [
                        torch.stack([p.grad.norm() for p in module.parameters() if p.grad is not None]).norm().item()
                        for module in (model, heads_)
                    ]
                )
            )
            return optimiser

        monkeypatch.setattr(training_step, "build_optimiser", watched)
        train(pack, tmp_path / "out", tmp_path / "state", make_run(epochs=1, warmup_epochs=0, clip_norm=limit))
        monkeypatch.setattr(training_step, "build_optimiser", build)
    assert np.array(lengths[0.01]).max() <= 0.01 * 1.0001
    assert np.array(lengths[None]).min() > 0.01


def test_pixels_become_minus_one_to_one():
    images = torch.tensor([[[[0, 127, 255]]]], dtype=torch.uint8)
    found = create_model(**make_run().model).preprocessing(images)
    assert found.shape == (1, 3, 1, 1)
    assert found.flatten().tolist() == pytest.approx([(x / 255 - 0.5) / 0.5 for x in (0, 127, 255)])


def test_the_loss_is_the_sum_of_its_parts(pack):
    run = make_run()
    torch.manual_seed(0)
    model = create_model(**run.model).eval()
    own = training_step.build_heads(run, PEOPLE)
    images, labels, visible = torch.randn(6, 3, SIZE, SIZE), torch.arange(6), torch.rand(6, SIZE, SIZE) > 0.3
    out = model(images)

    def alone(feature):
        logits = own[0](feature, labels).logits
        return -(logits.exp() / logits.exp().sum(1, keepdim=True))[torch.arange(6), labels].log().mean()

    seen, cells = torch.sigmoid(out.visibility), out.visibility.shape[1]
    share = visible.float().reshape(6, cells, SIZE // cells, cells, SIZE // cells).mean(dim=(2, 4))
    entropy = -(share * seen.log() + (1 - share) * (1 - seen).log()).mean()
    expected = alone(out.embedding) + 0.5 * alone(out.local) + 0.5 * alone(out.global_) + 0.25 * entropy
    assert training_step.training_loss(model, own, images, visible, labels, run, torch.float32).item() == pytest.approx(
        expected.item(), rel=1e-5
    )


def test_without_a_branch_loss_the_embedding_alone_has_a_head():
    run = make_run().model_copy(update={"branch_weight": 0.0, "visibility_weight": 0.0})
    (head,) = training_step.build_heads(run, PEOPLE)
    model = create_model(**run.model).eval()
    images, labels = torch.randn(6, 3, SIZE, SIZE), torch.arange(6)
    made = head(model(images).embedding, labels)
    expected = torch.nn.functional.cross_entropy(made.logits, labels)
    found = training_step.training_loss(model, [head], images, torch.ones(6, SIZE, SIZE), labels, run, torch.float32)
    assert torch.equal(found, expected)


def test_branches_share_class_weights_but_no_statistics():
    run = make_run(head="adaface", options={"margin": 0.1, "scale": 16.0})
    own = training_step.build_heads(run, PEOPLE)
    assert len(list(own.parameters())) == 1
    model = create_model(**run.model)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm1d):
            module.momentum = 0.5
    images = torch.randn(6, 3, SIZE, SIZE)
    training_step.training_loss(model, own, images, torch.ones(6, SIZE, SIZE), torch.arange(6), run, torch.float32)
    means = {float(head.norms.mean) for head in own}
    assert len(means) == 3


def test_a_loss_that_is_not_finite_stops(pack, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "learning_rate", lambda *_: float("nan"))
    with pytest.raises(TrainingError, match=r"lgaf: the loss is nan in epoch 1, step 2.*lower train\.lr"):
        train(pack, tmp_path / "out", tmp_path / "state", make_run())
    assert not (tmp_path / "out").exists()


def test_what_cannot_be_trained_on(pack, tmp_path):
    def attempt(path, run):
        train(path, tmp_path / "out", tmp_path / "state", run)

    with pytest.raises(DataError, match="no images"):
        attempt(write_people(tmp_path / "none.arrow", people=0), make_run())
    with pytest.raises(DataError, match="one identity"):
        attempt(write_people(tmp_path / "one.arrow", people=1), make_run())
    with pytest.raises(DataError, match="48x48, image_size is 32"):
        attempt(write_people(tmp_path / "big.arrow", size=48), make_run())
    with pytest.raises(TrainingError, match=r"64 images are fewer than train\.batch_size 100"):
        attempt(pack, make_run(batch_size=100))
    if not torch.cuda.is_available():
        with pytest.raises(SettingsError, match="sees no GPU"):
            attempt(pack, make_run().model_copy(update={"device": "cuda"}))
