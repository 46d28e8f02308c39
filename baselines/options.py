"""What can be set on each head. The defaults are the values of the authors' own recipes. No torch here."""

from __future__ import annotations

from pydantic import Field, model_validator

from lgaf.errors import SettingsError
from lgaf.strict import Strict


class ArcFaceOptions(Strict):
    """ArcFace."""

    margin: float = Field(0.5, ge=0)
    """m, added to the angle, radians."""
    scale: float = Field(64.0, gt=0)
    """s, of all logits."""


class CosFaceOptions(Strict):
    """CosFace."""

    margin: float = Field(0.35, ge=0)
    """m, subtracted from the cosine (0.4 in arcface_torch's configurations)."""
    scale: float = Field(64.0, gt=0)
    """s, of all logits."""


class AdaFaceOptions(Strict):
    """AdaFace."""

    margin: float = Field(0.4, ge=0)
    """m, shared out between angle and cosine by the norm."""
    h: float = Field(0.333, gt=0)
    """Standard deviations of the norm to the unit of the margin scaler."""
    t_alpha: float = Field(0.01, gt=0, le=1)
    """Weight of the present batch in the running mean and deviation of the norm."""
    scale: float = Field(64.0, gt=0)
    """s, of all logits."""


class MagFaceOptions(Strict):
    """MagFace."""

    l_margin: float = Field(0.45, ge=0)
    """Margin at norm ``l_a``, radians."""
    u_margin: float = Field(0.8, ge=0)
    """Margin at norm ``u_a``, radians."""
    l_a: float = Field(10.0, gt=0)
    """Norms below count as this."""
    u_a: float = Field(110.0, gt=0)
    """Norms above count as this."""
    lambda_g: float = Field(35.0, ge=0)
    """Weight of the regulariser."""
    scale: float = Field(64.0, gt=0)
    """s, of all logits."""
    easy_margin: bool = True
    """Apply the margin only where the cosine is positive."""

    @model_validator(mode="after")
    def in_order(self) -> MagFaceOptions:
        """Upper ends lie above lower ones."""
        if self.l_a >= self.u_a:
            raise ValueError(f"l_a {self.l_a} must be below u_a {self.u_a}")
        if self.l_margin > self.u_margin:
            raise ValueError(f"l_margin {self.l_margin} must not be above u_margin {self.u_margin}")
        return self


HEADS: dict[str, type[Strict]] = {
    "arcface": ArcFaceOptions,
    "cosface": CosFaceOptions,
    "adaface": AdaFaceOptions,
    "magface": MagFaceOptions,
}
"""Name of a head -> its options."""


def head_options(name: str) -> type[Strict]:
    """The options of head ``name``.

    Raises:
        SettingsError: an unknown head.
    """
    if name not in HEADS:
        raise SettingsError(f"head {name!r} is unknown; allowed: {', '.join(HEADS)}")
    return HEADS[name]
