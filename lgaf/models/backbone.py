"""Any network of timm as feature maps."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

import timm
import torch
from torch import Tensor, nn

import lgaf.models.iresnet  # noqa: F401  registers the IResNets with timm
from lgaf.errors import SettingsError


class Backbone(nn.Module):
    """Feature maps of a timm network: (B, 3, S, S) to one (B, C, h, w) a stage asked for.

    Patch tokens of a transformer become a map again (timm does that); networks that put channels last are turned.

    Args:
        name: what ``timm.create_model`` takes; random weights.
        image_size: S.
        stages: which maps, each counted from the last, -1, in rising order.

    Raises:
        SettingsError: timm does not know the name, or the network gives no feature map at this size.
    """

    def __init__(self, name: str, image_size: int, stages: tuple[int, ...] = (-1,)):
        super().__init__()
        if not timm.is_model(name):
            near = get_close_matches(name, timm.list_models(), 3)
            hint = f"; did you mean {', '.join(near)}?" if near else "; see timm.list_models()"
            raise SettingsError(f"backbone: {name!r} is unknown to timm{hint}")
        options: dict[str, Any] = {"features_only": True, "out_indices": stages}
        pretrained = timm.get_pretrained_cfg(name)
        if pretrained is not None and pretrained.fixed_input_size:
            options["img_size"] = image_size
        self.channels_last = False
        try:
            self.network = timm.create_model(name, **options).eval()
            self.channels_last = getattr(self.network, "output_fmt", None) == "NHWC"
            with torch.no_grad():
                shapes = [it.shape for it in self(torch.zeros(1, 3, image_size, image_size))]
        except Exception as error:  # timm's networks refuse in many ways: all mean that this one cannot serve
            reason = " ".join(str(error).split()) or type(error).__name__
            raise SettingsError(
                f"backbone: {name!r} gives no feature map for image_size {image_size} ({reason}); choose another"
            ) from error
        info: Any = self.network.feature_info
        for shape, channels in zip(shapes, info.channels(), strict=True):
            if len(shape) != 4 or shape[1] != channels:
                raise SettingsError(f"backbone: {name!r} gives {tuple(shape)}, no feature map of {channels} channels")
        self.network.train()
        self.map_shapes: list[tuple[int, int, int]] = [(shape[1], shape[2], shape[3]) for shape in shapes]
        """(C, h, w) of each map."""

    def forward(self, images: Tensor) -> list[Tensor]:
        """See the class."""
        maps = self.network(images)
        return [it.permute(0, 3, 1, 2) for it in maps] if self.channels_last else maps
