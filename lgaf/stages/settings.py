"""Stage ``settings``: params.yaml, checked and filled in, as one file a stage, each with the sources that it runs.

What is wrong with any parameter is said here, before a stage runs and before DVC deletes what an earlier run made.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import lgaf
from lgaf.config import Settings, load_settings, naming
from lgaf.data.own.read import read_own
from lgaf.errors import DataError, SettingsError
from lgaf.files import write_json
from lgaf.given.manifest import Manifest, Origin
from lgaf.imported.manifest import IMPORTED, Imported, ImportedRow
from lgaf.imported.manifest import check_files as check_imported
from lgaf.imported.manifest import hashed as hashed_import
from lgaf.paths import GIVEN, OWN_LISTS, PARAMS, SETTINGS, in_project
from lgaf.provenance import RowRun, short_hash
from lgaf.report.settings import ReportRow, ReportRun
from lgaf.sources import OWN, locate, sources
from lgaf.stages.inputs import MADE_FROM, hash_of, write_settings
from lgaf.strict import Strict

PROJECT = Path(lgaf.__file__).parents[1]
"""Where this very code lies: the folder of the run, or where the suite is installed."""
NO_NUMBER: Any = {"row": True, "device": True, "train": {"workers", "processes", "checkpoint_steps"}}
"""What a training is told that decides no number of its row."""


def run(params: str = str(PARAMS)) -> None:
    """Check ``params`` and write the settings of every stage."""
    settings = load_settings(params)
    with naming(params):
        settings.check_all()
        check_files(settings)
    shutil.rmtree(SETTINGS, ignore_errors=True)
    for stage, (values, modules) in stages(settings).items():
        write_settings(stage, values, sources(modules, PROJECT, Path.cwd()))
    write_json(SETTINGS / MADE_FROM, {"file": params, "sha256": hash_of(params)})
    warn_of_unwatched(settings)


def check_files(settings: Settings) -> None:
    """Look at the files of the rows that are not trained, at what trained ones start from, and at the lists of the
    user's own photos.

    Raises:
        SettingsError: one is missing, another than is said of it, or does not fit, or what runs it is not installed; a
            list is not as it should be, or a photo missing that it names; a line each.
    """
    problems: list[str] = []
    for name, own in settings.own.items():
        try:
            read_own(name, own)
        except DataError as error:
            problems.append(f"data.own.{name}: {error}")
    for row in settings.methods:
        training = settings.run(row)
        if training.train.start_from is not None:
            from lgaf.train.start import check_start

            try:
                check_start(training)
            except (DataError, SettingsError) as error:
                problems.append(f"methods.{row}.train.start_from: {error}")
    for row in settings.models:
        said = settings.given(row)
        try:
            if isinstance(said, ImportedRow):
                check_imported(row, said, settings.benchmarks)
            else:
                from lgaf.given.network import check_file

                check_file(said)
        except DataError as error:
            problems += (f"models.{row}: {line}" for line in str(error).splitlines())
    if problems:
        raise SettingsError("\n".join(problems))


def stages(settings: Settings) -> dict[str, tuple[Strict, list[str]]]:
    """Name of a stage's file -> (its settings, the modules that it starts from)."""
    # Each stage's own settings class stands in its module; some of those load torch, so they are loaded here, once.
    from lgaf.stages.align import AlignRun
    from lgaf.stages.basis import BasisRun
    from lgaf.stages.damage import DamageRun
    from lgaf.stages.embed_faces import EmbedRun
    from lgaf.stages.embed_given import GivenRun
    from lgaf.stages.laboratory import LaboratoryRun
    from lgaf.stages.maps import MapsRun
    from lgaf.stages.rescore import RescoreRun
    from lgaf.stages.score import ScoreRun

    photos = photos_run(settings)
    alignment = settings.align.model_dump(exclude={"train_miss", "test_miss"})

    def align(on_miss: str, wanted: bool = True) -> Strict:
        return AlignRun(alignment=alignment, image_size=settings.image_size, on_miss=on_miss, wanted=wanted)  # type: ignore[arg-type]

    score = ScoreRun(generated=settings.data.source == "world", seed=settings.seed, evaluate=settings.evaluate)
    laboratory = bool(settings.damaged)
    embed = EmbedRun(
        benchmarks=tuple(settings.benchmarks),
        device=settings.device,
        flip=settings.flip,
        laboratory=laboratory,
        processes=settings.train.processes,
    )
    found: dict[str, tuple[Strict, list[str]]] = {
        "basis": (BasisRun(), ["lgaf.stages.basis"]),
        "photos": (photos, [f"lgaf.stages.{settings.data.source}"]),
        "own": (own_run(settings), ["lgaf.stages.own"] if settings.own else []),
        "align/train": (align(settings.align.train_miss, wanted=bool(settings.methods)), ["lgaf.stages.align"]),
        "align/test": (align(settings.align.test_miss), ["lgaf.stages.align"]),
        "damage": (
            DamageRun(benchmarks=tuple(settings.damaged), seed=settings.seed, damage=settings.damage),
            ["lgaf.stages.damage"],
        ),
        "embed": (embed, ["lgaf.stages.embed"]),
        "laboratory": (
            LaboratoryRun(enabled=laboratory, seed=settings.seed, evaluate=settings.evaluate),
            ["lgaf.stages.laboratory"],
        ),
        "maps": (MapsRun(rows=mapped(settings), seed=settings.train.seeds[0]), ["lgaf.stages.maps"]),
        "score": (score, ["lgaf.stages.score"]),
        "report": (report_run(settings), ["lgaf.stages.report"]),
    }
    numbers: dict[str, dict[str, Any]] = {}
    for row in settings.methods:
        run = settings.run(row)
        if run.train.start_from is not None:
            from lgaf.train.start import hashed  # here: it loads all networks, which takes as long as all else

            run = hashed(run)
        found[f"train/{row}"] = run, ["lgaf.stages.train", head_module(run.head)]
        numbers[row] = {"train": run.model_dump(mode="json", exclude=NO_NUMBER), "train_photos": train_photos(settings)}
    for row in settings.models:
        said, modules = settings.given(row), ["lgaf.stages.embed_given"]
        manifest: Manifest | Imported
        if isinstance(said, ImportedRow):
            manifest = hashed_import(row, said, settings.benchmarks)
        else:
            manifest = Manifest.model_validate(said.model_dump(exclude={"label"}))
            modules += [manifest.reader, *factory_module(manifest)]
        found[f"given/{row}"] = GivenRun(**embed.model_dump(), manifest=manifest), modules
        numbers[row] = {"given": manifest.model_dump(mode="json", exclude={"file", *Origin.model_fields})}
    for row, how in settings.scorings.items():
        seeds = settings.train.seeds if how.of in settings.methods else (int(GIVEN),)
        rescore = RescoreRun(score=score, how=how, seeds=seeds, benchmarks=tuple(settings.benchmarks))
        found[f"scorings/{row}"] = rescore, ["lgaf.stages.rescore"]
        numbers[row] = {**numbers[how.of], "scoring": how.model_dump(mode="json", exclude={"of", "label"})}
    shared = settings.model_dump(mode="json", include={"seed", "image_size", "flip", "align", "evaluate"})
    found |= {f"rows/{row}": (RowRun(parameters=short_hash({**own, **shared})), []) for row, own in numbers.items()}
    return found


