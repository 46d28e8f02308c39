"""Landmarks: IJB's list, and the files of CPLFW and CALFW."""

from contextlib import suppress
from pathlib import Path

import atheris
from harness import fuzz

from lgaf.errors import DataError

with atheris.instrument_imports():
    from lgaf.data.official import cplfw, ijb

FOLDER = Path(".cache/fuzz/landmarks-layout")
(FOLDER / "images").mkdir(parents=True, exist_ok=True)
(FOLDER / "landmarks").mkdir(exist_ok=True)


def read(path: Path) -> None:
    (FOLDER / "landmarks" / "A_1_5loc_attri.txt").write_bytes(path.read_bytes())
    with suppress(DataError):
        cplfw.given_points(FOLDER / "images", "A_1.jpg")
    ijb.read_list(path, ijb.LISTED)


POINTS = b"38.3 51.7 73.5 51.5 56.0 71.7 41.5 92.4 70.7 92.2"
fuzz(
    read, b"1.jpg " + POINTS + b" 0.99\n2.jpg " + POINTS + b" 1\n", b"38.3 51.7\n73.5 51.5\n56 71.7\n41.5 92\n70.7 92\n"
)
