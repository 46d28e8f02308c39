"""Work in several processes, results in order."""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from multiprocessing import get_context, parent_process
from typing import Any, TypeVar

import cv2

from lgaf.errors import DataError

T = TypeVar("T")


def cores() -> int:
    """CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def ordered_map(
    make: Callable[..., Callable[[int], T]], args: tuple[Any, ...], count: int, workers: int, chunk: int
) -> Generator[T, None, None]:
    """Yield ``make(*args)(i)`` for i = 0 ... ``count`` - 1, in order, whatever the number of processes.

    ``make`` runs once a process, to open files and load networks; it, ``args`` and the results must be picklable.
    ``chunk`` of the numbers make one task: few, since Ctrl-C waits for the tasks that run. Closing the iterator, Ctrl-C
    and errors end the processes.

    Raises:
        DataError: a process was killed. What ``make`` or its function raise is passed on.
    """
    chunks = [range(start, min(start + chunk, count)) for start in range(0, count, chunk)]
    workers = min(workers, len(chunks))
    if workers <= 1:
        function = make(*args)
        yield from (function(index) for index in range(count))
        return
    # Spawned, since a fork would copy locks that other threads hold.
    pool = ProcessPoolExecutor(workers, get_context("spawn"), start, (make, args))
    try:
        todo = iter(chunks)
        with interrupts_held():  # processes start with the first task
            waiting: deque[Future[list[T]]] = deque(pool.submit(work, chunk) for chunk in islice(todo, 4 * workers))
        while waiting:
            yield from waiting.popleft().result()
            waiting.extend(pool.submit(work, chunk) for chunk in islice(todo, 1))  # few wait: memory stays flat
    except BrokenProcessPool:
        raise DataError(
            f"{make.__name__}: a worker process was killed, most often for want of memory; use fewer workers"
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back until the end of the block; processes that start in it never see one.

    They inherit the blocked signal, and so are deaf to it from their first instruction on, imports included. Other
    threads of this process do not block it, and Python would then interrupt the main thread all the same, in the
    middle of starting a process; so its handler waits too.
    """
    if not hasattr(signal, "pthread_sigmask") or threading.current_thread() is not threading.main_thread():
        yield  # Windows; or a thread, which Python never interrupts
        return
    came: list[int] = []
    handler = signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        signal.signal(signal.SIGINT, handler)
    if came:
        signal.raise_signal(signal.SIGINT)


_function: Callable[[int], Any]


def start(make: Callable[..., Callable[[int], Any]], args: tuple[Any, ...]) -> None:
    """Set a process up."""
    global _function
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    threading.Thread(target=end_with_parent, daemon=True).start()
    cv2.setNumThreads(1)
    _function = make(*args)


def end_with_parent() -> None:
    """Leave no process behind when the parent is killed and cannot say so."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def work(indices: range) -> list[Any]:
    """One task."""
    return [_function(index) for index in indices]
