"""Files: written so that they are either whole or absent, and read only where they are files."""

from __future__ import annotations

import hashlib
import json
import math
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from lgaf.errors import DataError

LARGEST_JSON = 2**28
"""Bytes; the longest list of names that is kept as JSON has 6 million."""
KINDS = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
"""What is no regular file; all else is a device."""


@contextmanager
def atomic(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; rename it to ``path`` on success, delete it on any failure.

    Parent folders are made. A reader therefore never sees half a file, also after a full disk, Ctrl-C or kill.

    Raises:
        DataError: the disk is full or the folder cannot be written.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        if error.filename is not None and Path(error.filename) not in (temporary, path, *path.parents):
            raise  # about another file: the caller's business
        raise DataError(f"{path}: cannot be written: {error.strerror or error}; free or choose another disk") from error
    finally:
        with suppress(OSError):  # it is gone after a success, and there is no folder where none could be made
            temporary.unlink()


def write_text(path: str | Path, text: str) -> None:
    """Write ``text`` as UTF-8, atomically."""
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: str | Path, value: Any) -> None:
    """Write ``value`` as indented JSON, atomically; NaN and infinity are refused, since JSON has neither."""
    write_text(path, json.dumps(value, indent=1, allow_nan=False) + "\n")


def sha256_of(path: Path) -> str:
    """The file's SHA-256 in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as source:
        while block := source.read(2**20):
            digest.update(block)
    return digest.hexdigest()


def regular_file(path: str | Path, todo: str) -> os.stat_result:
    """The status of a regular file, or of the one that a link leads to; before it is opened, since a pipe would hang.

    todo: what to do about a file that is not there, the end of the error's line.

    Raises:
        DataError: it is not there, or is a folder, a pipe or a device.
    """
    try:
        found = os.stat(path)
    except FileNotFoundError:
        what = "a link that leads nowhere" if os.path.islink(path) else "no such file"
        raise DataError(f"{path}: {what}; {todo}") from None
    except (OSError, ValueError) as error:  # ValueError: a zero byte, or a letter that the system has not
        raise unreadable(path, error, todo) from None
    if not stat.S_ISREG(found.st_mode):
        raise DataError(f"{path}: is {KINDS.get(stat.S_IFMT(found.st_mode), 'a device')}, not a file; {todo}")
    return found


def unreadable(path: str | Path, error: Exception, todo: str) -> DataError:
    """What is said of a file that the system does not give."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else error
    return DataError(f"{path}: cannot be read: {reason}; {todo}")


def read_bytes(path: str | Path, todo: str, most: int) -> bytes:
    """The content of a regular file of at most ``most`` bytes; ``todo`` as in :func:`regular_file`.

    Raises:
        DataError: it is none, is larger, or cannot be read.
    """
    size = regular_file(path, todo).st_size
    if size > most:
        raise DataError(f"{path}: {size:,} bytes are too many for such a file; {todo}")
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise unreadable(path, error, todo) from None


def read_text(path: str | Path, todo: str, most: int) -> str:
    r"""The text of a file as :func:`read_bytes`: UTF-8, a byte-order mark left out, every line ending in ``\n``.

    Raises:
        DataError: as :func:`read_bytes`, or it is no such text.
    """
    try:
        text = read_bytes(path, todo, most).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not a text file: {error}; {todo}") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_json(path: str | Path, todo: str = "run `dvc repro` to make it") -> Any:
    """Read a JSON file, as :func:`write_json` writes them: no NaN or infinity, whole numbers of 64 bits.

    todo: what to do where it is missing or broken, the end of the error's line.

    Raises:
        DataError: the file is missing or not JSON, or too deep or a number in it too large to be worked with.
    """
    text = read_text(path, todo, LARGEST_JSON)
    try:
        return json.loads(text, parse_constant=finite, parse_float=finite, parse_int=whole)
    except RecursionError:
        reason = "lists in lists without end"
    except ValueError as error:
        reason = str(error)
    raise DataError(f"{path}: not JSON: {reason}; {todo}")


def finite(text: str) -> float:
    """The number."""
    if not math.isfinite(value := float(text)):
        raise ValueError(f"{text[:40]} is no finite number")
    return value


def whole(text: str) -> int:
    """The whole number."""
    if len(text) > 20 or not -(2**63) <= (value := int(text)) < 2**64:
        raise ValueError(f"a whole number of {len(text.lstrip('-'))} digits, beyond 64 bits")
    return value


def printable(text: str) -> str:
    """``text`` with line ends as they are and backslash escapes in place of all else that a terminal may act on.

    Escape sequences, other control characters, marks that turn the direction of writing, and what is no character.
    """
    return "".join(letter if letter == "\n" or letter.isprintable() else escape(letter) for letter in text)


def escape(letter: str) -> str:
    """A letter's escape in Python."""
    return letter.encode("unicode_escape").decode()
