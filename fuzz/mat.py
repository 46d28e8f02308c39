"""TinyFace's lists of names and identities, ``.mat``."""

from pathlib import Path

import atheris
import numpy as np
from harness import fuzz
from scipy.io import savemat

with atheris.instrument_imports():
    from lgaf.data.official.mat import read_id_list


def seed(compressed: bool) -> bytes:
    path = Path(".cache/fuzz/seed.mat")
    path.parent.mkdir(parents=True, exist_ok=True)
    names = np.array([["1_a.jpg"], ["2_b.jpg"]], object)
    savemat(path, {"ids": np.array([[1], [2]], np.uint16), "names": names}, do_compression=compressed)
    return path.read_bytes()


fuzz(lambda path: read_id_list(path, "ids", "names"), seed(False), seed(True))
