"""What machine this is: stated beside every measurement."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path


def processor() -> str:
    """The processor's name as the system gives it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def describe_machine() -> str:
    """One line: cores, processor, system, Python and torch."""
    system = f"{platform.system()} on {platform.machine()}"
    software = f"Python {platform.python_version()}, torch {version('torch')}"
    return f"{os.cpu_count()} cores of {processor()}, {system}, {software}"
