"""A model's metrics on one benchmark with their bootstrap replicates, as a small Arrow file.

The score stage makes them, once; tables, paired tests, averages and comparisons of revisions are arithmetic on them.
Two files of equal ``trials`` and ``drawn`` hold the same resamples of the same people, replicate by replicate.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from lgaf.errors import DataError
from lgaf.evaluate.bootstrap import Estimate
from lgaf.files import atomic
from lgaf.formats.content import content_hash
from lgaf.formats.pack import read_table

COMPARED = ("left", "right", "same", "fold", "set", "probe", "identity", "identity_left", "identity_right", "dropped")
"""Columns of a table of trials that say who is compared with whom."""
FACTS = b"facts"


@dataclass(frozen=True)
class Replicates:
    """Metrics by name, and on which trials and by which draws they were made."""

    estimates: dict[str, Estimate]
    trials: str
    """Hashes of who is compared with whom, with a space between: of the trials, then of all pairs, or of the searches
    of templates, if there are such."""
    drawn: str
    """How the people were drawn: seed and number."""
    benchmark: str
    """The benchmark, as results call it."""

    def paired_with(self, other: Replicates) -> bool:
        """Whether replicate r of both is of the same resample of the same trials, as far as both have them."""
        hashes = zip(
            self.trials.split(), other.trials.split(), strict=False
        )  # scores alone have no pairs but the list's
        return self.drawn == other.drawn and all(own == theirs for own, theirs in hashes)


def hash_of_trials(trials: pa.Table) -> str:
    """What two methods' tables of the same trials have in common."""
    compared = [name for name in COMPARED if name in trials.column_names]
    columns = {name: trials[name] for name in compared}
    whole = {name: it.cast(pa.uint8()) if it.type == pa.bool_() else it for name, it in columns.items()}
    return content_hash(pa.table(whole))


def write_replicates(path: str | Path, replicates: Replicates) -> None:
    """Write the file, atomically."""
    estimates = replicates.estimates
    facts = {
        "trials": replicates.trials,
        "drawn": replicates.drawn,
        "benchmark": replicates.benchmark,
        "metrics": {name: {"value": e.value, "n": e.n, "units": e.units} for name, e in estimates.items()},
    }
    table = pa.table({name: pa.array(e.replicates, pa.float64()) for name, e in estimates.items()})
    table = table.replace_schema_metadata({FACTS: json.dumps(facts)})
    with atomic(path) as temporary, pa.ipc.new_file(str(temporary), table.schema) as sink:
        sink.write_table(table)


def read_replicates(path: str | Path) -> Replicates:
    """Read the file.

    Raises:
        DataError: it is missing or broken.
    """
    return _parse(path, read_table(path, ()))


def parse_replicates(name: str, content: bytes) -> Replicates:
    """Read the file's content, as DVC hands that of another revision out.

    Raises:
        DataError: it is broken; ``name`` is what the message calls it.
    """
    try:
        table = pa.ipc.open_file(pa.py_buffer(content)).read_all()
        table.validate(full=True)
    except pa.ArrowException as error:
        raise DataError(f"{name}: not a whole Arrow IPC file: {str(error).splitlines()[0]}") from None
    return _parse(name, table)


def _parse(path: str | Path, table: pa.Table) -> Replicates:
    """The replicates in a table."""
    try:
        facts: Mapping[str, Any] = json.loads((table.schema.metadata or {})[FACTS])
        estimates = {
            name: Estimate(float(it["value"]), int(it["n"]), int(it["units"]), table[name].to_numpy())
            for name, it in facts["metrics"].items()
        }
        return Replicates(estimates, *(str(facts[key]) for key in ("trials", "drawn", "benchmark")))
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        raise DataError(f"{path}: not a whole file of replicates; run `dvc repro score` to make it again") from None


def seed_of(seed: int, name: str) -> list[int]:
    """Seed of the draws for a benchmark's people, or for a row's seeds: those of two names are independent."""
    return [seed, int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")]


def describe_draws(seed: int, benchmark: str, replicates: int) -> str:
    """The draws in words, for :attr:`Replicates.drawn`."""
    return f"{replicates} of {seed_of(seed, benchmark)}"
