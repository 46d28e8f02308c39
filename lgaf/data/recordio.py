"""RecordIO training sets as InsightFace publishes them: ``train.rec``, ``train.idx``, ``property``; without mxnet.

A record is a magic word, a word of part flag (upper three bits) and length, and its bytes, padded to words. One that
holds the magic word itself is cut there into parts (dmlc-core ``src/recordio.cc``). The bytes are a header of flag,
label and id, then ``flag`` labels, then an encoded image (mxnet ``recordio.py``). The ``.idx`` lists keys and offsets.

In InsightFace's files record 0 says which keys are images and which identities, and an identity's record says which
images are its own (``arcface_torch/dataset.py``, ``face2rec2.py``). Files without such a record hold images only.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from lgaf.errors import DataError
from lgaf.files import regular_file, unreadable

MAGIC = 0xCED7230A
MAGIC_BYTES = MAGIC.to_bytes(4, "little")
FRAME = struct.Struct("<II")
"""Before each part: the magic word; part flag and length."""
WHOLE, FIRST, MIDDLE, LAST = range(4)
"""Part flags."""
LENGTH = 2**29 - 1
HEADER = struct.Struct("<IfQQ")
"""Number of labels that follow, the label if none do, and an id of two words."""
IMAGE = FRAME.size + HEADER.size
"""Where the image of a record with one label starts."""
FLOAT = np.float32
"""What ranges of keys are kept in."""
EXACT = 2**24
"""It is exact below this. Glint360K has more images."""
AT_ONCE = 2**12
"""Records whose first words are read in one go, before the pages that hold them are let go."""
AGAIN = "fetch .rec and .idx again, together"


class Record(NamedTuple):
    """An encoded image and its identity."""

    image: bytes
    label: int


class Heads(NamedTuple):
    """What the first words of N records say, arrays of N rows. Where not ``whole`` the others mean nothing."""

    whole: np.ndarray
    """The record is of one part."""
    offset: np.ndarray
    """Where its image starts in the file."""
    length: np.ndarray
    """Bytes of its image; 0 if it is an identity's."""
    labels: np.ndarray
    """(N, 2) its first two labels; NaN for one that is not there."""


def read_recordio(path: str | Path) -> RecordIO:
    """Open a ``.rec`` file, or the folder of a ``train.rec``. The ``.idx`` lies beside it; ``property`` is not needed.

    Raises:
        DataError: a file is missing, cut short, or not what its name promises.
    """
    path = Path(path)
    return RecordIO(path / "train.rec" if path.is_dir() else path)


