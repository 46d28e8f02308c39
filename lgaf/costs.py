"""What a stage took: seconds, processor time and memory, in one small file for each stage and its arguments.

A reading beside the results and no result: DVC does not track it, no number hangs on it, and only the page of a run
shows it. It says what the stage took when it last ended well in this folder.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path

from lgaf.errors import LgafError

COSTS = Path(".cache/costs")
"""Folder of a run. Not in lgaf/paths.py, which every stage runs: none depends on this."""


@dataclass(frozen=True)
class Cost:
    """What one run of a stage took."""

    started: str
    """When it began, ISO 8601, UTC."""
    seconds: float
    """From its begin to its end by the clock."""
    cpu_seconds: float
    """Processor time, the system's part included, of its process and of those that this has waited for."""
    peak_memory: int
    """Bytes of the largest of these processes, at its largest: not their sum."""
    cores: int
    """CPU cores that it might use."""


def place_of(folder: Path, stage: str, *arguments: str) -> Path:
    """Where the cost of a stage with its arguments is, below ``folder``."""
    return folder / f"{'/'.join((stage, *arguments))}.json"


@contextmanager
def recorded(stage: str, *arguments: str) -> Iterator[None]:
    """Write what the block takes, if it ends well; a folder that cannot be written leaves no record, and no error."""
    started, before = datetime.now(timezone.utc), time.perf_counter()
    yield
    seconds = time.perf_counter() - before
    with suppress(ImportError, LgafError, OSError):
        from lgaf.files import write_json  # here: the stage has it by now, the other commands need not wait for it

        write_json(place_of(COSTS, stage, *arguments), asdict(measured(started, seconds)))


def measured(started: datetime, seconds: float) -> Cost:
    """The cost of this process until now.

    Raises:
        ImportError: a system without getrusage.
    """
    from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage

    used = [getrusage(who) for who in (RUSAGE_SELF, RUSAGE_CHILDREN)]
    # As lgaf.workers.cores, which would load OpenCV.
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    unit = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss, by the systems' manuals
    return Cost(
        started=started.isoformat(timespec="seconds"),
        seconds=round(seconds, 2),
        cpu_seconds=round(sum(it.ru_utime + it.ru_stime for it in used), 2),
        peak_memory=max(it.ru_maxrss for it in used) * unit,
        cores=cores,
    )
