"""The loop on a miniature: eight people who differ by a tint, so that anything that learns at all tells them apart."""

import cv2
import numpy as np
import pytest
import torch

import lgaf.train.loop as loop
from lgaf.embed import embed_pack
from lgaf.errors import DataError, SettingsError, TrainingError
from lgaf.formats.pack import write_pack
from lgaf.models import create_model
from lgaf.models.checkpoint import read_metadata
from lgaf.train.dataset import FaceDataset, epoch_loader
from lgaf.train.settings import AugmentSettings, TrainingRun, TrainSettings

SIZE = 32
PEOPLE = 8


def write_people(path, people=PEOPLE, images=8, size=SIZE):
    rng = np.random.default_rng(0)
    with write_pack(path) as pack:
        for person in range(people):
            tint = np.random.default_rng(person).uniform(40, 215, 3)
            for number in range(images):
                pixels = np.clip(tint + rng.normal(0, 20, (size, size, 3)), 0, 255).astype(np.uint8)
                pack.add(f"{person}/{number}.png", cv2.imencode(".png", pixels)[1].tobytes(), person * 10)
    return path


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    return write_people(tmp_path_factory.mktemp("people") / "train.arrow")


def make_run(method="lgaf", head="arcface", options=None, **train):
    recipe = {"epochs": 3, "batch_size": 16, "lr": 0.05, "weight_decay": 1e-4, "precision": "float32", **train}
    model = {"backbone": "iresnet_mini", "embedding_dim": 16, "image_size": SIZE, "dropout": 0.1}
    model |= {"name": "lgaf", "fusion": "energy"} if method == "lgaf" else {"name": "plain"}
    return TrainingRun(
        method=method,
        model=model,
        head=head,
        head_options=options or {"margin": 0.1, "scale": 16.0},
        branch_weight=0.5,
        seed=3,
        device="cpu",
        train=TrainSettings(**recipe),
    )


def weights(path):
    return create_model(checkpoint=path / "model.safetensors").state_dict()


def assert_equal(left, right):
    assert left.keys() == right.keys()
    for name in left:
        assert torch.equal(left[name], right[name]), name


@pytest.mark.parametrize("head", ["arcface", "cosface", "adaface", "magface"])
def test_every_head_learns(pack, tmp_path, head):
    options = {"l_a": 2.0, "u_a": 12.0, "lambda_g": 1.0} if head == "magface" else {"margin": 0.1, "scale": 16.0}
    loop.train(pack, tmp_path / "out", tmp_path / "state", make_run("plain", head, options, epochs=5))
    model = create_model(checkpoint=tmp_path / "out" / "model.safetensors")
    dataset = FaceDataset(pack, SIZE, AugmentSettings(), 0)
    found = embed_pack(model, dataset.pack, torch.device("cpu"))
    unit = found.vectors / np.linalg.norm(found.vectors, axis=1, keepdims=True)
    cosine = unit @ unit.T
    same = found.labels[:, None] == found.labels[None]
    off_diagonal = ~np.eye(len(same), dtype=bool)
    assert cosine[same & off_diagonal].mean() > cosine[~same].mean() + 0.3
    assert read_metadata(tmp_path / "out" / "model.safetensors")["method"] == "plain"
    rows = (tmp_path / "out/live/plots/metrics/loss.tsv").read_text().splitlines()
    losses = [float(row.split("\t")[-1]) for row in rows[1:]]
    assert len(losses) == 5
    assert losses[-1] < losses[0]
    assert not (tmp_path / "state").exists()


def test_a_killed_run_goes_on_to_the_same_weights(pack, tmp_path, monkeypatch):
    run = make_run()
    loop.train(pack, tmp_path / "whole", tmp_path / "state", run)

    saved = loop.save_state

    def killed_after_two(path, model, head, optimiser, epochs, what):
        saved(path, model, head, optimiser, epochs, what)
        if epochs == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(loop, "save_state", killed_after_two)
    with pytest.raises(KeyboardInterrupt):
        loop.train(pack, tmp_path / "broken", tmp_path / "state", run)
    assert not (tmp_path / "broken").exists()
    monkeypatch.setattr(loop, "save_state", saved)
    loop.train(pack, tmp_path / "broken", tmp_path / "state", run)
    assert_equal(weights(tmp_path / "whole"), weights(tmp_path / "broken"))
    curve = (tmp_path / "broken/live/plots/metrics/loss.tsv").read_text().splitlines()
    assert len(curve) == 1 + 3


