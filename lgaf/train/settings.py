"""The ``train`` block of params.yaml, and what a row's training is made of."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from lgaf.paths import in_project
from lgaf.strict import Seed, Strict


class AugmentSettings(Strict):
    """Probability of each augmentation of a training image, the same for every row; three are AdaFace's."""

    flip: float = Field(0.5, ge=0, le=1)
    """Mirror left and right."""
    cover: float = Field(0.0, ge=0, le=1)
    """Lay one or two rectangles or ellipses over 4 to 45 % of it."""
    warp: float = Field(0.0, ge=0, le=1)
    """Bend the layout by a smooth random field."""
    noise: float = Field(0.0, ge=0, le=1)
    """Add a sensor's noise."""
    low_resolution: float = Field(0.2, ge=0, le=1)
    """Shrink to 0.2 to 1 of the size and enlarge again, each with a random interpolation."""
    crop: float = Field(0.2, ge=0, le=1)
    """Keep a random rectangle of 0.2 to 1 of the area in its place; the rest turns black."""
    photometric: float = Field(0.2, ge=0, le=1)
    """Change brightness, contrast and saturation by up to half each."""


class StartFrom(Strict):
    """A checkpoint whose weights training starts from in place of random ones, and what of the network stays as it is.

    Class weights are never taken: other people are trained on.
    """

    checkpoint: Annotated[str, Field(min_length=1, max_length=1000)]
    """Its file: a whole path, or from the project's folder; below ``imported/``, DVC sees a change of it."""
    format: Literal["arcface_torch", "adaface", "magface", "cvlface"] | None = None
    """Null: one of ours, ``model.safetensors``; or as :func:`lgaf.models.create_model` reads those of others."""
    sha256: str | None = Field(None, pattern="^[0-9a-f]{64}$")
    """Of the file; null: that of the file which is there when the stage ``settings`` runs, which fills it in."""
    take: Literal["whole", "backbone"] = "whole"
    """All weights of the network, or those of its backbone alone, so that the rest starts from random ones."""
    freeze: tuple[Annotated[str, Field(min_length=1, max_length=200)], ...] = ()
    """Modules, of the backbone (``conv1``, ``layer1``) or of the network (``backbone``, ``gfe``), that stay as they
    are: weights and statistics do not move, and nothing is dropped out."""
    lr_factor: float = Field(1.0, gt=0, le=1)
    """What the learning rate is multiplied by in the backbone."""

    @property
    def path(self) -> Path:
        """Where the file is."""
        return in_project(Path(self.checkpoint))


class Recipe(Strict):
    """How a network is trained."""

    epochs: int = Field(ge=1, le=100_000)
    """Passes over the training images."""
    batch_size: int = Field(ge=2, le=1_000_000)
    """Images a step, of all processes together; the last, smaller batch of an epoch is left out (batch norm needs full
    ones)."""
    optimiser: Literal["sgd", "adamw"] = "sgd"
    """SGD with momentum, the field's habit, or AdamW."""
    lr: float = Field(gt=0, le=1000)
    """Peak learning rate."""
    momentum: float = Field(0.9, ge=0, lt=1)
    """SGD's momentum; AdamW's first beta."""
    weight_decay: float = Field(ge=0, le=1)
    """On weights of two or more dimensions and the class weights; biases and batch norm have none."""
    schedule: Literal["cosine", "step", "polynomial"] = "cosine"
    """Cosine to zero; a division by ten at each milestone; or the square of the share of training that is left, as
    arcface_torch has it."""
    milestones: tuple[int, ...] = ()
    """Epochs after which ``step`` divides the rate by ten."""
    warmup_epochs: float = Field(0.0, ge=0)
    """Epochs of linear growth from zero to ``lr``."""
    precision: Literal["float32", "bfloat16", "auto"] = "auto"
    """Autocast of the network (heads always run in float32); ``auto`` takes the faster on this machine,
    timed once a machine."""
    clip_norm: float | None = Field(5.0, gt=0)
    """Largest norm of the gradient of the network and of that of the head; null: no limit."""
    workers: int = Field(0, ge=0, le=256)
    """Processes that decode and augment; 0 does it in the training process."""
    augment: AugmentSettings = AugmentSettings()
    """What is done to training images."""
    start_from: StartFrom | None = None
    """What training starts from; null: random weights."""
    processes: int = Field(1, ge=1, le=1024)
    """Processes of a training on this machine, each with a GPU, its share of every batch and of the classes; at the top
    level also of embedding the test faces. Where torchrun or a scheduler has started the stage, theirs count."""
    accumulate: int = Field(1, ge=1, le=4096)
    """Parts that each process's share of a batch goes through the network in, one after the other, for want of memory;
    loss and step are the whole batch's, at one more forward pass. 1: all at once."""
    sample_rate: float = Field(1.0, gt=0, le=1)
    """Share of the classes that a step looks at: those of its batch, and others at random (Partial FC). 1: all."""
    sync_batch_norm: bool = False
    """Batch norm over the whole batch, not over each process's share of it; on GPUs."""
    checkpoint_steps: int | None = Field(None, ge=1)
    """Steps after which the state is written that a killed run goes on from; null: at each epoch's end only. It is then
    written too, and on SIGTERM."""

    @model_validator(mode="after")
    def milestones_in_order(self) -> Recipe:
        """Milestones rise, and the warm-up ends before training does."""
        if self.schedule == "step" and list(self.milestones) != sorted(set(self.milestones)):
            raise ValueError(f"milestones {self.milestones} must rise")
        if self.warmup_epochs >= self.epochs:
            raise ValueError(f"warmup_epochs {self.warmup_epochs} must be below epochs {self.epochs}")
        return self


class TrainSettings(Recipe):
    """The block of the top level: the recipe of every row that does not say otherwise, and how often it is trained."""

    seeds: tuple[Seed, ...] = Field(min_length=1, max_length=100)
    """Seeds of initial weights, data order and augmentation: one model of every row a seed, on the same faces. Two or
    more show the luck of training."""

    @field_validator("seeds")
    @classmethod
    def each_once(cls, seeds: tuple[int, ...]) -> tuple[int, ...]:
        """A seed that stands twice would count one model twice."""
        if len(set(seeds)) < len(seeds):
            raise ValueError("a seed stands twice")
        return seeds


class TrainingRun(Strict):
    """All that decides what the training of a row gives, but for the seed; made from params.yaml by lgaf/config.py."""

    row: str
    """The row's id."""
    model: dict[str, Any]
    """Arguments of :func:`lgaf.models.create_model`, ``name`` among them."""
    head: str
    """What :func:`baselines.create_head` takes."""
    head_options: dict[str, Any]
    """Every option of the head, its defaults filled in."""
    branch_weight: float
    """Weight of the margin loss on each branch alone (LGAF only)."""
    visibility_weight: float
    """Weight of the loss that teaches the local branch what augmentation covers (LGAF only)."""
    device: str
    train: Recipe
