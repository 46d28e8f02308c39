"""Stage ``embed_given``: every benchmark's faces and the damage laboratory's, by a network trained elsewhere; or what
was embedded or scored elsewhere, which has no laboratory."""

from __future__ import annotations

import shutil
from pathlib import Path

from lgaf.files import write_json
from lgaf.given.manifest import Manifest
from lgaf.imported.manifest import Imported
from lgaf.paths import ALIGNED, DAMAGE, EMBEDDINGS, GIVEN, MODELS
from lgaf.stages.inputs import read_settings
from lgaf.strict import Strict


class GivenRun(Strict):
    """What is embedded, and by which network, or what is brought."""

    benchmarks: tuple[str, ...]
    device: str
    flip: bool | None
    laboratory: bool
    """Whether there is a damage laboratory."""
    manifest: Manifest | Imported


def run(row: str) -> None:
    """Embed all benchmarks, and the damage laboratory, with the network of ``row``; or leave nothing of it."""
    settings = read_settings(f"given/{row}", GivenRun)
    folder = EMBEDDINGS / row / GIVEN
    try:
        if isinstance(settings.manifest, Imported):
            from lgaf.imported.bring import bring

            bring(row, settings.manifest, settings.benchmarks, folder)
        else:
            embed_faces(settings, settings.manifest, folder)
        write_json(MODELS / row / GIVEN / "manifest.json", settings.manifest.model_dump(mode="json"))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def embed_faces(settings: GivenRun, manifest: Manifest, folder: Path) -> None:
    """Write the embeddings of all packs to ``folder``."""
    from lgaf.device import choose_device  # here, since the stage `settings` loads this module and needs no network
    from lgaf.embed_packs import embed_packs
    from lgaf.given.network import Given

    device = choose_device(settings.device)
    packs = {ALIGNED / f"{name}.arrow": folder / f"{name}.arrow" for name in settings.benchmarks}
    laboratory = {DAMAGE: folder / DAMAGE.name} if settings.laboratory else {}
    embed_packs(Given(manifest, device), packs, laboratory, device, settings.flip)