def train_photos(settings: Settings) -> dict[str, Any]:
    """What decides the photos that rows are trained on, but for the folder that they lie in."""
    data = settings.data
    return data.model_dump(mode="json", include={"source", "train", data.source})  # "official" has no block of its own


def photos_run(settings: Settings) -> Strict:
    """What the source of photos is to do."""
    from lgaf.stages.lfw import LfwRun
    from lgaf.stages.official import OfficialRun
    from lgaf.stages.world import WorldRun

    data = settings.data
    if data.source == "world":
        return WorldRun(seed=settings.seed, world=data.world)
    assert data.root is not None
    if data.source == "lfw":
        return LfwRun(root=data.root, fold=data.lfw.fold)
    benchmarks = tuple(name for name in settings.benchmarks if name not in settings.own)
    return OfficialRun(root=data.root, train=data.train, benchmarks=benchmarks, options=data.official_options())


def own_run(settings: Settings) -> Strict:
    """Which benchmarks of the user's own are imported, and the hashes of their lists."""
    from lgaf.stages.own import OwnRun

    paths = [path for own in settings.own.values() for path in own.files]
    return OwnRun(benchmarks=settings.own, lists={str(path): hash_of(in_project(path)) or "" for path in paths})


def mapped(settings: Settings) -> dict[str, str]:
    """{row with a local branch: its name in print}, whose maps are drawn; none without a laboratory."""
    models = {row: settings.run(row).model for row in settings.methods} if settings.damaged else {}
    return {
        row: settings.label(row)
        for row, model in models.items()
        if model["name"] == "lgaf" and model["fusion"] != "global"
    }


