"""What CVLface keeps beside a network's weights: ``config.json`` on Hugging Face, the same name in ``.yaml`` otherwise.

Its networks take RGB, and a setting there turns that about for a network that was trained on BGR (``models/base``).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from lgaf.errors import DataError
from lgaf.files import read_json
from lgaf.yaml import read_yaml

KPRPE = {
    "name": "KPRPE_shared",
    "rpe_on": "k",
    "shared_head": True,
    "mode": "ctx",
    "method": "product",
    "ratio": 1.9,
    "ctx_type": "rel_keypoint_splithead_unshared",
    "num_keypoints": 5,
}
"""Of the published KP-RPE, the one in :mod:`lgaf.models.kprpe`; another's weights may have the same shapes."""


def beside(path: Path) -> dict[str, Any]:
    """The settings beside a file of weights; empty where there are none."""
    if (config := path.with_suffix(".yaml")).is_file():
        return read_yaml(config)
    if (config := path.with_name("config.json")).is_file():
        values = read_json(config, "fetch it again")
        conf = values.get("conf") if isinstance(values, dict) else None
        if not isinstance(conf, dict):
            raise DataError(f"{config}: has no 'conf'; fetch CVLface's own, or take it away")
        return conf
    return {}


def channel_order(path: str | Path) -> Literal["RGB", "BGR"]:
    """The order of channels that the network takes; RGB where nothing beside it says otherwise.

    Raises:
        DataError: the settings beside the weights name another order or another KP-RPE than are known.
    """
    settings = beside(Path(path))
    rpe = settings.get("rpe_config") or KPRPE
    if rpe != KPRPE:
        differs = next(key for key in {**KPRPE, **rpe} if rpe.get(key) != KPRPE.get(key))
        raise DataError(
            f"{path}: the settings beside it give KP-RPE {differs} {rpe.get(differs)!r}, and only the published "
            f"{KPRPE.get(differs)!r} is known"
        )
    order = settings.get("color_space", "RGB")
    if order not in ("RGB", "BGR"):
        raise DataError(f"{path}: the settings beside it name color_space {order!r}; known are RGB and BGR")
    return order
