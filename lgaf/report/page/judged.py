"""What one model says of a list of trials: its verdicts, how wrong it is, its scores and what it saw in each face."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa

MOST = 40
"""False accepts, and false rejects, that are shown of each row and list: those farthest from its threshold."""
Trial = tuple[tuple[str, ...], int]
"""The images that are compared, and how often the list had them before: another fold may judge them otherwise."""


class Words(NamedTuple):
    """What is said of a kind of trials: of a false accept, of a false reject, and over each answer."""

    accept: str
    reject: str
    answers: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """Something that a model says of each trial: a score (N,), NaN where there is none, and the image that it is of,
    where that is the model's choice."""

    score: np.ndarray
    images: list[str | None]


@dataclass(frozen=True)
class Judged:
    """N trials as one model judges them.

    words: what is said of them; trials: trial -> its place in all else; mated: (N,) bool, whether there is one person
    to find; right: (N,) bool; beyond: (N,) how far a score is on the wrong side, of a trial that is judged wrongly;
    threshold: on the score, None where there is none; faces: image -> norm, share of the images with a lower one, local
    weight.
    """

    words: Words
    trials: dict[Trial, int]
    mated: np.ndarray
    right: np.ndarray
    beyond: np.ndarray
    answers: list[Answer]
    threshold: float | None
    faces: dict[str, list[float | None]]

    def wrong(self, mated: bool) -> list[int]:
        """Places of the false rejects, or of the false accepts where ``mated`` is False, the worst first."""
        places = np.flatnonzero((self.mated == mated) & ~self.right)
        return places[np.argsort(-self.beyond[places], kind="stable")].tolist()

    def hardest(self) -> dict[Trial, bool]:
        """The trials that are judged most wrongly -> whether they are mated; at most MOST of each."""
        listed = list(self.trials)
        return {listed[at]: mated for mated in (False, True) for at in self.wrong(mated)[:MOST]}

    def wrongness(self, trial: Trial) -> float | None:
        """How far on the wrong side a trial is; None where it is judged rightly or there is no such trial."""
        at = self.trials.get(trial)
        return None if at is None or self.right[at] else float(self.beyond[at])


def numbered(images: Iterable[tuple[str, ...]]) -> dict[Trial, int]:
    """The trials of a list -> their places, no two alike."""
    seen: Counter[tuple[str, ...]] = Counter()
    found = {}
    for place, names in enumerate(images):
        found[names, seen[names]] = place
        seen[names] += 1
    return found


def column(table: pa.Table, name: str) -> np.ndarray:
    """A column as an array; of numbers, NaN where a cell is empty."""
    return table[name].to_numpy(zero_copy_only=False)
