"""Stage ``basis``: the head basis of the generated world."""

from __future__ import annotations

from lgaf.paths import BASIS
from lgaf.strict import Strict
from lgaf.world.basis import build_basis


class BasisRun(Strict):
    """Nothing of it can be set."""


def run() -> None:
    """Build it."""
    build_basis(BASIS)
