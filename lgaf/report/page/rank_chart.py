"""The diagram of average ranks as a Vega-Lite specification."""

from __future__ import annotations

from lgaf.report.page.charts import Spec, colour
from lgaf.report.page.ranks import Ranks
from lgaf.report.style import LINE


def rank_chart(ranks: Ranks) -> Spec:
    """Average ranks as Demsar draws them: a stem a row, outermost the shortest, and a bar over rows not told apart."""
    rows = len(ranks.labels)
    left = -(-rows // 2)
    bars = [
        {"from": ranks.average[a] - 0.03, "to": ranks.average[b] + 0.03, "y": 0.5 * (place + 1)}
        for place, (a, b) in enumerate(ranks.groups)
    ]
    under = 0.5 * len(bars)
    stems = [
        {"rank": round(average, 4), "top": 0, "y": under + (place + 1 if place < left else rows - place), "row": label,
         "text": f"{label} {average:.2f}", "left": place < left}
        for place, (label, average) in enumerate(zip(ranks.labels, ranks.average, strict=True))
    ]  # fmt: skip
    ruler = []
    if ranks.critical is not None:
        said = f"critical difference {ranks.critical:.2f}"
        said += ", more than there are ranks" if ranks.critical > rows - 1 else ""
        ruler = [{"from": 1, "to": min(1 + ranks.critical, rows), "y": under + left + 1.4, "text": said}]
    depth = under + left + 2
    names = {"field": "row", "type": "nominal", "legend": None,
             "scale": {"domain": ranks.labels, "range": [colour(place) for place in ranks.places]}}  # fmt: skip
    y = {"field": "y", "type": "quantitative", "axis": None,
         "scale": {"reverse": True, "domain": [0, depth], "nice": False}}  # fmt: skip
    x = {"field": "rank", "type": "quantitative", "title": "average rank, 1 is best",
         "scale": {"domain": [1, rows], "nice": False, "padding": 95},
         "axis": {"orient": "top", "values": list(range(1, rows + 1)), "format": "d", "grid": False}}  # fmt: skip
    span = {"x": {**x, "field": "from"}, "x2": {"field": "to"}, "y": y}
    ink: Spec = {"color": "currentColor", "fontSize": 12}
    texts = [
        {"transform": [{"filter": f"datum.left === {str(side).lower()}"}],
         "mark": ink | {"type": "text", "align": "right" if side else "left", "dx": -8 if side else 8, "limit": 150},
         "encoding": {"x": x, "y": y, "text": {"field": "text"}}}
        for side in (True, False)
    ]  # fmt: skip
    return {
        "width": "container",
        "height": round(26 * depth),
        "data": {"values": stems},
        "layer": [
            {"mark": {"type": "rule", "strokeWidth": LINE},
             "encoding": {"x": x, "y": {**y, "field": "top"}, "y2": {"field": "y"}, "color": names}},
            {"mark": {"type": "point", "filled": True, "size": 70, "opacity": 1},
             "encoding": {"x": x, "y": y, "color": names}},
            *texts,
            {"data": {"values": bars}, "mark": {"type": "rule", "strokeWidth": 6, "color": "var(--grey)"},
             "encoding": span},
            {"data": {"values": ruler}, "mark": {"type": "rule", "strokeWidth": 2, "color": "currentColor"},
             "encoding": span},
            {"data": {"values": ruler}, "mark": ink | {"type": "text", "align": "left", "dy": 12},
             "encoding": {"x": span["x"], "y": y, "text": {"field": "text"}}},
        ],
    }  # fmt: skip
