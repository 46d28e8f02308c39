"""The lines under a table: what a reader must know to read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

NAMES = {"lgaf": "LGAF", "arcface": "ArcFace", "adaface": "AdaFace", "magface": "MagFace", "cosface": "CosFace"}
SIGNIFICANT = 0.05
MARK = "†"
TRAIN = "train"
"""Name of the training set beside the benchmarks'."""


@dataclass(frozen=True)
class Run:
    """What stands with our numbers: how they came about."""

    seed: int
    train_seeds: tuple[int, ...]
    """Of the rows' training, in their order."""
    backbone: str
    train_set: str
    machine: str


def display(method: str) -> str:
    """A method's name in print."""
    return NAMES.get(method, method)


def reading_notes(run: Run, comparisons: int) -> list[str]:
    """How to read our rows. comparisons: number of paired tests in the table."""
    others = "" if {*run.train_seeds} <= {run.seed} else f", of training {', '.join(map(str, run.train_seeds))}"
    notes = [
        "Our rows: per cent [interval], the best in bold. An interval covers the choice of test images, not the luck "
        f"of training: every row is one run, seed {run.seed}{others}."
    ]
    if comparisons:
        notes.append(
            f"{MARK} differs from LGAF: paired test on the same resamples, p < {SIGNIFICANT:g}, not corrected for this "
            f"table's {comparisons} tests; were all methods equal, chance would mark {SIGNIFICANT * comparisons:.1f}."
        )
    notes.append(f"Backbone: {run.backbone}. Training set: {run.train_set}. Machine: {run.machine}.")
    return notes


def protocol_notes(summaries: Sequence[Mapping[str, Any]]) -> list[str]:
    """Every protocol line once, with the benchmarks that it holds for."""
    said: dict[str, list[str]] = {}
    for summary in summaries:
        for line in summary["protocol"]:
            names = said.setdefault(line, [])
            if summary["benchmark"] not in names:
                names.append(summary["benchmark"])
    everyone = {summary["benchmark"] for summary in summaries}
    return [line if set(names) == everyone else f"{', '.join(names)}: {line}" for line, names in said.items()]


def image_notes(summaries: Sequence[Mapping[str, Any]], alignment: Mapping[str, Mapping[str, int]]) -> list[str]:
    """What became of images, from photo to score; a method is named where it differs from the rest.

    alignment: {benchmark, or "train": counts}.
    """
    scored: dict[str, list[str]] = {}
    for summary in summaries:
        text = f"{summary['benchmark']} {summary['images']['used']:,} of {summary['images']['asked']:,}"
        scored.setdefault(text, []).append(summary["method"])
    everyone = {summary["method"] for summary in summaries}
    parts = [text if set(by) == everyone else f"{text} ({', '.join(map(display, by))})" for text, by in scored.items()]
    notes = ["Images scored: " + "; ".join(parts) + "."]
    parts = []
    for name in dict.fromkeys((TRAIN, *(summary["benchmark"] for summary in summaries))):
        counts = alignment[name]
        lost = "none"
        if counts["missed"] or counts["unreadable"]:
            lost = f"{counts['missed']:,} without a face found and {counts['unreadable']:,} unreadable"
        left_out = counts["images"] - counts["written"]
        parts.append(
            f"{name} {lost} of {counts['images']:,}" + (f", {left_out:,} of them left out" if left_out else "")
        )
    return [*notes, "Photos not aligned: " + "; ".join(parts) + "."]
