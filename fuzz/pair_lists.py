"""Pair lists of LFW, CPLFW, CALFW, CFP and IJB: each input is read as every one of them."""

from contextlib import suppress
from pathlib import Path

import atheris
import pyarrow as pa
from harness import fuzz

from lgaf.errors import DataError

with atheris.instrument_imports():
    from lgaf.data.official import cfp, cplfw, ijb, lfw_lists

CFP = [f"{person:03d}/frontal/{number:02d}.jpg" for person in range(1, 4) for number in range(1, 5)]
READERS = (
    lfw_lists.read_pairs,
    lfw_lists.read_train,
    lambda path: cplfw.read_pairs(path, "cplfw"),
    cfp.read_list,
    lambda path: cfp.read_split(path, [f"Data/Images/{name}" for name in CFP], CFP, True, {}),
    lambda path: ijb.read_pairs(path, pa.chunked_array([[1, 2, 3]], pa.int32())),
    lambda path: ijb.read_list(path, ijb.GROUPED),
)


def read(path: Path) -> None:
    for reader in READERS:
        with suppress(DataError):
            reader(path)


fuzz(
    read,
    b"1 2\nA_B 1 2\nA_B\t1\t3\nA_B 1 C 2\nC 1 A_B 3\n",
    b"A_B\t1\nA_B\t2\n",
    b"A_B_1.jpg 1\r\nA_B_2.jpg 1\r\nA_B_1.jpg 0\r\nC_1.jpg 0\r\n",
    b"1 ../Data/Images/001/frontal/01.jpg\n2 ../Data/Images/001/profile/01.jpg\n",
    b"1,2\n3,1\n",
    b"1 2 1\n1 3 0\n",
    b"a.jpg 1 5\nb.jpg 2 6\n",
)
