"""Stage ``damage``: aligned test faces to the damage laboratory's pack."""

from __future__ import annotations

from lgaf.damage.pack import make_pack
from lgaf.damage.settings import DamageSettings
from lgaf.paths import ALIGNED, DAMAGE
from lgaf.stages.inputs import read_settings
from lgaf.strict import Strict


class DamageRun(Strict):
    """What is damaged."""

    benchmarks: tuple[str, ...]
    """Whose clean faces; none where there is no laboratory."""
    seed: int
    damage: DamageSettings


def run() -> None:
    """Damage them; without a laboratory the pack is empty."""
    settings = read_settings("damage", DamageRun)
    packs = {name: ALIGNED / f"{name}.arrow" for name in settings.benchmarks}
    make_pack(packs, DAMAGE, settings.damage, settings.seed)
