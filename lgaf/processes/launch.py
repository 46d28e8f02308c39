"""Processes of one task, started here or found started by torchrun or a scheduler; one that fails ends all."""

from __future__ import annotations

import logging
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch.multiprocessing.spawn import ProcessContext, ProcessExitedException, start_processes

import lgaf.errors
from lgaf.errors import LgafError, LostProcess
from lgaf.processes.team import ALONE, PATIENCE, appointed, joined
from lgaf.workers import cores, end_with_parent

METHOD = "forkserver"
"""How processes start: a fork of one that has nothing but modules."""
GRACE = 5.0
"""Seconds that the others have to end by themselves when one has failed, and once more when told to."""


def launch(
    processes: int, device: str, function: Callable[..., None], *arguments: Any, patience: float = PATIENCE
) -> None:
    """Call ``function(*arguments, team)`` in every process of a team.

    Args:
        processes: how many to start here, unless torchrun or a scheduler has started this one as one of its own.
        device: as in params.yaml.
        patience: seconds that a process waits in a step for another.

    Raises:
        LgafError: one of them did; or one ended by itself, in a word which.
    """
    if (place := appointed()) is not None:
        with joined(device, *place, "env://", patience) as team:
            function(*arguments, team)
    elif processes == 1:
        function(*arguments, ALONE)
    else:
        get_context(METHOD).set_forkserver_preload([__name__, function.__module__])  # torch is imported once for all
        with TemporaryDirectory() as folder:
            all_arguments = processes, folder, device, patience, function, arguments
            watch(start_processes(member, all_arguments, processes, join=False, start_method=METHOD), Path(folder))


def member(
    rank: int,
    size: int,
    folder: str,
    device: str,
    patience: float,
    function: Callable[..., None],
    arguments: tuple[Any, ...],
) -> None:
    """One process of a team that :func:`launch` has started; an error of ours is left in ``folder``."""
    threading.Thread(target=end_with_parent, daemon=True).start()
    torch.set_num_threads(max(1, cores() // size))
    try:
        with joined(device, rank, size, rank, f"file://{folder}/meet", patience) as team:
            function(*arguments, team)
    except LgafError as error:
        kind = "lost" if isinstance(error, LostProcess) else "error"
        Path(folder, f"{rank}.{kind}").write_text(f"{type(error).__name__}\n{error}", encoding="utf-8")
        sys.exit(1)
    except Exception:  # a bug: told here, since what the others say of it may reach the parent first
        traceback.print_exc()
        sys.exit(1)


def watch(context: ProcessContext, folder: Path) -> None:
    """Wait until all have ended; pass SIGTERM on to them; leave none behind.

    Raises:
        LgafError: the first of their errors, one that is a cause before one that is a consequence.
    """

    def pass_on(*_: Any) -> None:
        for process in context.processes:
            process.terminate()

    logging.getLogger("torch.multiprocessing.spawn").setLevel(logging.ERROR)  # of each that is told to end
    before = signal.signal(signal.SIGTERM, pass_on)
    try:
        while not context.join(grace_period=GRACE):
            pass
    except ProcessExitedException as error:
        for kind in ("error", "lost"):
            if kind == "lost" and error.signal_name is not None:
                break  # it was killed, which the others merely noticed
            if texts := sorted(folder.glob(f"*.{kind}")):
                name, _, text = texts[0].read_text(encoding="utf-8").partition("\n")
                raise getattr(lgaf.errors, name, LgafError)(text) from None
        raise LostProcess(
            f"process {error.error_index} of {len(context.processes)} has ended ({error.signal_name or error.exit_code}"
            "): SIGKILL is most often for want of memory, SIGABRT for another process that hangs; run the same "
            "command again"
        ) from None
    finally:
        for process in context.processes:
            process.kill()
            process.join()
        signal.signal(signal.SIGTERM, before)
