"""What a network expects of its input, as data: wrong channels, scaling or alignment give silent nonsense."""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field, model_validator

from lgaf.strict import Strict


class Preprocessing(Strict):
    """Every field must be said; there are no defaults. Called, it turns pixels into the network's input."""

    channels: Literal["RGB", "BGR"]
    """Order in which the network takes them."""
    scaling: Literal["symmetric", "unit"]
    """``symmetric``: (x/255 - 0.5)/0.5, in [-1, 1]; ``unit``: x/255, in [0, 1]."""
    flip: bool
    """Whether a test image's mirror image is embedded too."""
    flip_fusion: Literal["sum", "none"]
    """``sum`` of the un-normalised features of image and mirror image, normalised after; ``none`` without flip."""
    alignment: str = Field(min_length=1)
    """Template that the five points are warped to; ``arcface`` is insightface's, scaled to ``image_size``."""
    image_size: int = Field(ge=1)
    """Side of the aligned face in pixels; part of the alignment."""

    @model_validator(mode="after")
    def fused_if_flipped(self) -> Preprocessing:
        """A mirror image without a fusion, or the reverse, means nothing."""
        if self.flip != (self.flip_fusion == "sum"):
            raise ValueError(f"flip {self.flip} does not go with flip_fusion {self.flip_fusion!r}")
        return self

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        """(B, S, S, 3) uint8 RGB to (B, 3, S, S) float32, channels_last in memory."""
        x = images.permute(0, 3, 1, 2)
        if self.channels == "BGR":
            x = x.flip(1)
        x = x.float()
        return x / 127.5 - 1 if self.scaling == "symmetric" else x / 255


def ours(image_size: int) -> Preprocessing:
    """What every network trained here expects."""
    return Preprocessing(
        channels="RGB", scaling="symmetric", flip=True, flip_fusion="sum", alignment="arcface", image_size=image_size
    )
