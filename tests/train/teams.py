"""Teams of processes on this machine, and what is done in them: functions that a spawned process can import."""

import copy
import os
import signal
import sys
import time
from itertools import product
from unittest.mock import patch

import torch
from small_runs import SEED, SIZE, SOURCES, make_run

import lgaf.train.loop as loop
import lgaf.train.step as training_step
from baselines import create_head, heads
from lgaf.errors import LgafError
from lgaf.processes.launch import launch
from lgaf.processes.team import ALONE
from lgaf.train.optim import build_optimiser
from lgaf.train.parts import in_parts
from lgaf.train.sampled import Centres
from lgaf.train.sharded import bounds, clip_heads, margin_loss, shard

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


def make_twins():
    """A run, its network in float64 with batch norm and dropout as in evaluation, and a copy."""
    run = make_run()
    torch.manual_seed(7)
    model = loop.create_model(**run.model).double().eval()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm1d):
            module.running_var /= 50  # so that norms differ as they do in training
    return run, model, copy.deepcopy(model)


def compare_parts(name, options, run, model, copied, network, team=ALONE):
    """A step with ``network``, the copy that takes this process's share in parts, against one of all at once."""
    run = run.model_copy(update={"head": name, "head_options": {"scale": 64.0, **options}})
    torch.manual_seed(len(name))
    whole = training_step.build_heads(run, CLASSES).double()
    torch.manual_seed(len(name))
    shared = training_step.build_heads(run, CLASSES, team).double()
    batch = (
        torch.randn(ROWS, 3, SIZE, SIZE, dtype=torch.float64),
        torch.rand(ROWS, SIZE, SIZE) > 0.3,
        torch.randint(CLASSES, (ROWS,)),
    )
    mine = slice(team.rank * ROWS // team.size, (team.rank + 1) * ROWS // team.size)
    held = slice(*bounds(CLASSES, team.size, team.rank))
    losses = []
    for net, heads_, rows in ((model, whole, slice(None)), (network, shared, mine)):
        net.zero_grad()
        torch.manual_seed(1)
        losses.append(training_step.training_loss(net, heads_, *(values[rows] for values in batch), run, torch.float32))
        losses[-1].backward()
    assert_near(team.sum(losses[1].detach()) / team.size, losses[0])  # the visibility's is of each share
    largest = torch.cat([weight.grad.flatten() for weight in model.parameters()])
    for part, weight in zip(copied.parameters(), model.parameters(), strict=True):
        assert_near(part.grad, weight.grad, largest)
    assert_near(shared[0].weight.grad, whole[0].weight.grad[held], whole[0].weight.grad)
    for part, value in zip(shared.buffers(), whole.buffers(), strict=True):
        assert_near(part, value)


MANY, RATE = 60, 0.6
"""Classes, and a share of them that no batch's own exceed on a shard."""


def compare_samples(team):
    """Every head, sharded and sampled, against one of the drawn classes alone; what is not drawn stays."""
    for name, options in VARIANTS:
        torch.manual_seed(7)
        part = create_head(name, DIM, MANY, **options).double()
        every = part.weight.detach().clone()
        shard(part, team)
        recipe = make_run(lr=0.1, weight_decay=0.01).train
        optimiser = build_optimiser(torch.nn.Identity(), part, recipe)
        centres = Centres(torch.nn.ModuleList([part]), optimiser, RATE, SEED)
        mine = slice(team.rank * ROWS // team.size, (team.rank + 1) * ROWS // team.size)
        held = slice(part.shards.start, part.shards.stop)
        momentum = torch.zeros_like(every)
        whole = create_head(name, DIM, MANY, **options).double()
        for step in range(3):
            labels, rows = torch.randint(MANY, (ROWS,)), 20 * torch.randn(ROWS, DIM, dtype=torch.float64)
            before = part.weight.detach().clone()
            centres.draw(labels[mine], step)
            samples = team.gather(part.shards.sample)
            assert len(samples.unique(dim=0)) == team.size  # each shard's own draw
            drawn = team.gather(part.shards.sample + part.shards.start).flatten()
            assert len(drawn) == RATE * MANY

            torch.manual_seed(step)
            whole.weight = torch.nn.Parameter(every[drawn])
            expected = margin_loss(whole, rows, (labels.unsqueeze(1) == drawn).int().argmax(dim=1))
            expected.backward()
            torch.manual_seed(step)
            loss = margin_loss(part, rows[mine], labels[mine])
            loss.backward()
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
            centres.put_back()

            assert_near(loss, expected)
            momentum[drawn] = 0.9 * momentum[drawn] + whole.weight.grad + 0.01 * every[drawn]
            every[drawn] -= 0.1 * momentum[drawn]
            assert_near(part.weight, every[held])
            still = torch.ones(MANY, dtype=torch.bool).index_fill(0, drawn, False)
            assert torch.equal(part.weight[still[held]], before[still[held]])
            for key, value in whole.named_buffers():
                assert_near(dict(part.named_buffers())[key], value)


def compare_steps(team):
    """Steps in parts, and with samples, in one team, since processes take seconds to start."""
    run, model, copied = make_twins()
    network = team.distributed(in_parts(copied, 3))
    for name, options in VARIANTS:
        compare_parts(name, options, run, model, copied, network, team)
    compare_samples(team)


def frozen_model(**arguments):
    """A network whose batch norm and dropout are as in evaluation, so that its rows do not meddle with each other.

    It has no kinks either: at one of them rounding decides which slope a value takes.
    """
    model = create(**arguments).eval()
    for module in list(model.modules()):
        for name, child in module.named_children():
            if isinstance(child, torch.nn.ReLU | torch.nn.PReLU):
                setattr(module, name, torch.nn.SiLU())
    model.train = lambda mode=True: model
    return model


create = loop.create_model


def train_frozen(pack, out, state, run, stop_after, team=ALONE):
    """A training without batch statistics; SIGTERM comes to its last process in step ``stop_after``."""
    with patch.object(loop, "create_model", frozen_model):
        train_stopped(pack, out, state, run, stop_after, team)


def train_stopped(pack, out, state, run, stop_after, team=ALONE):
    """A training to whose last process SIGTERM comes in step ``stop_after``."""

    def in_step(number):
        if number == stop_after and team.rank == team.size - 1:
            os.kill(os.getpid(), signal.SIGTERM)

    train_watched(pack, out, state, run, in_step, team)


def train_watched(pack, out, state, run, in_step, team=ALONE):
    """A training that calls ``in_step`` with the number of each step, from 1."""
    calls, plain = [], training_step.training_loss

    def counted(*arguments):
        calls.append(1)
        in_step(len(calls))
        return plain(*arguments)

    with patch.object(training_step, "training_loss", counted):
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
    except LgafError:
        sys.exit(1)


def in_team(size, function, *arguments, patience=40.0):
    launch(size, "cpu", function, *arguments, patience=patience)
