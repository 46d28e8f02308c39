"""Stage ``embed_given``: every benchmark's faces and the damage laboratory's, by a network trained elsewhere; or what
was embedded or scored elsewhere, which has no laboratory."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from lgaf.files import write_json
from lgaf.given.manifest import Manifest
from lgaf.imported.manifest import Imported
from lgaf.paths import EMBEDDINGS, GIVEN, MODELS
from lgaf.stages.embed_faces import EmbedRun, embed_faces
from lgaf.stages.inputs import read_settings

if TYPE_CHECKING:
    from lgaf.processes.team import Team


class GivenRun(EmbedRun):
    """What is embedded, and by which network, or what is brought."""

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
            from lgaf.processes.launch import launch  # here, since `settings` loads this module and needs no torch

            launch(settings.processes, settings.device, embed_row, settings, folder)
        write_json(MODELS / row / GIVEN / "manifest.json", settings.manifest.model_dump(mode="json"))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def embed_row(settings: GivenRun, folder: Path, team: Team) -> None:
    """This process's part of what a network embeds."""
    from lgaf.given.network import Given

    assert isinstance(settings.manifest, Manifest)
    embed_faces(Given(settings.manifest, team.device(settings.device)), folder, settings, team)
