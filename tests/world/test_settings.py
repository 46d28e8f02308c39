"""Sizes of the world: ranges, unknown keys, pairs that the images can give."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from lgaf.world.settings import WorldSettings


@pytest.mark.parametrize(
    ("changed", "named"),
    [({"frame": 249}, "frame"), ({"train_people": 1}, "train_people"), ({"frames": 300}, "frames"),
     ({"pairs": 2000}, "give at most"), ({"pairs": float("nan")}, "pairs"), ({"distractors": -1}, "distractors")],
)  # fmt: skip
def test_what_cannot_be_is_refused_by_name(changed: dict[str, float], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        WorldSettings(**changed)  # type: ignore[arg-type]
