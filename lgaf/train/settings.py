"""The ``train`` block of params.yaml. A method's own ``train`` block overrides any of it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from lgaf.strict import Strict


class AugmentSettings(Strict):
    """Probability of each augmentation of a training image; the last three are AdaFace's."""

    flip: float = Field(0.5, ge=0, le=1)
    """Mirror left and right."""
    low_resolution: float = Field(0.2, ge=0, le=1)
    """Shrink to 0.2 to 1 of the size and enlarge again, each with a random interpolation."""
    crop: float = Field(0.2, ge=0, le=1)
    """Keep a random rectangle of 0.2 to 1 of the area in its place; the rest turns black."""
    photometric: float = Field(0.2, ge=0, le=1)
    """Change brightness, contrast and saturation by up to half each."""


class TrainSettings(Strict):
    """How a network is trained."""

    seed: int | None = Field(None, ge=0)
    """Of initial weights, data order and augmentation; null: the seed of everything else. Another one trains again on
    the same faces, which shows the luck of training."""
    epochs: int = Field(ge=1)
    """Passes over the training images."""
    batch_size: int = Field(ge=2)
    """Images a step; the last, smaller batch of an epoch is left out (batch norm needs full ones)."""
    optimiser: Literal["sgd", "adamw"] = "sgd"
    """SGD with momentum, the field's habit, or AdamW."""
    lr: float = Field(gt=0)
    """Peak learning rate."""
    momentum: float = Field(0.9, ge=0, lt=1)
    """SGD's momentum; AdamW's first beta."""
    weight_decay: float = Field(ge=0)
    """On weights of two or more dimensions and the class weights; biases and batch norm have none."""
    schedule: Literal["cosine", "step", "polynomial"] = "cosine"
    """Cosine to zero; a division by ten at each milestone; or the square of the share of training that is left, as
    arcface_torch has it."""
    milestones: tuple[int, ...] = ()
    """Epochs after which ``step`` divides the rate by ten."""
    warmup_epochs: float = Field(0.0, ge=0)
    """Epochs of linear growth from zero to ``lr``."""
    precision: Literal["float32", "bfloat16", "auto"] = "auto"
    """Autocast of the network (heads always run in float32); ``auto`` times both and takes the faster."""
    clip_norm: float = Field(5.0, gt=0)
    """Largest norm of the gradient of the network and of that of the head."""
    workers: int = Field(0, ge=0)
    """Processes that decode and augment; 0 does it in the training process."""
    augment: AugmentSettings = AugmentSettings()
    """What is done to training images."""

    @model_validator(mode="after")
    def milestones_in_order(self) -> TrainSettings:
        """Milestones rise, and the warm-up ends before training does."""
        if self.schedule == "step" and list(self.milestones) != sorted(set(self.milestones)):
            raise ValueError(f"milestones {self.milestones} must rise")
        if self.warmup_epochs >= self.epochs:
            raise ValueError(f"warmup_epochs {self.warmup_epochs} must be below epochs {self.epochs}")
        return self


class TrainingRun(Strict):
    """All that decides what one method's training gives; made from params.yaml by :mod:`lgaf.config`."""

    method: str
    model: dict[str, Any]
    """Arguments of :func:`lgaf.models.create_model`, ``name`` among them."""
    head: str
    head_options: dict[str, Any]
    """Arguments of :func:`baselines.create_head` beside the sizes."""
    branch_weight: float
    """Weight of the margin loss on each branch alone (LGAF only)."""
    seed: int
    device: str
    train: TrainSettings