def report_run(settings: Settings) -> ReportRun:
    """What the report says of each row and of the run."""
    rows = []
    for row in settings.methods:
        run = settings.run(row)
        fusion = run.model["fusion"] if run.model["name"] == "lgaf" else None
        rows.append(
            ReportRow(id=row, label=settings.label(row), network=run.model["name"], head=run.head, fusion=fusion)
        )
    for row in settings.models:
        label, said = settings.label(row), settings.given(row)
        network = said.format if isinstance(said, ImportedRow) else "file"
        rows.append(ReportRow(id=row, label=label, network=network, head="", fusion=None, trained=False))
    known = {row.id: row for row in rows}
    for row, how in settings.scorings.items():  # of another's embeddings; the rest is that row's
        rows.append(known[how.of].model_copy(update={"id": row, "label": settings.label(row), "network": "embeddings"}))
    return ReportRun(
        rows=tuple(rows),
        reference=settings.reference,
        seeds=settings.train.seeds,
        benchmarks=tuple(settings.benchmarks),
        source=settings.data.source,
        own=tuple(settings.own),
        damaged=tuple(settings.damaged),
        train_set=str(settings.data.train) if settings.data.train else None,
        seed=settings.seed,
        evaluate=settings.evaluate,
        faces=settings.report.faces,
        parameters=settings.model_dump(mode="json", exclude={"check"}),
    )


def head_module(head: str) -> str:
    """The module of a head."""
    return head.partition(":")[0] if ":" in head else f"baselines.{head}"


def factory_module(said: Manifest | ImportedRow) -> list[str]:
    """The module of a factory, if the file has one."""
    module, colon, _ = said.format.partition(":")
    return [module] if colon else []


def warn_of_unwatched(settings: Settings) -> None:
    """Say which heads, factories, lists and checkpoints of the user's own DVC does not see edits of."""
    modules = [(row, head_module(settings.run(row).head)) for row in settings.methods]
    modules += [(row, module) for row in settings.models for module in factory_module(settings.given(row))]
    unwatched = [
        (settings.where(row), path.relative_to(Path.cwd()), " and ".join(OWN))
        for row, module in modules
        if module.partition(".")[0] not in OWN and (path := locate(module, Path.cwd())) is not None
    ]
    unwatched += [
        (f"data.own.{name}", path, f"the folder {OWN_LISTS}")
        for name, own in settings.own.items()
        for path in own.files
        if not path.absolute().is_relative_to(OWN_LISTS.absolute())
    ]
    imported = in_project(IMPORTED).absolute()
    starts = [(f"methods.{row}.train.start_from", settings.run(row).train.start_from) for row in settings.methods]
    unwatched += [
        (where, Path(start.checkpoint), f"the folder {IMPORTED}")
        for where, start in starts
        if start is not None and start.sha256 is None and not start.path.absolute().is_relative_to(imported)
    ]
    for where, path, watched in unwatched:
        print(
            f"lgaf: {where}: {path} lies outside {watched}, which DVC watches; after an edit of it run "
            "`dvc repro -f settings`, or add it to that stage's deps in dvc.yaml",
            file=sys.stderr,
        )
