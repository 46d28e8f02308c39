"""Training that starts from a checkpoint: what is taken, what stays, at which rate, and what is refused."""

import json
import math

import pytest
import torch
from small_runs import SIZE, assert_equal, make_run, train, weights
from teams import in_team
from torch import nn

import lgaf.train.loop as loop
import lgaf.train.step as training_step
from lgaf.errors import DataError, SettingsError
from lgaf.files import sha256_of
from lgaf.models import create_model
from lgaf.models.checkpoint import read_metadata, save_model
from lgaf.train.optim import build_optimiser
from lgaf.train.settings import StartFrom
from lgaf.train.start import begun, check_start, freeze, hashed
from lgaf.train.state import fingerprint

SMALL = {"backbone": "iresnet_mini", "embedding_dim": 16, "image_size": SIZE}
FROZEN = ("conv1", "bn1", "layer1")


def fresh(name="lgaf", **options):
    """A network with weights and statistics of its own, unlike any other's."""
    model = create_model(name, **{**SMALL, **options}).train()
    for _ in range(2):
        model(torch.randn(8, 3, model.preprocessing.image_size, model.preprocessing.image_size))
    return model


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Checkpoints of a plain network and of an LGAF."""
    folder = tmp_path_factory.mktemp("checkpoints")
    torch.manual_seed(9)
    for name in ("plain", "lgaf"):
        save_model(fresh(name), folder / f"{name}.safetensors")
    return folder


def start(files, name="lgaf", **options):
    return StartFrom(checkpoint=str(files / f"{name}.safetensors"), **options)


def backbone_of(state):
    return {name: value for name, value in state.items() if name.startswith("backbone.")}


@pytest.mark.parametrize("name", ["plain", "lgaf"])
def test_whole_takes_every_weight_and_statistic(files, name):
    model = begun(create_model(name, **SMALL), start(files, name))
    assert_equal(model.state_dict(), create_model(checkpoint=files / f"{name}.safetensors").state_dict())


def test_the_backbone_alone(files):
    """Of a plain network into an LGAF, whose branches stay as they were drawn."""
    torch.manual_seed(4)
    model = begun(create_model("lgaf", **SMALL), start(files, "plain", take="backbone"))
    torch.manual_seed(4)
    drawn = create_model("lgaf", **SMALL).state_dict()
    there = create_model(checkpoint=files / "plain.safetensors").state_dict()
    assert backbone_of(there)
    assert_equal(model.state_dict(), {**drawn, **backbone_of(there)})


def test_stages_that_a_network_has_not_are_left(files):
    model = begun(create_model("lgaf", **SMALL, fusion="local"), start(files, "plain", take="backbone"))
    there = backbone_of(create_model(checkpoint=files / "plain.safetensors").state_dict())
    own = backbone_of(model.state_dict())
    assert_equal(own, {name: value for name, value in there.items() if ".layer3." not in name})
    assert len(own) < len(there)


def test_training_begins_there(files, pack, tmp_path, monkeypatch):
    """The weights in the first step, and what is said of them at the end; class weights are drawn."""
    seen, plain = [], training_step.training_loss

    def watched(model, heads, *arguments):
        if not seen:
            seen.append({name: value.clone() for name, value in model.state_dict().items()})
        return plain(model, heads, *arguments)

    monkeypatch.setattr(training_step, "training_loss", watched)
    run = hashed(make_run(start_from=start(files, lr_factor=0.5), epochs=1))
    train(pack, tmp_path / "out", tmp_path / "state", run)
    assert_equal(seen[0], create_model(checkpoint=files / "lgaf.safetensors").state_dict())
    expected = {"file": "lgaf.safetensors", "format": None, "sha256": sha256_of(files / "lgaf.safetensors"),
                "take": "whole", "freeze": [], "lr_factor": 0.5}  # fmt: skip
    assert json.loads((tmp_path / "out/training.json").read_text())["started_from"] == expected
    assert read_metadata(tmp_path / "out")["started_from"] == expected


def test_without_a_checkpoint_nothing_is_said_of_one(pack, tmp_path):
    train(pack, tmp_path / "out", tmp_path / "state", make_run(epochs=1))
    assert "started_from" not in json.loads((tmp_path / "out/training.json").read_text())
    assert "started_from" not in read_metadata(tmp_path / "out")


def assert_frozen(before, after):
    """What is of FROZEN is the same to the bit, and all other weights and statistics moved, but for biases that batch
    norm takes away again: their gradient is rounding."""
    still = tuple(f"backbone.network.{name}." for name in FROZEN)
    assert any(name.startswith(still) and name.endswith("running_mean") for name in before)
    for name, value in before.items():
        if name.endswith("project.linear.bias"):
            torch.testing.assert_close(after[name], value, rtol=0, atol=1e-6)
        else:
            assert torch.equal(value, after[name]) == name.startswith(still), name


@pytest.mark.parametrize("name", ["plain", "lgaf"])
def test_what_is_frozen_stays_and_all_else_moves(files, pack, tmp_path, name):
    run = make_run(row=name, start_from=start(files, name, freeze=FROZEN), epochs=2)
    train(pack, tmp_path / "out", tmp_path / "state", run)
    assert_frozen(create_model(checkpoint=files / f"{name}.safetensors").state_dict(), weights(tmp_path / "out"))


def test_frozen_in_several_processes(files, pack, tmp_path):
    run = make_run(start_from=start(files, freeze=FROZEN), epochs=1)
    in_team(2, loop.train, pack, tmp_path / "out", tmp_path / "state", run, 3, {})
    assert_frozen(create_model(checkpoint=files / "lgaf.safetensors").state_dict(), weights(tmp_path / "out"))


def test_a_module_by_its_name_in_the_network(files):
    model = create_model("lgaf", **SMALL)
    (part,) = freeze(model, start(files, freeze=("gfe.project",)))
    assert part is model.gfe.project
    assert {name for name, p in model.named_parameters() if not p.requires_grad} == {
        "gfe.project.linear.weight",
        "gfe.project.linear.bias",
    }


def test_one_step_of_sgd_by_hand(files):
    """The backbone moves by a tenth of the rate, all else by the rate; weight decay, where it is, at the same rates."""
    model = begun(create_model("lgaf", **SMALL), start(files))
    head = nn.Linear(16, 5, bias=False)
    recipe = make_run(start_from=start(files, lr_factor=0.1), lr=0.2, weight_decay=0.01).train
    optimiser = build_optimiser(model, head, recipe)
    for group in optimiser.param_groups:
        group["lr"] = 0.2 * group["factor"]
    named = {**dict(model.named_parameters()), "head": head.weight}
    before = {name: value.detach().clone() for name, value in named.items()}
    for value in named.values():
        value.grad = torch.randn_like(value)
    optimiser.step()
    for name, value in named.items():
        rate = 0.02 if name.startswith("backbone.") else 0.2
        decayed = value.grad + (0.01 * before[name] if value.ndim > 1 else 0)
        torch.testing.assert_close(value.detach(), before[name] - rate * decayed, rtol=0, atol=1e-6)


def test_the_factor_holds_through_the_schedule_and_after_a_kill(files, pack, tmp_path, monkeypatch):
    """Killed in mid-epoch; the run goes on to the very weights of one that never was, at the same two rates."""
    run = hashed(make_run(start_from=start(files, freeze=("conv1",), lr_factor=0.1), epochs=2, checkpoint_steps=1))
    rates, build, plain, steps = [], training_step.build_optimiser, training_step.training_loss, []

    def hooked(*arguments):
        optimiser = build(*arguments)
        optimiser.register_step_pre_hook(lambda it, *_: rates.append([group["lr"] for group in it.param_groups]))
        return optimiser

    monkeypatch.setattr(training_step, "build_optimiser", hooked)
    train(pack, tmp_path / "whole", tmp_path / "state", run)
    unbroken = rates.copy()
    by_hand = [0.025 * (1 + math.cos(math.pi * step / 8)) for step in range(1, 9)]
    assert [rest for rest, *_ in unbroken] == pytest.approx(by_hand, abs=1e-12)
    for rest, rest_too, slow, slow_too in unbroken:
        assert rest == rest_too
        assert slow == slow_too == pytest.approx(rest / 10, abs=1e-12)

    def killed_at_seven(*arguments):
        steps.append(1)
        if len(steps) == 7:
            raise KeyboardInterrupt
        return plain(*arguments)

    rates.clear()
    monkeypatch.setattr(training_step, "training_loss", killed_at_seven)
    with pytest.raises(KeyboardInterrupt):
        train(pack, tmp_path / "broken", tmp_path / "state", run)
    train(pack, tmp_path / "broken", tmp_path / "state", run)
    assert rates == unbroken
    assert_equal(weights(tmp_path / "whole"), weights(tmp_path / "broken"))


def test_another_file_is_another_training(files, tmp_path):
    """Also under the same name; and where the hash is said, another file is refused."""
    path = tmp_path / "model.safetensors"
    runs = []
    for _ in range(2):
        save_model(fresh(), path)
        runs.append(hashed(make_run(start_from=StartFrom(checkpoint=str(path)))))
    assert fingerprint(runs[0], 3, "faces", {}) != fingerprint(runs[1], 3, "faces", {})
    assert runs[1].train.start_from.sha256 == sha256_of(path)
    check_start(runs[1])
    with pytest.raises(DataError, match=rf"sha256 is {sha256_of(path)}, {runs[0].train.start_from.sha256} is expected"):
        check_start(runs[0])


@pytest.mark.parametrize(
    ("options", "model", "said"),
    [
        ({}, {"embedding_dim": 8}, r"weight 'gfe\.project\.linear\.bias' is \(16,\), the row's iresnet_mini \(plain\) "
                                   r"wants \(8,\); set backbone, embedding_dim"),
        ({}, {"backbone": "iresnet_small"}, r"weight 'backbone\.network\.layer1\.1\.bn1\.bias' is missing, the row's "
                                            r"iresnet_small \(plain\) wants \(32,\); .* take: backbone"),
        ({}, {"image_size": 64}, "its network takes 32x32 pixels, image_size is 64; set it to 32"),
        ({}, {"name": "lgaf"}, r"weight 'lgf\..*' is missing, the row's iresnet_mini \(lgaf\) wants .*take: backbone"),
        ({"take": "backbone"}, {"backbone": "iresnet_mini_wide"},
         r"weight 'backbone\.network\.bn1\.bias' is \(32,\), the row's iresnet_mini_wide wants \(40,\); set backbone"),
        ({"freeze": ("layer9",)}, {}, r"^freeze: 'layer9' is no module of iresnet_mini \(conv1, bn1, prelu, layer1, "
                                      r"layer2, layer3\) nor of the network \(backbone, gfe\)$"),
        ({"freeze": ("backbone", "gfe")}, {}, "^freeze: nothing of the network is left to train; freeze less$"),
        ({"checkpoint": "nowhere.safetensors"}, {}, r"^nowhere\.safetensors: no such file; put the checkpoint there"),
        ({"checkpoint": "."}, {}, "is a folder, not a file"),
        ({"checkpoint": __file__}, {}, r"no model\.safetensors of ours; say whose format it is: arcface_torch"),
        ({"format": "adaface"}, {}, r"no weight's name begins with model\.; name its true format"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said_in_a_line(files, options, model, said):
    run = make_run(row="plain", start_from=StartFrom(**{"checkpoint": str(files / "plain.safetensors"), **options}))
    run = run.model_copy(update={"model": {**run.model, **model}})
    with pytest.raises((DataError, SettingsError), match=said) as caught:
        check_start(run)
    assert "\n" not in str(caught.value)
    if "checkpoint" not in options and "freeze" not in options:
        assert str(caught.value).startswith(f"{files / 'plain.safetensors'}: ")
