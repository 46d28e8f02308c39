"""The page of a run, put together."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from lgaf.evaluate.laboratory.conditions import NAME as DAMAGE
from lgaf.files import write_text
from lgaf.report.groups import NAME as GROUPS
from lgaf.report.page.board import boards, damage_summary
from lgaf.report.page.charts import Spec, colour, dashes, groups
from lgaf.report.page.costs import costs
from lgaf.report.page.faces import GENERATED, data_uri
from lgaf.report.page.judged import MOST
from lgaf.report.page.rank_chart import rank_chart
from lgaf.report.page.ranks import ranks
from lgaf.report.page.run import facts
from lgaf.report.page.templates.fill import fill
from lgaf.report.page.trials import Seen, hardest
from lgaf.report.report import Report
from lgaf.report.settings import ReportRun
from lgaf.report.style import COLOURS
from lgaf.report.thresholds import NAME as THRESHOLDS

SHEETS = {"world-faces.jpg": "The generated faces", "damage-faces.jpg": "Clean faces and what was done to them"}
"""Sheets of faces among the plots -> what they show."""
MAPS = "maps-*.jpg"
"""Pictures of what a row looks at, among the plots, by its id."""


class Picture(NamedTuple):
    """A picture that lies among the plots."""

    title: str
    address: str


def write_page(report: Report, settings: ReportRun, seen: Seen, plots: Path, taken: Path, path: Path) -> None:
    """Write the page of a run to ``path``; equal inputs give equal bytes.

    Args:
        report: what the report has made.
        settings: of the report.
        seen: where trials, embeddings and faces are.
        plots: folder of the run's pictures, those that are there already.
        taken: folder of what stages have left to say of their time and memory.
        path: where the page is written.

    Raises:
        DataError: a file is missing or broken.
    """
    results = report.results
    labels = list(results.run.labels.values())
    specs: list[Spec] = []
    drawn = groups(report.curves, labels, specs)
    ranked = []
    for it in ranks(results):
        ranked.append((it, len(specs)))
        specs.append(rank_chart(it))
    apart = [table for table in report.tables if table.name.startswith(DAMAGE)]
    uses = [table for table in report.tables if table.name.rpartition("-")[2] in (THRESHOLDS, GROUPS)]
    shown = settings.faces or settings.source == GENERATED
    text = fill(
        {
            "run": results.run,
            "colours": COLOURS,
            "rows": [
                {"place": place, "label": label, "colour": colour(place), "dashes": " ".join(map(str, dashes(place)))}
                for place, label in enumerate(labels)
            ],
            "boards": boards(report.tables, results),
            "ranks": ranked,
            "curves": [it for it in drawn if not it.id.startswith(DAMAGE)],
            "damage": {
                "tables": apart,
                "summary": damage_summary(apart[0]) if apart else "",
                "curves": [it for it in drawn if it.id.startswith(DAMAGE)],
            },
            "uses": uses,
            "published": [table for table in report.tables if table.published],
            "hardest": hardest(seen, settings, results.summaries),
            "most": MOST,
            "faces": settings.faces,
            "sheets": pictures(plots, SHEETS) if shown else [],
            "maps": pictures(plots, looks(plots, results.run.labels)) if shown else [],
            "facts": facts(settings, results, report.models, seen.aligned),
            "costs": costs(settings, report.models, taken),
            "specs": specs,
        }
    )
    write_text(path, text)


def pictures(folder: Path, titles: dict[str, str]) -> list[Picture]:
    """Those of some JPEG files that are there."""
    found = [(folder / name, title) for name, title in titles.items()]
    return [Picture(title, data_uri(path.read_bytes(), "jpeg")) for path, title in found if path.is_file()]


def looks(plots: Path, labels: dict[str, str]) -> dict[str, str]:
    """The pictures of attention that are there, of each row -> what they show; ``labels``: {row: name in print}."""
    names = {path.name: path.stem.partition("-")[2] for path in sorted(plots.glob(MAPS))}
    return {name: f"What {labels.get(row, row)} looks at" for name, row in names.items()}