@pytest.mark.parametrize("leftover", ["other settings", "garbage"])
def test_a_state_of_another_run_is_not_taken(pack, tmp_path, leftover):
    state = tmp_path / "state" / "state.safetensors"
    if leftover == "garbage":
        state.parent.mkdir()
        state.write_bytes(b"not a state")
    else:
        run = make_run(lr=0.01)
        model = create_model(**run.model)
        head = loop.build_heads(run, PEOPLE)
        optimiser = loop.build_optimiser(model, head, run.train)
        what = loop.fingerprint(run, FaceDataset(pack, SIZE, AugmentSettings(), 3))
        loop.save_state(state, model, head, optimiser, 2, what)
    loop.train(pack, tmp_path / "one", tmp_path / "state", make_run())
    loop.train(pack, tmp_path / "two", tmp_path / "fresh", make_run())
    assert_equal(weights(tmp_path / "one"), weights(tmp_path / "two"))


def test_going_on_elsewhere_is_the_same_run(pack):
    dataset = FaceDataset(pack, SIZE, AugmentSettings(), 3)
    here = make_run()
    there = here.model_copy(update={"device": "cuda", "train": here.train.model_copy(update={"workers": 4})})
    assert loop.fingerprint(here, dataset) == loop.fingerprint(there, dataset)
    assert loop.fingerprint(here, dataset) != loop.fingerprint(make_run(lr=0.01), dataset)


def test_seed_decides_and_workers_do_not(pack):
    def batches(seed, workers):
        dataset = FaceDataset(pack, SIZE, AugmentSettings(), seed)
        return list(epoch_loader(dataset, 1, 16, workers))

    one, again, parallel, other = batches(1, 0), batches(1, 0), batches(1, 2), batches(2, 0)
    for (x, y), (u, v), (p, q) in zip(one, again, parallel, strict=True):
        assert torch.equal(x, u)
        assert torch.equal(y, v)
        assert torch.equal(x, p)
        assert torch.equal(y, q)
    assert not torch.equal(one[0][0], other[0][0])


def test_pixels_become_minus_one_to_one():
    images = torch.tensor([[[[0, 127, 255]]]], dtype=torch.uint8)
    found = create_model(**make_run().model).preprocessing(images)
    assert found.shape == (1, 3, 1, 1)
    assert found.flatten().tolist() == pytest.approx([(x / 255 - 0.5) / 0.5 for x in (0, 127, 255)])


def test_the_loss_is_the_sum_of_its_parts(pack):
    run = make_run()
    torch.manual_seed(0)
    model = create_model(**run.model).eval()
    heads = loop.build_heads(run, PEOPLE)
    images, labels = torch.randn(6, 3, SIZE, SIZE), torch.arange(6)
    out = model(images)

    def alone(feature):
        logits = heads[0](feature, labels).logits
        return -(logits.exp() / logits.exp().sum(1, keepdim=True))[torch.arange(6), labels].log().mean()

    expected = alone(out.embedding) + 0.5 * alone(out.local) + 0.5 * alone(out.global_)
    assert loop.training_loss(model, heads, images, labels, run, torch.float32).item() == pytest.approx(
        expected.item(), rel=1e-5
    )


def test_branches_share_class_weights_but_no_statistics():
    run = make_run(head="adaface", options={"margin": 0.1, "scale": 16.0})
    heads = loop.build_heads(run, PEOPLE)
    assert len(list(heads.parameters())) == 1
    model = create_model(**run.model)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm1d):
            module.momentum = 0.5
    loop.training_loss(model, heads, torch.randn(6, 3, SIZE, SIZE), torch.arange(6), run, torch.float32)
    means = {float(head.norm_mean) for head in heads}
    assert len(means) == 3


def test_a_loss_that_is_not_finite_stops(pack, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "learning_rate", lambda *_: float("nan"))
    with pytest.raises(TrainingError, match=r"lgaf: the loss is nan in epoch 1, step 2.*lower train\.lr"):
        loop.train(pack, tmp_path / "out", tmp_path / "state", make_run())
    assert not (tmp_path / "out").exists()


def test_what_cannot_be_trained_on(pack, tmp_path):
    def attempt(path, run):
        loop.train(path, tmp_path / "out", tmp_path / "state", run)

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
