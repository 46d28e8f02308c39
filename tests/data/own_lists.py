"""Photos of four people, and lists of them."""

import csv
import io
from pathlib import Path

from lgaf.data.own.read import read_own
from lgaf.data.settings import OwnBenchmark

ROOT = Path(__file__).parents[2]
PEOPLE = ("ann", "bob", "cid", "Ünal, Dr")
NAMES = [f"{person}/{number}.jpg" for person in PEOPLE for number in (1, 2, 3)]


def person(name):
    return name.partition("/")[0]


GALLERY = "image,identity\nann/1.jpg,ann\nbob/1.jpg,bob\ncid/1.jpg,cid\n"
PROBES = "image,identity,condition\nann/2.jpg,ann,near\nbob/2.jpg,bob,far\nbob/3.jpg,bob,near\n"
HEAD = "left,right,same\n"
GOOD = "ann/1.jpg,ann/2.jpg,1\nbob/1.jpg,bob/2.jpg,1\nann/1.jpg,bob/1.jpg,0\nann/2.jpg,bob/2.jpg,0\n"
KNOWN = "left,right,same,identity_left,identity_right"


def read(folder, **lists):
    """The benchmark of lists, {key: text or bytes}."""
    for key, text in lists.items():
        (folder / f"{key}.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_own("door", OwnBenchmark(folder=folder, **{key: f"{key}.csv" for key in lists}))


def text_of(columns, rows, separator=","):
    sink = io.StringIO()
    csv.writer(sink, delimiter=separator).writerows([columns, *rows])
    return sink.getvalue()
