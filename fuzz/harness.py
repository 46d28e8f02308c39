"""What every target shares: a reader meets files of atheris's making, and may raise DataError, of one line, or nothing.

``pip install -e .[fuzz]``, then from the project's root ``python fuzz/TARGET.py [libFuzzer's options] [FILE]``. What is
of interest is kept in ``.cache/fuzz/TARGET`` from run to run. The first finding ends it and is written beside that
folder as ``TARGET-crash-*``, ``-timeout-*`` or ``-oom-*``; given as FILE it is read once more. When its cause is mended
it belongs among the tests of the reader in ``tests/data``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import atheris

from lgaf.errors import DataError

FOLDER = Path(".cache/fuzz")
BOUNDS = ["-timeout=10", "-rss_limit_mb=1000", "-max_len=65536"]
"""A file of 64 KB is read within seconds, and with little more memory than the imports take."""


def fuzz(read: Callable[[Path], object], *seeds: bytes) -> None:
    """Feed a reader of files, beginning with ``seeds``, whole files; options on the command line override BOUNDS."""
    target = Path(sys.argv[0]).stem
    corpus, path = FOLDER / target, FOLDER / f"{target}-input"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds):
        (corpus / f"seed-{number}").write_bytes(seed)

    def one(content: bytes) -> None:
        path.write_bytes(content)
        try:
            read(path)
        except DataError as error:
            if len(str(error).splitlines()) != 1:
                raise AssertionError(f"must be one line: {str(error)!r}") from None

    options = [f"-artifact_prefix={FOLDER}/{target}-", *BOUNDS, *sys.argv[1:]]
    files = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    atheris.Setup([sys.argv[0], *options, *([] if files else [str(corpus)])], one)
    atheris.Fuzz()
