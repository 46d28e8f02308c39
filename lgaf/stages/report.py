"""Stage ``report``: metrics, tables and plots of all scores, and a page of all of it."""

from __future__ import annotations

import shutil
from pathlib import Path

from lgaf.catalogue import title_of
from lgaf.costs import COSTS
from lgaf.damage.sheet import damage_sheet
from lgaf.evaluate.laboratory.conditions import NAME as LABORATORY_NAME
from lgaf.files import atomic
from lgaf.machine import describe_machine
from lgaf.paths import ALIGNED, DAMAGE, EMBEDDINGS, LABORATORY, MAPS, MODELS, PHOTOS, REPLICATES, RESULTS, TRIALS
from lgaf.provenance import benchmark_version, faces_version
from lgaf.report.page.page import write_page
from lgaf.report.page.trials import Seen
from lgaf.report.report import report
from lgaf.report.settings import ReportRun
from lgaf.report.sources import TRAIN, Layout, read_alignment
from lgaf.stages.inputs import read_settings
from lgaf.world.contact_sheet import contact_sheet


def run() -> None:
    """Write the report, sheets of generated and of damaged faces, what LGAF looks at, and the page of it all."""
    settings = read_settings("report", ReportRun)
    layout = Layout(RESULTS, REPLICATES, MODELS, LABORATORY)
    found = report(layout, settings, training_set(settings, layout), describe_machine(), versions(settings))
    if settings.source == "world":
        packs = [PHOTOS / f"{name}.arrow" for name in (TRAIN, *settings.benchmarks) if name not in settings.own]
        contact_sheet(packs, RESULTS / "plots" / "world-faces.jpg")
    if settings.damaged:
        damage_sheet(DAMAGE, RESULTS / "plots" / "damage-faces.jpg")
    for picture in sorted(MAPS.glob("*.jpg")):
        with atomic(RESULTS / "plots" / f"maps-{picture.name}") as temporary:
            shutil.copyfile(picture, temporary)
    seen = Seen(TRIALS, EMBEDDINGS, ALIGNED)
    write_page(found, settings, seen, RESULTS / "plots", COSTS, RESULTS / "report.html")


def versions(settings: ReportRun) -> dict[str, str]:
    """The version of each benchmark, and of the damage laboratory where there is one, as it lies there."""
    found = {
        name: benchmark_version(PHOTOS / f"{name}.json", ALIGNED / f"{name}.arrow") for name in settings.benchmarks
    }
    return found | ({LABORATORY_NAME: faces_version(DAMAGE)} if settings.damaged else {})


def training_set(settings: ReportRun, layout: Layout) -> str:
    """What the tables call the training set: an official one, known by its number of images, as others do."""
    if settings.source != "official" or settings.train_set is None:
        return "generated world" if settings.source == "world" else settings.source
    images = read_alignment(layout, [TRAIN])[TRAIN]["images"]
    return title_of(images) or Path(settings.train_set).name
