"""A training of several processes is that of one: loss, gradients, statistics, batches, weights."""

import json
from threading import Event

import pytest
import torch
from safetensors.torch import load_file
from small_runs import make_run, write_people
from teams import assert_near, compare_heads, compare_steps, in_team, train_frozen, train_stopped

from baselines import create_head
from lgaf.errors import SettingsError, TrainingError
from lgaf.processes.team import ALONE, Team
from lgaf.train.loop import go_on
from lgaf.train.parts import check_share
from lgaf.train.sharded import bounds, shard


@pytest.mark.parametrize("size", [2, 3])
def test_every_head_is_the_same_sharded(size):
    in_team(size, compare_heads)


def test_parts_and_samples_of_two_processes_are_those_of_one():
    in_team(2, compare_steps)


@pytest.mark.parametrize("size", [1, 2])
def test_a_stopped_training_in_parts_and_samples_goes_on_to_the_same_bits(tmp_path, size):
    """With batch norm, dropout and momentum; half of forty classes are looked at, a batch has eight at most."""
    pack = write_people(tmp_path / "train.arrow", people=40, images=1)
    run = make_run("lgaf", "adaface", {"scale": 16.0}, batch_size=8, epochs=2, accumulate=2, sample_rate=0.5)
    in_team(size, train_stopped, pack, tmp_path / "whole", tmp_path / "state", run, 0)
    with pytest.raises(TrainingError, match="stopped by SIGTERM after epoch 2, step 2"):
        in_team(size, train_stopped, pack, tmp_path / "broken", tmp_path / "state", run, 7)
    in_team(size, train_stopped, pack, tmp_path / "broken", tmp_path / "state", run, 0)
    whole, broken = (states_of(tmp_path / out) for out in ("whole", "broken"))
    for name, value in whole.items():
        assert torch.equal(value, broken[name]), name


@pytest.mark.parametrize("classes", range(1, 9))
@pytest.mark.parametrize("shards", range(1, 5))
def test_shards_share_classes_out_evenly(classes, shards):
    ranges = [bounds(classes, shards, index) for index in range(shards)]
    assert [number for start, stop in ranges for number in range(start, stop)] == list(range(classes))
    assert {stop - start for start, stop in ranges} <= {classes // shards, -(-classes // shards)}


def states_of(out):
    return load_file(out / "model.safetensors")


def test_a_training_of_several_is_that_of_one(pack, tmp_path):
    """Without batch statistics: same batches, same loss, same steps; also when it goes on with another number."""
    run = make_run("lgaf", "adaface", {"scale": 16.0}, batch_size=24, epochs=2)
    run = run.model_copy(update={"visibility_weight": 0.0})  # so that there are weights which nothing trains
    train_frozen(pack, tmp_path / "one", tmp_path / "state", run, 0)
    expected = states_of(tmp_path / "one")
    in_team(3, train_frozen, pack, tmp_path / "three", tmp_path / "state", run, 0)
    with pytest.raises(TrainingError, match="lgaf: stopped by SIGTERM after epoch 1, step 1; the same command goes on"):
        in_team(3, train_frozen, pack, tmp_path / "some", tmp_path / "state", run, 1)
    with pytest.raises(TrainingError, match="lgaf: stopped by SIGTERM after epoch 2, step 1"):
        in_team(2, train_frozen, pack, tmp_path / "some", tmp_path / "state", run, 2)
    train_frozen(pack, tmp_path / "some", tmp_path / "state", run, 0)
    for out in ("three", "some"):
        found = states_of(tmp_path / out)
        for name, value in expected.items():
            if value.is_floating_point():
                assert_near(found[name], value)
    loss, other = (json.loads((tmp_path / out / "training.json").read_text())["history"] for out in ("one", "three"))
    assert [epoch["loss"] for epoch in other] == pytest.approx([epoch["loss"] for epoch in loss], rel=1e-5)


def test_what_cannot_be_shared_out(pack, tmp_path):
    def attempt(**recipe):
        run = make_run(batch_size=16, **recipe)
        go_on(pack, tmp_path / "out", tmp_path / "state", run, 0, {}, Team(0, 3), Event())

    with pytest.raises(TrainingError, match=r"^train\.batch_size: 16 images cannot be shared evenly by 3 processes$"):
        attempt()
    with pytest.raises(TrainingError, match=r"^train\.batch_size: 6 .* evenly by 3 processes in 4 parts$"):
        check_share(make_run(batch_size=6, accumulate=4).train, Team(0, 3))
    with pytest.raises(
        TrainingError, match=r"^train\.batch_size: 16 images shared by 1 process in 16 parts are one at"
    ):
        check_share(make_run(accumulate=16).train, ALONE)
    with pytest.raises(SettingsError, match=r"^train\.sync_batch_norm: torch has it on GPUs only"):
        Team(0, 2).synchronised(torch.nn.BatchNorm1d(2), torch.device("cpu"))
    with pytest.raises(TrainingError, match=r"^2 identities cannot be shared out over 3 processes; use fewer$"):
        shard(create_head("arcface", 4, 2), Team(0, 3))
    head = create_head("arcface", 4, 5)
    head.register_parameter("offset", torch.nn.Parameter(torch.zeros(1)))
    with pytest.raises(TrainingError, match=r"^head ArcFace: 'offset' is kept beside the class weights"):
        shard(head, Team(0, 3))
    head = create_head("arcface", 4, 5)
    head.register_buffer("seen", torch.zeros(5))
    with pytest.raises(TrainingError, match=r"^head ArcFace: 'seen' is kept beside.*train\.sample_rate to 1\.0$"):
        shard(head, ALONE)
