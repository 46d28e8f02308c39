"""Six people of a small laboratory, and its pack."""

import cv2
import numpy as np
import pytest

from lgaf.align.warp import template
from lgaf.damage.pack import make_pack
from lgaf.damage.settings import DamageSettings
from lgaf.formats.pack import Pack, write_pack

SIZE, PEOPLE = 32, 6


@pytest.fixture(scope="session")
def laboratory(tmp_path_factory) -> Pack:
    folder, rng = tmp_path_factory.mktemp("laboratory"), np.random.default_rng(0)
    with write_pack(folder / "lfw.arrow") as out:
        for person in range(PEOPLE):
            for number in range(2):
                image = cv2.imencode(".png", rng.integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8))[1].tobytes()
                out.add(f"{person}_{number}", image, person, template(SIZE))
    make_pack({"lfw": folder / "lfw.arrow"}, folder / "damage.arrow", DamageSettings(people=5, images=1, levels=3), 0)
    return Pack(folder / "damage.arrow")
