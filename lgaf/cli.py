"""``lgaf <stage>``: one command a DVC stage, and a few to look with. Nothing is computed here."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lgaf.errors import DataError, LgafError, RegressionError
from lgaf.files import write_json

if TYPE_CHECKING:
    from lgaf.config import Settings

BASIS = Path("data/basis.safetensors")
PHOTOS = Path("data/photos")
ALIGNED = Path("data/aligned")
MODELS = Path("models")
EMBEDDINGS = Path("embeddings")
TRIALS = Path("trials")
RESULTS = Path("results")
REFERENCE = RESULTS / "reference.json"
STATE = Path(".cache/train")


def basis(settings: Settings, _: argparse.Namespace) -> None:
    """Build the head basis of the generated world."""
    from lgaf.world.basis import build_basis

    build_basis(BASIS)


def photos(settings: Settings, _: argparse.Namespace) -> None:
    """Bring the photos, the training identities and the benchmarks' lists: render the world, or import real data."""
    if settings.data.source == "lfw":
        from lgaf.data.official.lfw import fetch_lfw, import_lfw

        assert settings.data.root is not None
        import_lfw(fetch_lfw(settings.data.root), PHOTOS)
    elif settings.data.source == "official":
        from lgaf.data.official.run import import_run

        root, train_set = settings.data.root, settings.data.train
        assert root is not None
        assert train_set is not None
        import_run(root, train_set, settings.benchmarks, settings.data.official_options(), PHOTOS)
    else:
        from lgaf.world.render import render_world

        render_world(BASIS, PHOTOS, settings.data.world, settings.seed)


def align(settings: Settings, arguments: argparse.Namespace) -> None:
    """Detect, find five points and warp every photo of one pack."""
    from lgaf.align.align import align_pack

    name = arguments.pack
    on_miss = settings.align.train_miss if name == "train" else settings.align.test_miss
    align_pack(
        PHOTOS / f"{name}.arrow",
        ALIGNED / f"{name}.arrow",
        RESULTS / "align" / f"{name}.json",
        settings.align,
        settings.image_size,
        on_miss,
    )


def train(settings: Settings, arguments: argparse.Namespace) -> None:
    """Train one method."""
    from lgaf.train.loop import train as train_method

    run = settings.run(arguments.method)
    train_method(ALIGNED / "train.arrow", MODELS / run.method, STATE / run.method, run)


def embed(settings: Settings, arguments: argparse.Namespace) -> None:
    """Embed every benchmark's faces with one method."""
    from lgaf.embed import embed as embed_benchmarks

    method = arguments.method
    packs = {ALIGNED / f"{name}.arrow": EMBEDDINGS / method / f"{name}.arrow" for name in settings.benchmarks}
    embed_benchmarks(MODELS / method / "model.safetensors", packs, settings.device, settings.flip)


def score(settings: Settings, arguments: argparse.Namespace) -> None:
    """Score one method on one benchmark."""
    from lgaf.evaluate.score import score_files

    method, name = arguments.method, arguments.benchmark
    score_files(
        EMBEDDINGS / method / f"{name}.arrow",
        PHOTOS / f"{name}.json",
        RESULTS / "scores" / method / f"{name}.json",
        TRIALS / method / f"{name}.arrow",
        method,
        settings.display(name),
        settings.evaluate,
        settings.seed,
    )


def report(settings: Settings, _: argparse.Namespace) -> None:
    """Make metrics, comparison tables and plots of all scores."""
    from lgaf.machine import describe_machine
    from lgaf.report.notes import Run
    from lgaf.report.report import report as write_report
    from lgaf.report.sources import Layout

    seeds = tuple(settings.run(method).seed for method in settings.methods)
    run = Run(settings.seed, seeds, settings.backbone, training_set(settings), describe_machine())
    write_report(Layout(RESULTS, TRIALS, MODELS), list(settings.methods), settings.benchmarks, run, settings.evaluate)
    if settings.data.source == "world":
        from lgaf.world.contact_sheet import contact_sheet

        packs = [PHOTOS / f"{name}.arrow" for name in ("train", *settings.benchmarks)]
        contact_sheet(packs, RESULTS / "plots" / "world-faces.jpg")


