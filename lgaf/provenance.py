"""Where a number is from: what suite scored it, on what version of its benchmark, by what parameters, where and when.

Suite, commit, machine and date are those of the moment of scoring and are kept beside the scores: a report made later,
of results that DVC brings back, does not make them new.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import lgaf
from lgaf.formats.content import content_hash
from lgaf.formats.pack import Pack
from lgaf.formats.protocol import read_protocol
from lgaf.machine import describe_machine
from lgaf.strict import Strict

SOURCES = ("lgaf", "baselines", ":(glob)*.py")
"""What of a project's folder runs: the suite, the heads, and modules of the user's own."""
DIGITS = 16
"""Of a hash: 64 bits tell apart what anyone will ever score."""


class Made(Strict):
    """What is known of how a number came about; "" is what is not known."""

    version: str
    """Of the suite that scored it."""
    commit: str
    """Of the project's repository; ends in ``+`` where sources were not as committed, "" where there is none."""
    benchmark: str
    """Hash of the trials and the aligned faces, see :func:`benchmark_version`."""
    parameters: str
    """Hash of all parameters that decide the row's numbers."""
    machine: str
    date: str
    """When it was scored: UTC, as 2026-11-28T17:42:19Z."""

    @property
    def versions(self) -> tuple[str, str]:
        """Of the suite and of the benchmark; numbers are compared where both are the same."""
        return self.version, self.benchmark


class RowRun(Strict):
    """What a scoring stage is told of a row beside how it scores."""

    parameters: str
    """As :attr:`Made.parameters`."""


def made_now(benchmark: str, parameters: str) -> Made:
    """What is made here and now; ``benchmark``, ``parameters``: as in :class:`Made`."""
    return Made(
        version=lgaf.__version__,
        commit=commit_of(Path.cwd()),
        benchmark=benchmark,
        parameters=parameters,
        machine=describe_machine(),
        date=datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )


def commit_of(folder: Path) -> str:
    """The commit that the repository around ``folder`` stands at, with ``+`` where a source in ``folder`` differs.

    A new source that Git does not track yet differs too. "" where there is no repository, no commit, or no Git.
    """
    ask = ["git", "--no-optional-locks", "status", "--porcelain=v2", "--branch", "--", *SOURCES]
    try:
        done = subprocess.run(ask, cwd=folder, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    head, *others = done.stdout.splitlines() or [""]
    commit = head.removeprefix("# branch.oid ")
    if done.returncode or not commit.isalnum():  # "(initial)" before the first commit
        return ""
    return commit + ("+" if any(not line.startswith("#") for line in others) else "")


def benchmark_version(protocol: Path, faces: Path) -> str:
    """Hash of what a benchmark asks, and of the aligned faces with all that is known of them.

    The files' names do not count, nor do the lines that a protocol has printed under a table.

    Raises:
        DataError: a file is missing or broken.
    """
    asked = read_protocol(protocol)
    if asked.kind == "templates":
        tables = (asked.members, asked.pairs, asked.searches)
        trials: Any = [None if table is None else content_hash(table) for table in tables]
    else:
        trials = asked.model_dump(exclude={"notes"}, exclude_none=True)
    return short_hash([trials, faces_version(faces)])


def faces_version(faces: Path) -> str:
    """Hash of a pack of aligned faces, that of the damage laboratory too, whose trials follow from it.

    Raises:
        DataError: the file is missing or broken.
    """
    return Pack(faces).content_hash()[:DIGITS]


def short_hash(value: Any) -> str:
    """Hash of a value that JSON can hold; the order of keys does not count."""
    return hashlib.blake2b(json.dumps(value, sort_keys=True).encode()).hexdigest()[:DIGITS]
