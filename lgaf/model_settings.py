"""What can be set on a network. Apart from :mod:`lgaf.models`, so that reading params.yaml does not load torch."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field, field_validator, model_validator

from lgaf.strict import Strict

Fusion = Literal["quality", "energy", "sum", "concat", "gate", "local", "global"]
EmbeddingDim = Annotated[int, Field(ge=2, le=8192)]
"""D, length of an embedding."""
Kernel = Annotated[int, Field(ge=1, le=31)]
FUSIONS: tuple[str, ...] = get_args(Fusion)
"""Ways to join local and global features, see :mod:`lgaf.models.fusion`."""


class LocalBranch(Strict):
    """MHMS and LGF, the parts that LGAF has and a plain network has not. The defaults are ours, not the paper's."""

    heads: int = Field(4, ge=1, le=64)
    """H, attention heads of the local branch."""
    kernels: tuple[Kernel, ...] = Field((1, 3, 5, 7), min_length=1, max_length=64)
    """Sides of the heads' spatial kernels, odd; head i has number i modulo their count."""
    reduction: int = Field(16, ge=1, le=1024)
    """Divides the channels inside each gate; LS-CNN's value."""
    gates: bool = True
    """Whether the heads gate places and channels; without, only what is covered is silenced."""
    local_stage: int = Field(-2, ge=-4, le=-1)
    """Map that the local branch reads, counted from the last, -1: an earlier one is finer."""
    temperature: float = Field(2.5, gt=0, le=1000)
    """Temperature of the two weights: small sends an image to one branch, large shares evenly."""

    @field_validator("kernels")
    @classmethod
    def odd(cls, kernels: tuple[int, ...]) -> tuple[int, ...]:
        """An even kernel would shift the map."""
        if any(kernel % 2 == 0 for kernel in kernels):
            raise ValueError("every kernel must be odd")
        return kernels


class Architecture(LocalBranch):
    """The arguments of :func:`lgaf.models.create_model`; a checkpoint carries all of them."""

    name: Literal["lgaf", "plain"]
    """``plain`` is the backbone and GFE; it has no fusion and no local branch and does not look at their settings."""
    backbone: str = "iresnet50"
    """Any convolutional or patch network that timm knows."""
    fusion: Fusion = "quality"
    """One of :data:`FUSIONS`."""
    embedding_dim: EmbeddingDim = 512
    """D, length of an embedding."""
    image_size: int = Field(112, ge=32, le=448)
    """Side of the input in pixels."""
    dropout: float = Field(0.0, ge=0, lt=1)
    """Before the linear layer of GFE and MHMS; AdaFace's recipe has 0.4."""

    @model_validator(mode="after")
    def halves(self) -> Architecture:
        """Concatenation gives each branch half of the embedding."""
        if self.name == "lgaf" and self.fusion == "concat" and self.embedding_dim % 2:
            raise ValueError(f"fusion concat needs an even embedding_dim, not {self.embedding_dim}")
        return self
