"""Eight people who differ by a tint, so that anything that learns at all tells them apart, and trainings on them."""

import cv2
import numpy as np
import torch

import lgaf.train.loop as loop
from lgaf.formats.pack import write_pack
from lgaf.models import create_model
from lgaf.train.settings import Recipe, TrainingRun

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


SEED = 3
SOURCES = {"lgaf/train/loop.py": "1"}


def train(pack, out, state, run, seed=SEED, sources=SOURCES):
    loop.train(pack, out, state, run, seed, sources)


def make_run(row="lgaf", head="arcface", options=None, **recipe):
    common = {"epochs": 3, "batch_size": 16, "lr": 0.05, "weight_decay": 1e-4, "precision": "float32"}
    model = {"backbone": "iresnet_mini", "embedding_dim": 16, "image_size": SIZE, "dropout": 0.1}
    model |= {"name": "lgaf", "fusion": "energy"} if row == "lgaf" else {"name": "plain"}
    return TrainingRun(
        row=row,
        model=model,
        head=head,
        head_options=options or {"margin": 0.1, "scale": 16.0},
        branch_weight=0.5,
        visibility_weight=0.25,
        device="cpu",
        train=Recipe(**{**common, **recipe}),
    )


def weights(path):
    return create_model(checkpoint=path / "model.safetensors").state_dict()


def assert_equal(left, right):
    assert left.keys() == right.keys()
    for name in left:
        assert torch.equal(left[name], right[name]), name
