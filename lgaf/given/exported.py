"""``torch.export`` archives, of which only arithmetic is run.

``torch.export.load`` trusts its file: it unpickles, hands expressions to sympy, which evaluates them as Python, and may
call whatever of torch the graph names. So the archive is looked through first: tensors are plain, operators are
PyTorch's own on tensors, names are names, expressions are arithmetic on sizes.
"""

from __future__ import annotations

import io
import json
import os
import re
import zipfile
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import torch

from lgaf.errors import DataError
from lgaf.given.manifest import Manifest
from lgaf.given.network import Run

OPERATOR = re.compile(
    r"torch\.ops\.(aten|prims)\.\w+\.\w+|torch\.ops\.higher_order\.wrap_with_(autocast|set_grad_enabled)"
    r"|_operator\.(getitem|add|sub|mul|floordiv|mod|neg)"
)
NOT_ARITHMETIC = ("from_file", "save")
"""Parts of the names of operators that reach outside memory."""
SYMBOL = r"Symbol\('[su]\d+'(, (positive|nonnegative|integer)=True)*\)"
SIZE = re.compile(
    rf"(?:{SYMBOL}|[su]\d+|Integer|Add|Mul|Pow|Mod|PythonMod|FloorDiv|CleanDiv|CeilDiv|Max|Min|\d+|[-+*/(), ])*"
)
"""An expression of sizes, as sympy writes it."""
PLAIN = re.compile(r"[\w.]*")
FREE = ("metadata", "in_spec", "out_spec", "torch_version", "guards_code")
"""Keys whose texts are only read as texts or as JSON; guards are Python, and left out by ``check_guards=False``."""


def open_network(content: bytes, manifest: Manifest, device: torch.device) -> Run:
    """The network of an archive, on the device.

    Raises:
        DataError: the archive holds something that is no arithmetic on tensors.
    """
    for problem in problems(content):
        raise DataError(f"{manifest.file}: holds {problem}, which this suite does not run; export the network to ONNX")
    # whatever is still a pickle, such as the sample input, is read as tensors alone
    with patch.dict(os.environ, {"TORCH_FORCE_WEIGHTS_ONLY_LOAD": "1"}):
        program = torch.export.load(io.BytesIO(content))
    return program.module(check_guards=False).to(device)


def problems(content: bytes) -> Iterator[str]:
    """What in the archive is more than arithmetic on tensors.

    Raises:
        ValueError, zipfile.BadZipFile: it is no archive.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = [name.partition("/")[2] for name in archive.namelist()]
        if not any(name.startswith("models/") for name in names):
            raise ValueError("it holds no model")
        for name, whole in zip(names, archive.namelist(), strict=True):
            if re.match(r"data/(weights|constants)/.*\.pt$", name) or re.match(
                r"data/constants/(custom|opaque)_obj", name
            ):
                yield f"a pickled object ({name})"
            elif name.endswith((".so", ".cpp", ".py")) or name.startswith("data/aotinductor"):
                yield f"compiled code ({name})"
            elif name.endswith(".json"):
                yield from in_tree(json.loads(archive.read(whole)), "")


def in_tree(value: Any, key: str) -> Iterator[str]:
    """What in a description of a graph is not allowed; ``key``: where the value stands."""
    if key in FREE:
        return
    if isinstance(value, dict):
        for name, part in value.items():
            if not PLAIN.fullmatch(name):
                yield f"the name {name[:60]!r}"
            yield from in_tree(part, name)
    elif isinstance(value, list):
        for part in value:
            yield from in_tree(part, key)
    elif key == "use_pickle" and value:
        yield "a pickled tensor"
    elif isinstance(value, str) and not allowed(value, key):
        yield f"{key or 'the text'} {value[:60]!r}"


def allowed(text: str, key: str) -> bool:
    """Whether a text of the graph is of the kind that its key calls for."""
    if key == "target":
        return bool(OPERATOR.fullmatch(text)) and not any(part in text for part in NOT_ARITHMETIC)
    return bool((SIZE if key == "expr_str" else PLAIN).fullmatch(text))
