"""Curves as Vega-Lite specifications, the grammar in which DVC's own plots are written: data and what to draw of them.

Colours are CSS variables, one a row, so that a chart follows the page from light to dark. Which rows are drawn is the
parameter ``shown``, which the page sets.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np

from lgaf.evaluate.laboratory.conditions import NAME as DAMAGE
from lgaf.report.curves import DIGITS, Curve
from lgaf.report.plots import CAUSES
from lgaf.report.style import COLOURS, DASHES, LINE

Spec = dict[str, Any]
STEPS = {"-": (), "--": (3.7, 1.6), "-.": (6.4, 1.6, 1.0, 1.6)}
"""Dashes by name, in widths of the line, as Matplotlib draws them."""
HEIGHT = 210


class Kind(NamedTuple):
    """What the charts of one kind of curves show."""

    title: str
    says: str
    x: str
    y: str
    share_x: bool = False
    """Whether x is shown in per cent; ``share_y``: y."""
    share_y: bool = True
    log: bool = False
    mark: str = "linear"
    """How points are joined."""


CHARTS = {
    "roc": Kind("ROC", "The share of mated pairs that is accepted (up is better) against the share of non-mated pairs "
                "that is accepted too.", "false accept rate", "true accept rate", log=True, mark="step-after"),
    "cmc": Kind("CMC", "Probes whose mate is among the first r of the gallery; up is better.", "rank r",
                "identification rate"),
    "reject": Kind("Error versus reject", "Errors that remain when the faces of the lowest norm are rejected first: a "
                   "norm that measures quality makes the curve fall. Its right end rests on few trials.", "rejected",
                   "error", share_x=True),
    "histogram": Kind("Scores", "Shares of mated (right) and non-mated (left) comparisons by their cosine: the less "
                      "they overlap, the better.", "cosine similarity", "share of the comparisons", mark="monotone"),
    **{f"attention-{cause}": Kind(f"Attention against {cause}", "Mean weight of the local feature; above one half it "
                                  "weighs more than the global one.", says, "weight of the local feature",
                                  share_x=cause == "hidden", share_y=False) for cause, says in CAUSES.items()},
    "training": Kind("Training", "Mean loss of each epoch. Losses of different heads have no common scale: compare a "
                     "row with itself.", "epoch", "loss", share_y=False),
    f"{DAMAGE}-tar": Kind("True accept rate by level of damage", "Clean against damaged faces, at FAR 1e-2; level 0 is "
                          "undamaged.", "level of the damage", "true accept rate"),
    f"{DAMAGE}-local-weight": Kind("Attention by level of damage", "Mean weight of the local feature of the damaged "
                                   "faces.", "level of the damage", "weight of the local feature", share_y=False),
}  # fmt: skip
"""Kind of curve -> what its charts show, in the page's order."""


class Chart(NamedTuple):
    """A chart: its title, and its specification by its number in the page's list."""

    title: str
    number: int


class Group(NamedTuple):
    """The charts of one kind."""

    id: str
    title: str
    says: str
    charts: list[Chart]


def groups(curves: Sequence[Curve], labels: Sequence[str], specs: list[Spec]) -> list[Group]:
    """A group a kind of curves; what they draw is appended to ``specs``."""
    order = list(CHARTS)
    found = []
    for name, group in groupby(sorted(curves, key=lambda it: order.index(it.kind)), key=lambda it: it.kind):
        kind, charts = CHARTS[name], []
        for curve in group:
            charts.append(Chart(curve.name.replace("_", " ") if name.startswith(DAMAGE) else curve.name, len(specs)))
            specs.append(line_chart(curve, kind, labels))
        found.append(Group(name, kind.title, kind.says, charts))
    return found


def line_chart(curve: Curve, kind: Kind, labels: Sequence[str]) -> Spec:
    """One curve: a line a row and part."""
    rows = [
        {"x": 10**x if kind.log else x, "y": y, "row": line.row, **({"part": line.part} if line.part else {})}
        for line in curve.lines
        for x, y in zip(np.round(line.x, DIGITS).tolist(), np.round(line.y, DIGITS).tolist(), strict=True)
    ]
    single = len({row["x"] for row in rows}) == 1
    parts = len({line.part for line in curve.lines}) > 1
    x = {
        "field": "x",
        "type": "quantitative",
        "title": kind.x,
        "scale": {"type": "log", "nice": False} if kind.log else {"zero": False, "nice": False},
        "axis": {"format": ".0~e" if kind.log else ".0~%" if kind.share_x else "~g", "tickCount": 5},
    }
    y = {
        "field": "y",
        "type": "quantitative",
        "title": kind.y,
        "scale": {"zero": False},
        "axis": {"format": "~%" if kind.share_y else "~g", "tickCount": 5},
    }
    hover = [
        {"field": "row", "title": "row"},
        *([{"field": "part", "title": "comparisons"}] if parts else []),
        {"field": "x", "title": kind.x, "format": ".3~g" if kind.log or not kind.share_x else ".1~%"},
        {"field": "y", "title": kind.y, "format": ".2~%" if kind.share_y else ".4~g"},
    ]
    return {
        "data": {"values": rows},
        "width": "container",
        "height": HEIGHT,
        "params": [{"name": "shown", "value": list(labels)}],
        "transform": [{"filter": "indexof(shown, datum.row) >= 0"}],
        "encoding": {
            "x": x,
            "y": y,
            "color": {"field": "row", "type": "nominal", "legend": None,
                      "scale": {"domain": list(labels), "range": [colour(place) for place in range(len(labels))]}},
            "strokeDash": {"field": "row", "type": "nominal", "legend": None,
                           "scale": {"domain": list(labels),
                                     "range": [dashes(place) or [1, 0] for place in range(len(labels))]}},
            **({"detail": {"field": "part"}} if parts else {}),
        },
        "layer": [
            {"mark": {"type": "line", "interpolate": kind.mark, "clip": True, "strokeWidth": LINE, "point": single}},
            {
                "params": [
                    {"name": "zoom", "bind": "scales", "select": {"type": "interval", "zoom": "wheel![event.ctrlKey]"}},
                    {"name": "hover", "select": {"type": "point", "on": "pointerover", "nearest": True,
                                                 "clear": "pointerout"}},
                ],
                "mark": {"type": "point", "filled": True, "size": 60, "clip": True, "strokeDash": [1, 0]},
                "encoding": {
                    "opacity": {"value": 0, "condition": {"param": "hover", "empty": False, "value": 1}},
                    "tooltip": hover,
                },
            },
        ],
    }  # fmt: skip


def colour(place: int) -> str:
    """The CSS variable of a row's colour."""
    return f"var(--row-{place % len(COLOURS)})"


def dashes(place: int) -> list[float]:
    """A row's dashes in pixels; none for a whole line."""
    dash = DASHES[place % len(DASHES)]
    steps = STEPS[dash] if isinstance(dash, str) else dash[1]
    return [round(LINE * step, 2) for step in steps]