class RecordIO:
    """The images of a RecordIO file, by key: ``records[i]`` is a :class:`Record`, read from a memory map.

    Opening reads the index and the identities' ranges, no image. Made by :func:`read_recordio`.
    """

    def __init__(self, path: Path):
        self.path = path
        self.bytes = map_file(path)
        self.words = np.frombuffer(self.bytes, "<u4", len(self.bytes) // 4)
        self.keys, self.offsets = read_index(path.with_suffix(".idx"), len(self.bytes))
        self.all_offsets = self.offsets
        self.starts = self.read_ranges()
        if self.starts is not None:
            images = slice(1, 1 + int(self.starts[-1]))
            self.keys, self.offsets = self.keys[images], self.offsets[images]

    def __reduce__(self) -> tuple[type[RecordIO], tuple[Path]]:
        return RecordIO, (self.path,)  # another process maps the file itself

    def __len__(self) -> int:
        return len(self.keys)

    def __getitem__(self, index: int) -> Record:
        payload = self.payload(index)
        if len(payload) < HEADER.size:
            raise self.error(index, f"has {len(payload)} bytes, too few for a header")
        count, label, _, _ = HEADER.unpack_from(payload)
        image = payload[HEADER.size + 4 * count :]
        if not image:
            raise self.error(index, "holds no image")
        if count:
            (label,) = struct.unpack_from("<f", payload, HEADER.size)
        if not 0 <= label < 2**31 or label != int(label):
            raise self.error(index, f"label {label} is not a whole number from 0 up")
        return Record(image, int(label))

    def payload(self, index: int) -> bytes:
        """The bytes of a record, its parts put together."""
        at, parts, expected = int(self.offsets[index]), [], (WHOLE, FIRST)
        end = len(self.bytes)
        while True:
            if at + FRAME.size > end:
                raise self.error(index, "the file, or the next record, comes before its last part")
            magic, word = FRAME.unpack_from(self.bytes, at)
            flag, start, stop = word >> 29, at + FRAME.size, at + FRAME.size + (word & LENGTH)
            if magic != MAGIC or flag not in expected:
                raise self.error(index, f"no record at byte {at}")
            if stop > len(self.bytes):
                raise self.error(index, "the file ends within it")
            parts.append(self.bytes[start:stop])
            if flag in (WHOLE, LAST):
                return MAGIC_BYTES.join(parts)
            if flag == FIRST:  # else many records could lead into one long row of parts
                after = np.searchsorted(self.file_order, at, side="right")
                end = int(self.file_order[after]) if after < len(self.file_order) else end
            at, expected = stop + -stop % 4, (MIDDLE, LAST)

    @cached_property
    def file_order(self) -> np.ndarray:
        """Offsets of all records, rising."""
        return np.sort(self.all_offsets, kind="stable")

    def error(self, index: int, what: str) -> DataError:
        """What is wrong with a record."""
        return DataError(f"{self.path}: record {self.keys[index]}: {what}; {AGAIN}")

    def heads(self, indices: np.ndarray) -> Heads:
        """The first words of records (N,), checked.

        Raises:
            DataError: one is no record, or the file ends within it.
        """
        offsets = self.offsets[indices]
        at = offsets[:, None] // 4 + np.arange(10)
        # Magic, part, count, label, four words of id, two labels; the file's last record may be shorter than that.
        words = self.words[np.minimum(at, len(self.words) - 1)]
        whole = words[:, 1] >> 29 == WHOLE
        length, count = (words[:, 1] & LENGTH).astype(np.int64), words[:, 2].astype(np.int64)
        before = HEADER.size + 4 * count
        for wrong, what in (
            ((words[:, 0] != MAGIC) | (words[:, 1] >> 29 > FIRST), "there is no record where it should be"),
            (offsets + FRAME.size + length > len(self.bytes), "the file ends within it"),
            (whole & (length < before), "is shorter than its own header says"),
        ):
            if wrong.any():
                raise self.error(int(indices[wrong.argmax()]), what)
        floats = words.view("<f4")
        first = np.where(count == 0, floats[:, 3], floats[:, 8])
        second = np.where(count < 2, np.nan, floats[:, 9])
        return Heads(whole, offsets + FRAME.size + before, length - before, np.stack([first, second], axis=1))

    @cached_property
    def labels(self) -> np.ndarray:
        """Every image's identity (N,) int32: of each identity's first image where there are ranges, else of each."""
        if self.starts is None:
            return self.own_labels(np.arange(len(self)))
        known = min(len(self), EXACT - 1)  # images whose keys are exact in a range
        starts = self.starts[:-1][self.starts[:-1] < known]
        ranged = np.repeat(self.own_labels(starts), np.diff(starts, append=known))
        return np.concatenate([ranged, self.own_labels(np.arange(known, len(self)))])

    def own_labels(self, indices: np.ndarray) -> np.ndarray:
        """The identities (M,) int32 that images' own records give.

        Raises:
            DataError: a label is not a whole number from 0 up.
        """
        labels = [np.empty(0, np.int32)]
        with tqdm(desc="read labels", total=len(indices), unit="image", leave=False, delay=1) as bar:
            for chunk, heads in self.walk(indices):
                labels.append(self.identities(chunk, heads))
                bar.update(len(chunk))
        return np.concatenate(labels)

    def walk(self, indices: np.ndarray) -> Iterator[tuple[np.ndarray, Heads]]:
        """Some thousand of the indices (M,) at a time, with their heads; memory stays flat."""
        whole = len(indices) == len(self)
        self.advise("MADV_SEQUENTIAL" if whole else "MADV_RANDOM")
        for start in range(0, len(indices), AT_ONCE):
            chunk = indices[start : start + AT_ONCE]
            yield chunk, self.heads(chunk)
            self.advise("MADV_DONTNEED")
        self.advise("MADV_RANDOM")

    def advise(self, advice: str) -> None:
        """Tell the system how the file will be read, where systems can be told."""
        if hasattr(mmap, advice):
            self.bytes.madvise(getattr(mmap, advice))

    def identities(self, indices: np.ndarray, heads: Heads) -> np.ndarray:
        """The identities (M,) int32 that the heads of images give; see :meth:`own_labels`."""
        found = heads.labels[:, 0].copy()
        with np.errstate(invalid="ignore"):
            odd = ~heads.whole | (heads.length == 0) | ~((found >= 0) & (found < 2**31) & (found % 1 == 0))
        for row in np.flatnonzero(odd):
            found[row] = self[int(indices[row])].label  # of several parts, or the error that says what is wrong
        return found.astype(np.int32)

    def read_ranges(self) -> np.ndarray | None:
        """(C + 1,) int64 for each of C identities the first of its images, then the number of all; None without ranges.

        Raises:
            DataError: records are missing, or the ranges are not one after the other.
        """
        if self.keys[0] != 0:
            return None
        head = self.heads(np.zeros(1, np.int64))
        if not head.whole[0] or head.length[0] or np.isnan(head.labels[0, 1]):
            return None  # an image
        total, (images, promised) = len(self.keys), head.labels[0]
        slack = np.spacing(FLOAT(total)) // 2  # 0 below EXACT
        if self.keys[-1] != total - 1 or not abs(promised - total) <= slack or not 1 < images < promised or images % 1:
            raise self.error(
                0, f"promises {images - 1:.0f} images and {promised:.0f} records, the index has {total:,} of them"
            )
        near = np.arange(max(1, int(images - slack)), min(total, int(images + slack) + 1))
        heads = self.heads(near)
        first = int(near[(heads.whole & (heads.length == 0)).argmax()])  # of the identities
        rows = np.arange(first, total)
        heads = self.heads(rows)
        starts, stops = heads.labels.T.astype(np.float64)
        follow = np.append(starts[1:], FLOAT(first))
        wrong = (
            ~heads.whole
            | (heads.length != 0)
            | (stops != follow)
            | ~(starts < np.where(stops < EXACT, stops, stops + 1))
        )
        wrong[0] |= starts[0] != 1
        if wrong.any():
            row = int(wrong.argmax())
            raise self.error(
                first + row, f"must be the next identity's range of images, says {starts[row]:.0f} to {stops[row]:.0f}"
            )
        return np.append(starts, first).astype(np.int64) - 1


def map_file(path: Path) -> mmap.mmap:
    """A read-only map of a file."""
    todo = f"a training set is .rec and .idx: {AGAIN}"
    if not regular_file(path, todo).st_size:
        raise DataError(f"{path}: the file is empty; {todo}")
    try:
        with open(path, "rb") as stream:
            return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as error:
        raise unreadable(path, error, todo) from None


def read_index(path: Path, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Keys (N,) in rising order and the offsets (N,) of their records, int64, from lines of KEY, tab, OFFSET.

    size: of the ``.rec`` file in bytes.

    Raises:
        DataError: the file is missing or malformed, a key or an offset is there twice, or an offset outside the file.
    """
    import pyarrow as pa  # here, since lgaf.data is also imported where nothing is read
    from pyarrow import csv

    regular_file(path, AGAIN)
    try:
        table = csv.read_csv(
            path,
            csv.ReadOptions(column_names=["key", "offset"], use_threads=False),
            csv.ParseOptions(delimiter="\t", quote_char=False),
            csv.ConvertOptions(column_types={"key": pa.int64(), "offset": pa.int64()}, null_values=[]),
        )
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error).splitlines()[0]
        raise DataError(f"{path}: not a list of KEY, tab, OFFSET: {reason}; {AGAIN}") from None
    keys, offsets = (np.from_dlpack(values.combine_chunks()) for values in table.columns)  # to_numpy loads pandas
    if len(keys) == 0:
        raise DataError(f"{path}: is empty; {AGAIN}")
    if (outside := (offsets < 0) | (offsets > size - IMAGE) | (offsets % 4 != 0)).any():
        row = int(outside.argmax())
        raise DataError(
            f"{path}: line {row + 1}: record {keys[row]} at byte {offsets[row]}: no record can be there in a file of "
            f"{size:,} bytes; {AGAIN}"
        )
    if (keys[1:] < keys[:-1]).any():
        order = np.argsort(keys, kind="stable")
        keys, offsets = keys[order], offsets[order]
    for name, values in (("key", keys), ("offset", np.sort(offsets, kind="stable"))):
        if (twice := values[1:] == values[:-1]).any():
            raise DataError(f"{path}: {name} {values[twice.argmax()]} is there twice; {AGAIN}")
    return keys, offsets
