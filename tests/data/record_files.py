"""RecordIO files written by the words of the format alone, to test the reader with."""

import struct

import cv2
import numpy as np

MAGIC = struct.pack("<I", 0xCED7230A)


def jpeg(value=0, side=112):
    """A small image whose pixels follow from ``value``."""
    pixels = np.random.default_rng(value).integers(0, 256, (4, 4, 3), np.uint8)
    return cv2.imencode(".jpg", cv2.resize(pixels, (side, side)))[1].tobytes()


def frame(payload):
    """dmlc-core's WriteRecord: cut where an aligned word is the magic one."""
    cuts = [at for at in range(0, len(payload) // 4 * 4, 4) if payload[at : at + 4] == MAGIC]
    starts, stops = [0, *(at + 4 for at in cuts)], [*cuts, len(payload)]
    written = b""
    for number, (start, stop) in enumerate(zip(starts, stops, strict=True)):
        flag = 0 if not cuts else 1 if number == 0 else 3 if number == len(cuts) else 2
        part = payload[start:stop]
        written += MAGIC + struct.pack("<I", flag << 29 | len(part)) + part
    return written + b"\0" * (-len(written) % 4)


def pack(label, image=b"", key=0):
    """mxnet's recordio.pack: a number as label, or several."""
    if isinstance(label, int | float):
        return struct.pack("<IfQQ", 0, label, key, 0) + image
    return struct.pack("<IfQQ", len(label), 0, key, 0) + np.asarray(label, "<f4").tobytes() + image


def write_files(folder, records, order=None):
    """``records``: key -> payload; ``order``: the keys as they follow in the file."""
    folder.mkdir(parents=True, exist_ok=True)
    rec, idx = b"", ""
    for key in order or records:
        idx += f"{key}\t{len(rec)}\n"
        rec += frame(records[key])
    (folder / "train.rec").write_bytes(rec)
    (folder / "train.idx").write_text(idx)
    return folder


def insightface(images, arrays=True):
    """Records as face2rec2.py makes them of ``images``: (label, bytes), each identity's one after the other."""
    records = {
        key: pack([label, 0.0] if arrays else label, image, key) for key, (label, image) in enumerate(images, start=1)
    }
    labels = [label for label, _ in images]
    starts = [1, *(key + 1 for key in range(1, len(images)) if labels[key] != labels[key - 1])]
    stops = [*starts[1:], len(images) + 1]
    for key, both in enumerate(zip(starts, stops, strict=True), start=len(images) + 1):
        records[key] = pack(both, key=key)
    records[0] = pack([len(images) + 1, len(records) + 1])
    return records  # record 0 after the images, as there