def training_set(settings: Settings) -> str:
    """What the tables call the training set: an official one, known by its number of images, as others do."""
    from lgaf.data.official.catalogue import title_of
    from lgaf.report.notes import TRAIN
    from lgaf.report.sources import Layout, read_alignment

    data = settings.data
    if data.train is None or data.source != "official":
        return "generated world" if data.source == "world" else data.source
    images = read_alignment(Layout(RESULTS, TRIALS, MODELS), [TRAIN])[TRAIN]["images"]
    return title_of(images) or data.train.name


def check(settings: Settings, arguments: argparse.Namespace) -> None:
    """Compare the results with the committed reference; exit 1 if a metric got worse beyond its tolerance."""
    from lgaf.report import check as gate
    from lgaf.report.metrics import dump_metrics, read_metrics

    now = read_metrics(RESULTS / "metrics.json")
    if arguments.update:
        write_json(REFERENCE, dump_metrics(now))
        return
    findings = gate.check(now, read_metrics(REFERENCE), settings.check)
    print(gate.show(findings))
    if failed := [str(finding) for finding in findings if finding.failed]:
        raise RegressionError("\n".join(["results fall short of the reference:", *failed]))


def doctor(settings: Settings, _: argparse.Namespace) -> None:
    """Say what of the data asked for is there and where to ask for the rest; exit 1 if any is missing."""
    from lgaf import doctor as surgery

    findings = surgery.doctor(settings)
    print(surgery.show(findings))
    if failed := [str(finding) for finding in findings if finding.failed]:
        raise DataError("\n".join([f"{len(failed)} problems with the data:", *failed]))


def export(_: Settings, arguments: argparse.Namespace) -> None:
    """Write a pack as other suites read it: TARGET.rec (with .idx and property) or TARGET.bin (with its pairs)."""
    from lgaf.export import export as export_pack

    pack = Path(arguments.pack)
    export_pack(pack, Path(arguments.target), arguments.protocol or PHOTOS / f"{pack.stem}.json")


def complexity(settings: Settings, _: argparse.Namespace) -> None:
    """Print parameters, FLOPs and time per image of LGAF against the plain backbone."""
    from lgaf.models.complexity import describe

    print(describe(settings.run("lgaf").model))


def parser() -> argparse.ArgumentParser:
    """The command line: one subcommand a function above, its docstring the help."""
    root = argparse.ArgumentParser(
        "lgaf", description="Quality-aware face recognition: LGAF and its baselines, compared."
    )
    root.add_argument("--params", default="params.yaml", help="parameters file (default: %(default)s)")
    commands = root.add_subparsers(required=True, metavar="command")

    def command(function: Callable[[Settings, argparse.Namespace], None], *positional: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(function.__name__, help=function.__doc__, description=function.__doc__)
        for name in positional:
            sub.add_argument(name)
        sub.set_defaults(function=function)
        return sub

    command(basis)
    command(photos)
    command(align, "pack")
    command(train, "method")
    command(embed, "method")
    command(score, "method", "benchmark")
    command(report)
    command(check).add_argument("--update", action="store_true", help="make the present results the reference")
    command(doctor)
    exported = command(export, "pack", "target")
    exported.add_argument("--protocol", type=Path, help=f"the pairs of a .bin (default: {PHOTOS}/PACK.json)")
    command(complexity)
    return root


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 when all went well, 1 with one line a problem when not, 130 on Ctrl-C."""
    arguments = parser().parse_args(argv)
    try:
        from lgaf.config import load_settings  # a second of imports, in which Ctrl-C is to be one line as well

        arguments.function(load_settings(arguments.params), arguments)
    except (LgafError, OSError) as error:  # OSError: a disk that is full or gone, met outside our own writers
        print(f"lgaf: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("lgaf: interrupted; nothing half-written is kept, the same command starts again", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
