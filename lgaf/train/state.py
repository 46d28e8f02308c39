"""Where training stands, so that a killed run goes on from it, with as many processes as it then has.

A state is a folder named by its step: a safetensors file a process and ``state.json``, which says the files' SHA-256.
It is written aside and renamed when whole, so a state is there or not; the one before is kept, and gone on from where
the last is broken. Rank 0's file has all but the class weights of other processes, theirs have those; with another
number of processes each reads the rows that are now its own. Nothing is unpickled.

The folder lies outside the DVC stage's outs, since DVC deletes those before a stage runs. Data order and augmentation
follow from seed and epoch alone; dropout in mid-epoch from the random state that is kept. A state is of one run only:
the fingerprint says which.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import Tensor

from lgaf.errors import DataError
from lgaf.files import read_json, sha256_of, write_json
from lgaf.models.checkpoint import write_tensors
from lgaf.processes.team import ALONE, Team
from lgaf.train.settings import TrainingRun
from lgaf.train.sharded import bounds
from lgaf.train.trained import Progress, Trained

MANIFEST = "state.json"
KEPT = 2
"""States that are kept."""
RANDOM, RANDOM_CUDA = "process/random", "process/random_cuda"
"""The random state of a process, and of its GPU."""


def fingerprint(run: TrainingRun, seed: int, faces: str, sources: Mapping[str, str]) -> str:
    """Hash of all that decides what training gives: settings, seed, data, sources and torch's version.

    Device, processes, workers and how often a state is written are left out: they may change between a kill and going
    on.

    Args:
        faces: hash of the pack (:meth:`lgaf.formats.pack.Pack.content_hash`).
        sources: {path: hash} of what the stage runs.
    """
    settings = run.model_dump(
        mode="json", exclude={"device": True, "train": {"workers", "processes", "checkpoint_steps"}}
    )
    parts = [settings, seed, faces, dict(sources), torch.__version__]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def save_state(
    folder: Path, trained: Trained, progress: Progress, fingerprint: str, steps: int, team: Team = ALONE
) -> None:
    """Write the state after ``steps`` steps in all, below ``folder``; all processes together.

    Raises:
        DataError: the disk is full or the folder cannot be written.
    """
    aside, whole = folder / "unfinished", folder / f"{steps:012}"
    if team.rank == 0:
        shutil.rmtree(aside, ignore_errors=True)
    team.all(True)
    tensors = {name: tensor for name, tensor in trained.tensors().items() if team.rank == 0 or trained.shared_out(name)}
    tensors[RANDOM] = torch.get_rng_state()
    if torch.cuda.is_initialized():
        tensors[RANDOM_CUDA] = torch.cuda.get_rng_state()
    write_tensors(aside / file_of(team.rank), tensors, {})
    hashes = team.agreed(torch.tensor(list(bytes.fromhex(sha256_of(aside / file_of(team.rank)))), dtype=torch.uint8))
    if team.rank == 0:
        facts = {key: value for key, value in asdict(progress).items() if key != "random"}
        files = {file_of(rank): bytes(hashed.tolist()).hex() for rank, hashed in enumerate(hashes)}
        write_json(aside / MANIFEST, {"fingerprint": fingerprint, "progress": facts, "files": files})
        aside.rename(whole)
        for old in states(folder)[KEPT:]:
            shutil.rmtree(old, ignore_errors=True)
    team.all(True)


def load_state(folder: Path, trained: Trained, fingerprint: str, team: Team = ALONE) -> Progress | None:
    """Load the last whole state below ``folder`` into ``trained``, on any device; all processes together.

    Returns:
        None, with nothing changed, where there is no whole state of this run; what is passed over is said.
    """
    for path in states(folder):
        facts = manifest(path)
        if facts is not None and facts["fingerprint"] != fingerprint:
            if team.rank == 0:
                print(f"{path}: of a training with other settings, data or sources; starting anew")
            return None
        if team.all(facts is not None and sound(path, facts["files"], team)):
            assert facts is not None
            tensors = read(path, len(facts["files"]), trained, team)
            random = {name: tensors.pop(name) for name in (RANDOM, RANDOM_CUDA) if name in tensors}
            trained.give(tensors)
            return Progress(**facts["progress"], random=random)
        if team.rank == 0:
            print(f"{path}: not a whole state of training; deleted, for the one before or to start anew")
            shutil.rmtree(path, ignore_errors=True)  # else it would count as one that is kept
    return None


def restore_random(progress: Progress) -> None:
    """Set this process's random state to what it was after the steps of ``progress``, where that is known."""
    if RANDOM in progress.random:
        torch.set_rng_state(progress.random[RANDOM])
    if RANDOM_CUDA in progress.random and torch.cuda.is_initialized():
        torch.cuda.set_rng_state(progress.random[RANDOM_CUDA])


def states(folder: Path) -> list[Path]:
    """All states below ``folder``, the last first."""
    return sorted((path for path in folder.glob("*") if path.name.isdigit()), reverse=True)


def manifest(path: Path) -> dict[str, Any] | None:
    """What ``state.json`` says; None where it is broken."""
    try:
        facts = read_json(path / MANIFEST)
        return facts if facts.keys() == {"fingerprint", "progress", "files"} else None
    except (DataError, AttributeError):
        return None


def sound(path: Path, files: Mapping[str, str], team: Team) -> bool:
    """Whether this process's part of the files is what was written."""
    try:
        return all(sha256_of(path / name) == files[name] for name in sorted(files)[team.rank :: team.size])
    except OSError:
        return False


def read(path: Path, files: int, trained: Trained, team: Team) -> dict[str, Tensor]:
    """The tensors that this process is to have: all of rank 0's file, but of the class weights its own rows of all."""
    opened = [safe_open(str(path / file_of(rank)), "pt") for rank in range(files)]
    found = {}
    for name in opened[0].keys():  # noqa: SIM118  not a mapping
        if trained.shared_out(name):
            found[name] = torch.cat(list(rows(opened, name, team)))
        elif not name.startswith("process/"):
            found[name] = opened[0].get_tensor(name)
    if files == team.size:
        own = opened[team.rank]
        found |= {name: own.get_tensor(name) for name in own.keys() if name.startswith("process/")}  # noqa: SIM118
    return found


def rows(opened: list[Any], name: str, team: Team) -> Iterator[Tensor]:
    """This process's rows of the tensor ``name`` that lies shared out over files, in order."""
    slices = [file.get_slice(name) for file in opened]
    start, stop = bounds(sum(part.get_shape()[0] for part in slices), team.size, team.rank)
    first = 0
    for part in slices:
        length = part.get_shape()[0]
        if first < stop and start < first + length:
            yield part[max(start - first, 0) : min(stop - first, length)]
        first += length


def file_of(rank: int) -> str:
    """The name of a process's file."""
    return f"rank-{rank:05}.safetensors"
