"""Pickles of plain values, read without running anything that they ask for. The only place that touches pickle.

A pickle is a program: it may import and call whatever it names. Here it gets lists, tuples, booleans, whole numbers,
bytes, text, and NumPy's booleans and arrays of bytes, which are made here and not by NumPy. All else is refused before
it happens. Nothing is made larger than the file: a pickle may name a value of one megabyte a million times.
"""

from __future__ import annotations

import io
import pickle
import pickletools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from lgaf.errors import DataError
from lgaf.files import atomic, read_bytes

LARGEST = 2**32
"""Bytes; published verification sets have a hundred million."""
TRUSTED = "nothing was run; fetch the file from a source that you trust"
OPCODES = (
    *("PROTO", "FRAME", "STOP", "MARK", "GLOBAL", "STACK_GLOBAL", "REDUCE", "BUILD", "MEMOIZE"),
    *("PUT", "BINPUT", "LONG_BINPUT", "GET", "BINGET", "LONG_BINGET"),
    *("NONE", "NEWTRUE", "NEWFALSE", "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1"),
    *("STRING", "BINSTRING", "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
    *("UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"),
    *("EMPTY_LIST", "LIST", "APPEND", "APPENDS", "EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3"),
)
"""What a pickle of such values is made of, in protocols 0 to 5."""
PYTHON: dict[int, Callable[[Any], None]] = pickle._Unpickler.dispatch
"""What Python's own unpickler in Python does at each opcode."""
DTYPES = {"b1": np.dtype(np.bool_), "u1": np.dtype(np.uint8)}


@dataclass
class Array:
    """What a NumPy array of booleans or bytes holds, whatever its shape; empty until the pickle fills it."""

    data: bytes = b""
    dtype: np.dtype = DTYPES["u1"]

    def fill(self, data: Any, dtype: Any) -> Array:
        """Take what the pickle says is in it."""
        if not isinstance(data, bytes) or not isinstance(dtype, np.dtype):
            raise ValueError(f"an array of {type(dtype).__name__} made of {type(data).__name__}")
        self.data, self.dtype = data, dtype
        return self


def read_pickle(path: str | Path) -> Any:
    """The value in a pickle file; NumPy arrays come as :class:`Array`.

    Raises:
        DataError: the file is missing, is no pickle, or asks for anything but plain values; what, is named.
    """
    content = read_bytes(path, "get the whole data set", LARGEST)
    try:
        return Restricted(str(path), content).load()
    except DataError:
        raise
    except Exception as error:  # a broken pickle fails in as many ways as Python has
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise DataError(f"{path}: not a whole pickle: {reason}; fetch it again") from None


def write_pickle(path: str | Path, value: Any) -> None:
    """Write plain values, atomically, so that Python 3.4 and later can read them."""
    with atomic(path) as temporary, open(temporary, "wb") as stream:
        pickle.dump(value, stream, protocol=4)


def refuser(opcode: str) -> Callable[[Restricted], None]:
    """What is done at an opcode that no such pickle has."""

    def refuse(unpickler: Restricted) -> None:
        raise unpickler.error(f"the opcode {opcode}")

    return refuse


class Restricted(pickle._Unpickler):
    """Python's unpickler in Python: it takes room as it reads, where the one in C believes what a pickle promises."""

    stack: list[Any]

    def __init__(self, path: str, content: bytes):
        super().__init__(io.BytesIO(content), encoding="bytes")
        self.path = path
        self.left = len(content)
        self.known: dict[str, Any] = {
            "_codecs.encode": self.encode,
            "__builtin__.bytes": self.no_bytes,
            "builtins.bytes": self.no_bytes,
            "numpy.dtype": self.dtype,
            "numpy.ndarray": "numpy.ndarray",  # only handed on to those below
        }
        for core in ("numpy.core", "numpy._core"):
            self.known[f"{core}.multiarray._reconstruct"] = self.reconstruct
            self.known[f"{core}.multiarray.scalar"] = self.scalar
            self.known[f"{core}.numeric._frombuffer"] = self.from_buffer

    def error(self, what: str) -> DataError:
        """What is refused."""
        what = what[:200] if what.isprintable() else ascii(what[:200])  # it may hold anything, line ends among it
        return DataError(f"{self.path}: asks for {what}, which no verification set needs; {TRUSTED}")

    def find_class(self, module: str, name: str) -> Any:
        """Our own in the place of what a pickle would import."""
        if f"{module}.{name}" not in self.known:
            raise self.error(f"{module}.{name}")
        return self.known[f"{module}.{name}"]

    def encode(self, text: str, encoding: str) -> bytes:
        """Bytes, as Python 3 writes them in protocols 0 to 2."""
        if encoding not in ("latin1", b"latin1"):
            raise self.error(f"the encoding {encoding!r}")
        self.left -= len(text)
        if self.left < 0:
            raise self.error("more bytes than the file has")
        return text.encode("latin1")

    def no_bytes(self) -> bytes:
        """No bytes, as Python 3 writes them in protocols 0 to 2."""
        return b""

    def dtype(self, code: str | bytes, *_: Any) -> np.dtype:
        """A dtype of one byte, for which the rest of what a pickle says of it, such as its byte order, is nothing."""
        known = DTYPES.get(code.decode("latin1") if isinstance(code, bytes) else code)
        if known is None:
            raise self.error(f"an array of dtype {code!r}")
        return known

    def reconstruct(self, *_: Any) -> Array:
        """An array that BUILD will fill."""
        return Array()

    def scalar(self, dtype: np.dtype, data: bytes) -> int | bool:
        """One boolean or whole number."""
        (value,) = data
        return bool(value) if dtype == np.bool_ else value

    def from_buffer(self, data: bytes, dtype: np.dtype, *_: Any) -> Array:
        """An array, as NumPy writes it in protocol 5."""
        return Array().fill(data, dtype)

    def load_build(self) -> None:
        """Fill an array; nothing else has a state that matters."""
        state = self.stack.pop()
        made = self.stack[-1]
        if isinstance(made, Array):
            *_, dtype, _, data = state
            made.fill(data, dtype)
        elif not isinstance(made, np.dtype):
            raise self.error(f"a state of a {type(made).__name__}")

    dispatch: ClassVar[dict[int, Callable[[Any], None]]] = {
        ord(opcode.code): PYTHON[ord(opcode.code)] if opcode.name in OPCODES else refuser(opcode.name)
        for opcode in pickletools.opcodes
    }
    dispatch[pickle.BUILD[0]] = load_build
    dispatch[pickle.BYTEARRAY8[0]] = dispatch[pickle.BINBYTES8[0]]  # which does not make room for what may not follow
