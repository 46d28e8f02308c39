"""A killed run goes on as the same run, and only as that."""

import os
import signal

import pytest
import torch
from safetensors import safe_open
from small_runs import PEOPLE, SOURCES, assert_equal, make_run, train, weights, write_people

import lgaf.train.loop as loop
import lgaf.train.step as training_step
from lgaf.errors import TrainingError
from lgaf.models import create_model
from lgaf.train.state import fingerprint, save_state
from lgaf.train.trained import Progress, Trained


def test_equal_trainings_give_equal_bytes(pack, tmp_path):
    for out in ("one", "two"):
        train(pack, tmp_path / out, tmp_path / "state", make_run(epochs=2))
    one, two = ((tmp_path / out / "model.safetensors").read_bytes() for out in ("one", "two"))
    assert one == two
    train(pack, tmp_path / "other", tmp_path / "state", make_run(epochs=2), seed=4)
    assert not torch.equal(weights(tmp_path / "one")["gfe.project.linear.weight"],
                           weights(tmp_path / "other")["gfe.project.linear.weight"])  # fmt: skip


@pytest.mark.parametrize("moment", ["after the state", "between state and log"])
def test_a_killed_run_goes_on_to_the_same_weights(pack, tmp_path, monkeypatch, capsys, moment):
    run = make_run()
    train(pack, tmp_path / "whole", tmp_path / "state", run)

    name = "save_state" if moment == "after the state" else "log"
    saved, calls = getattr(loop, name), []

    def killed_at_two(*arguments):
        calls.append(arguments)
        if len(calls) == 2 and name == "log":
            raise KeyboardInterrupt
        saved(*arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(loop, name, killed_at_two)
    with pytest.raises(KeyboardInterrupt):
        train(pack, tmp_path / "broken", tmp_path / "state", run)
    assert not (tmp_path / "broken").exists()
    monkeypatch.setattr(loop, name, saved)
    train(pack, tmp_path / "broken", tmp_path / "state", run)
    assert "going on after epoch 2 of 3" in capsys.readouterr().out
    assert_equal(weights(tmp_path / "whole"), weights(tmp_path / "broken"))
    curves = [(tmp_path / out / "live/plots/metrics/loss.tsv").read_text().splitlines() for out in ("whole", "broken")]
    steps = [[line.split("\t")[-2:] for line in curve[1:]] for curve in curves]
    assert steps[0] == steps[1]


@pytest.mark.parametrize("leftover", ["settings", "seed", "sources", "data", "architecture", "garbage"])
def test_a_state_of_another_run_is_not_taken(pack, tmp_path, monkeypatch, capsys, leftover):
    """Killed after two epochs of another run; this one starts anew, says so, and comes to what it should."""
    state, run = tmp_path / "state", make_run()
    other = {
        "settings": {"run": make_run(lr=0.01)},
        "seed": {"seed": 4},
        "sources": {"sources": {"lgaf/train/loop.py": "2"}},
        "data": {"pack": write_people(tmp_path / "more.arrow", images=9)},
        "architecture": {"run": make_run(row="plain")},
        "garbage": {},
    }[leftover]

    def killed(*arguments):
        saved(*arguments)
        if len(arguments[2].history) == 2:
            raise KeyboardInterrupt

    saved = loop.save_state
    monkeypatch.setattr(loop, "save_state", killed)
    with pytest.raises(KeyboardInterrupt):
        train(**{"pack": pack, "out": tmp_path / "one", "state": state, "run": run, **other})
    monkeypatch.setattr(loop, "save_state", saved)
    if leftover == "garbage":
        for path in state.glob("states/*/*.safetensors"):
            path.write_bytes(b"not a state")
    capsys.readouterr()
    train(pack, tmp_path / "one", state, run)
    assert ("to start anew" if leftover == "garbage" else "starting anew") in capsys.readouterr().out
    train(pack, tmp_path / "two", tmp_path / "fresh", run)
    assert_equal(weights(tmp_path / "one"), weights(tmp_path / "two"))


@pytest.mark.parametrize("broken", ["rank-00000.safetensors", "state.json", "a byte"])
def test_a_broken_state_falls_back_to_the_one_before(pack, tmp_path, monkeypatch, capsys, broken):
    run, state = make_run(epochs=2, checkpoint_steps=1), tmp_path / "state"
    train(pack, tmp_path / "whole", state, run)
    steps, plain = [], training_step.training_loss

    def killed_at_seven(*arguments):
        steps.append(1)
        if len(steps) == 7:
            raise KeyboardInterrupt
        return plain(*arguments)

    monkeypatch.setattr(training_step, "training_loss", killed_at_seven)
    with pytest.raises(KeyboardInterrupt):
        train(pack, tmp_path / "broken", state, run)
    monkeypatch.setattr(training_step, "training_loss", plain)
    before, last = sorted((state / "states").iterdir())
    assert (int(before.name), int(last.name)) == (5, 6)
    if broken == "a byte":
        path = last / "rank-00000.safetensors"
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.write_bytes(content)
    else:
        (last / broken).unlink()
    train(pack, tmp_path / "broken", state, run)
    out = capsys.readouterr().out
    assert f"{last}: not a whole state of training; deleted, for the one before" in out
    assert "lgaf: going on after epoch 1 of 2, step 1 of 4" in out
    assert_equal(weights(tmp_path / "whole"), weights(tmp_path / "broken"))


def test_sigterm_ends_between_two_steps(pack, tmp_path, monkeypatch):
    """A line, the state of that step, and the handler of before; the run then goes on to the same."""
    run, plain, steps, handler = make_run(epochs=2), training_step.training_loss, [], signal.getsignal(signal.SIGTERM)
    train(pack, tmp_path / "whole", tmp_path / "state", run)

    def stopped_at(*arguments):
        steps.append(1)
        if len(steps) in (2, 4):  # the second and, of the next run, the last of the epoch
            os.kill(os.getpid(), signal.SIGTERM)
        return plain(*arguments)

    monkeypatch.setattr(training_step, "training_loss", stopped_at)
    for step in (2, 4):
        with pytest.raises(
            TrainingError, match=f"^lgaf: stopped by SIGTERM after epoch 1, step {step}; the same comma"
        ):
            train(pack, tmp_path / "broken", tmp_path / "state", run)
        assert signal.getsignal(signal.SIGTERM) == handler
    train(pack, tmp_path / "broken", tmp_path / "state", run)
    assert len(steps) == 8
    assert_equal(weights(tmp_path / "whole"), weights(tmp_path / "broken"))


def test_going_on_elsewhere_is_the_same_run():
    here = make_run()
    other = {"workers": 4, "processes": 2, "checkpoint_steps": 7}
    there = here.model_copy(update={"device": "cuda", "train": here.train.model_copy(update=other)})
    assert fingerprint(here, 3, "faces", SOURCES) == fingerprint(there, 3, "faces", SOURCES)
    others = [(make_run(lr=0.01), 3, "faces", SOURCES), (here, 4, "faces", SOURCES), (here, 3, "other", SOURCES),
              (here, 3, "faces", {"lgaf/train/loop.py": "2"})]  # fmt: skip
    assert len({fingerprint(*other) for other in [(here, 3, "faces", SOURCES), *others]}) == 5


def test_the_state_holds_a_shared_weight_once(pack, tmp_path):
    run = make_run()
    model = create_model(**run.model)
    heads_ = training_step.build_heads(run, PEOPLE)
    optimiser = training_step.build_optimiser(model, heads_, run.train)
    save_state(tmp_path, Trained({"model": model, "heads": heads_}, optimiser), Progress([], "float32"), "x", 0)
    with safe_open(str(tmp_path / "000000000000" / "rank-00000.safetensors"), "pt") as file:
        names = list(file.keys())
    assert [name for name in names if name.startswith("heads/") and name.endswith("weight")] == ["heads/0.weight"]
    assert not any(name.startswith("heads/1.weight") for name in names)
