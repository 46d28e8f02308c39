"""RecordIO: an input is the ``.idx``, a zero byte, and the ``.rec``."""

import tempfile
from pathlib import Path

import atheris
from harness import fuzz

with atheris.instrument_imports():
    from lgaf.data.recordio import read_recordio
    from lgaf.export import export_recordio
    from lgaf.formats.pack import write_pack


def read(path: Path) -> None:
    idx, _, rec = path.read_bytes().partition(b"\0")
    path.with_suffix(".idx").write_bytes(idx)
    path.with_suffix(".rec").write_bytes(rec)
    records = read_recordio(path.with_suffix(".rec"))
    assert len(list(records)) == len(records.labels)


def seed(count: int) -> bytes:
    image = b"BM" + bytes(16) + b"\1\0\0\0\1\0\0\0" + b"\x0a\x23\xd7\xce" * 2  # a header, and magic words
    with tempfile.TemporaryDirectory() as folder:
        with write_pack(Path(folder) / "a.arrow") as pack:
            for index in range(count):
                pack.add("", image[: len(image) - 4 * (index % 3)], index // 2)
        export_recordio(Path(folder) / "a.arrow", Path(folder) / "a.rec")
        return (Path(folder) / "a.idx").read_bytes() + b"\0" + (Path(folder) / "a.rec").read_bytes()


fuzz(read, seed(1), seed(4), seed(1).replace(b"\x02", b"\x01"))
