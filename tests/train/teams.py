"""Teams of processes on this machine, and what is done in them: functions that a spawned process can import."""

import copy
import os
import signal
import sys
import time
from itertools import product
from unittest.mock import patch

import torch
from small_runs import SEED, SOURCES

import lgaf.train.loop as loop
from baselines import create_head, heads
from lgaf.errors import TrainingError
from lgaf.train.launch import launch
from lgaf.train.sharded import clip_heads, margin_loss, shard
from lgaf.train.team import ALONE

ROWS, CLASSES, DIM = 12, 7, 16
VARIANTS = [
    *((name, {}) for name in heads()),
    ("elasticface", {"plus": True}),
    ("magface", {"l_a": 2.0, "u_a": 12.0, "easy_margin": False}),
    ("funface", {"t_alpha": 0.5, "mixing_factor": 0.7}),
    ("curricularface", {"t_alpha": 1.0}),
    ("adaface", {"t_alpha": 0.5}),
]


def assert_near(found, expected, among=None):
    """Equal to a hundred-thousandth, in float64 a thousand-millionth, of the largest value of ``among``."""
    share = 1e-5 if expected.dtype == torch.float32 else 1e-9
    largest = (expected if among is None else among).abs().max().item()
    torch.testing.assert_close(found, expected, rtol=share, atol=share * largest)


def compare_heads(team):
    """Every head, sharded over the team, against the one that holds all classes: two steps of both."""
    for (name, options), kind in product(VARIANTS, (torch.float32, torch.float64)):
        torch.manual_seed(7)
        whole = create_head(name, DIM, CLASSES, **options).to(kind)
        part = copy.deepcopy(whole)
        shard(part, team)
        mine = slice(team.rank * ROWS // team.size, (team.rank + 1) * ROWS // team.size)
        held = slice(part.shards.start, part.shards.stop)
        for step in range(2):
            torch.manual_seed(step)
            labels = torch.randint(CLASSES, (ROWS,))
            # near their classes, so that hard negatives, clipped angles and both signs of a cosine occur
            rows = whole.weight.detach()[labels] + torch.randn(ROWS, DIM, dtype=kind) / 4
            rows *= 20 * torch.rand(ROWS, 1) + 1
            rows[:2] *= -1
            every, own = rows.clone().requires_grad_(), rows[mine].clone().requires_grad_()

            torch.manual_seed(step)
            expected = margin_loss(whole, every, labels)
            expected.backward()
            torch.manual_seed(step + 100 * team.rank)  # what is drawn is rank 0's
            loss = margin_loss(part, own, labels[mine])
            loss.backward()

            assert_near(loss, expected)
            assert_near(own.grad / team.size, every.grad[mine], every.grad)
            assert_near(part.weight.grad, whole.weight.grad[held], whole.weight.grad)
            for key, value in whole.named_buffers():
                assert_near(dict(part.named_buffers())[key], value)
            for head in (whole, part):  # clipped, so that it must be by the norm of all shards
                clip_heads(torch.nn.ModuleList([head]), 0.5, team if head is part else ALONE)
                head.weight.data -= head.weight.grad
                head.weight.grad = None
            assert_near(part.weight, whole.weight[held])


def frozen_model(**arguments):
    """A network whose batch norm and dropout are as in evaluation, so that its rows do not meddle with each other."""
    model = create(**arguments).eval()
    model.train = lambda mode=True: model
    return model


create = loop.create_model


def train_frozen(pack, out, state, run, stop_after, team=ALONE):
    """A training without batch statistics; SIGTERM comes to its last process in step ``stop_after``."""

    def in_step(number):
        if number == stop_after and team.rank == team.size - 1:
            os.kill(os.getpid(), signal.SIGTERM)

    with patch.object(loop, "create_model", frozen_model):
        train_watched(pack, out, state, run, in_step, team)


def train_watched(pack, out, state, run, in_step, team=ALONE):
    """A training that calls ``in_step`` with the number of each step, from 1."""
    calls, plain = [], loop.training_loss

    def counted(*arguments):
        calls.append(1)
        in_step(len(calls))
        return plain(*arguments)

    with patch.object(loop, "training_loss", counted):
        loop.train(pack, out, state, run, SEED, SOURCES, team)


def train_hanging(pack, out, state, run, team):
    """A training whose rank 1 hangs in step 3."""
    train_watched(pack, out, state, run, lambda number: time.sleep(3600 * (number == 3 and team.rank == 1)), team)


def train_diverging(pack, out, state, run, team):
    """A training whose rate is no number on rank 1."""
    with patch.object(loop, "learning_rate", lambda *_: float("nan") if team.rank == 1 else 0.01):
        loop.train(pack, out, state, run, SEED, SOURCES, team)


def train_marked(pack, out, state, run, team=ALONE):
    """A training that leaves the numbers of its processes beside its state."""
    state.with_name(f"pid-{os.getpid()}").touch()
    loop.train(pack, out, state, run, SEED, SOURCES, team)


def launch_marked(size, *arguments):
    """:func:`train_marked` in a team, in a process that may be killed; 1 where an error is told."""
    try:
        launch(size, "cpu", train_marked, *arguments)
    except TrainingError:
        sys.exit(1)


def in_team(size, function, *arguments, patience=40.0):
    launch(size, "cpu", function, *arguments, patience=patience)
