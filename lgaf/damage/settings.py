"""How large the damage laboratory is."""

from __future__ import annotations

from pydantic import Field

from lgaf.strict import Strict


class DamageSettings(Strict):
    """How many faces are damaged, and in how many steps. Each is damaged in every kind at every level."""

    enabled: bool = True
    """Whether there is a laboratory; without one its stages do nothing and the report does not mention it."""

    people: int = Field(120, ge=5, le=100_000)
    """People whose faces are damaged, drawn from all with two clean faces; fewer where there are fewer."""

    images: int = Field(2, ge=1, le=1000)
    """Faces of each of them; fewer of those who have fewer. They are compared with the clean faces of everybody."""

    levels: int = Field(5, ge=2, le=20)
    """Steps from the mildest to the worst damage of a kind."""
