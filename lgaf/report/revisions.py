"""Results of a revision: the workspace, a commit, a tag, or a DVC experiment by its name."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

from lgaf.errors import DataError
from lgaf.evaluate.replicates import Replicates, parse_replicates
from lgaf.paths import REPLICATES, RESULTS
from lgaf.report.metrics import Metrics, parse_metrics

Models = dict[int, dict[str, Replicates]]
"""Seed of training -> benchmark -> replicates."""


class Revision:
    """What is read of one revision; ``rev`` None is the workspace.

    Raises:
        DataError: there is no such revision, or this folder is no checkout.
    """

    def __init__(self, rev: str | None):
        from dvc.api import DVCFileSystem  # a second of imports
        from dvc.exceptions import DvcException
        from scmrepo.exceptions import SCMError

        self.name = rev or "workspace"
        try:
            self.files: Any = DVCFileSystem(rev=rev)
        except (DvcException, SCMError) as error:
            reason = " ".join(str(error).split())
            raise DataError(f"{self.name}: {reason}; name a commit, a tag or an experiment of `dvc exp show`") from None

    def read(self, path: str) -> bytes:
        """A file's content, from Git or from DVC's cache.

        Raises:
            DataError: it is in neither.
        """
        try:
            return self.files.read_bytes(path)
        except Exception as error:  # DVC's file systems raise many kinds, all of which mean that it is not to be had
            raise DataError(f"{self.name}: {path} is not at hand ({type(error).__name__})") from None

    @cached_property
    def metrics(self) -> Metrics:
        """``results/metrics.json`` as it was committed.

        Raises:
            DataError: there is none, or it is broken.
        """
        path = f"{RESULTS}/metrics.json"
        try:
            value = json.loads(self.read(path))
        except (ValueError, RecursionError):
            raise DataError(f"{self.name}: {path} is not JSON; make it again there") from None
        return parse_metrics(value, f"{self.name}: {path}", "make it again there")

    @cached_property
    def rows(self) -> dict[str, Models]:
        """The replicates of every row.

        Raises:
            DataError: they are not at hand.
        """
        found: dict[str, Models] = {}
        for path in listed(self.files.find, str(REPLICATES)):
            place = PurePosixPath(path)
            row, seed = place.parts[-3:-1]
            replicates = parse_replicates(f"{self.name}: {path}", self.read(path))
            found.setdefault(row, {}).setdefault(int(seed), {})[replicates.benchmark] = replicates
        if not found:
            raise DataError(f"{self.name}: has no trials at hand")
        return found


def listed(find: Callable[[str], list[str]], folder: str) -> list[str]:
    """The Arrow files below a folder, in order of name."""
    try:
        return sorted(path for path in find(folder) if path.endswith(".arrow"))
    except Exception:  # as in Revision.read
        return []
