"""Stage ``maps``: what each LGAF looks at, on faces of the damage laboratory."""

from __future__ import annotations

import shutil

from lgaf.paths import DAMAGE, MAPS, MODELS
from lgaf.stages.inputs import read_settings
from lgaf.strict import Strict


class MapsRun(Strict):
    """Whose maps are drawn."""

    rows: dict[str, str]
    """{row with a local branch: its name in print}; none where there is no laboratory."""
    seed: int
    """The training that is shown, the first."""


def run() -> None:
    """Draw a picture a row; without any the folder stays empty."""
    import numpy as np  # all here, since the stage `settings` loads this module and needs no network

    from lgaf.formats.pack import Pack
    from lgaf.maps.attention import attention_of
    from lgaf.maps.faces import sample_faces
    from lgaf.maps.picture import draw_maps
    from lgaf.models import create_model

    settings = read_settings("maps", MapsRun)
    shutil.rmtree(MAPS, ignore_errors=True)
    MAPS.mkdir(parents=True)
    if not settings.rows:
        return
    pack = Pack(DAMAGE)
    samples = sample_faces(pack)
    faces = np.stack([pack.image(sample.row) for sample in samples])
    for row, label in settings.rows.items():
        model = create_model(checkpoint=MODELS / row / str(settings.seed) / "model.safetensors")
        found = attention_of(model, faces)
        labels = [f"{it.title}\nlocal weight {weight:.2f}" for it, weight in zip(samples, found.weights, strict=True)]
        maps = {"visibility": found.visibility, **found.heads}
        draw_maps(MAPS / f"{row}.jpg", f"What {label} looks at", faces, labels, maps)
