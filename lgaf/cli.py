"""``lgaf <command>``: one command a DVC stage, and a few to look with. Nothing is computed here."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

from lgaf.errors import DataError, LgafError, RegressionError, SettingsError
from lgaf.paths import ALIGNED, PARAMS, PHOTOS, RESULTS

STAGES = {
    "settings": ("Check params.yaml and write what each stage is to do.", ()),
    "basis": ("Build the head basis of the generated world.", ()),
    "photos": ("Bring photos, training identities and the benchmarks' lists: render the world, or import data.", ()),
    "align": ("Detect, find five points and warp every photo of one pack: train, or a benchmark.", ("pack",)),
    "train": ("Train one row from one seed.", ("row", "seed")),
    "damage": ("Damage clean test faces for the laboratory.", ()),
    "embed": (
        "Embed all benchmarks' faces and the laboratory's with the model of one row and seed.",
        ("row", "seed"),
    ),
    "embed_given": (
        "Embed all benchmarks' faces and the laboratory's with the network of one row that was trained elsewhere.",
        ("row",),
    ),
    "score": ("Score the model of one row and seed on one benchmark.", ("row", "benchmark", "seed")),
    "laboratory": ("Score the model of one row and seed in the damage laboratory.", ("row", "seed")),
    "report": ("Make metrics, comparison tables and plots of all scores.", ()),
}
"""Stage -> what it does, and its arguments."""


def stage(arguments: argparse.Namespace) -> None:
    """Run a stage: ``run`` of the module in lgaf/stages that is named as the stage, or as the source of photos."""
    name, values = arguments.stage, [getattr(arguments, key) for key in STAGES[arguments.stage][1]]
    if name == "settings":
        values = [arguments.params]
    elif name == "photos":
        from lgaf.stages.inputs import read_file

        name = read_file("photos")["settings"]["source"]
    import_module(f"lgaf.stages.{name}").run(*values)


def check(arguments: argparse.Namespace) -> None:
    """Compare the results with the committed reference; exit 1 if a row got worse."""
    from lgaf.config import load_settings
    from lgaf.report import check as gate
    from lgaf.report.settings import ReportRun
    from lgaf.stages.inputs import read_settings

    run = read_settings("report", ReportRun)
    if arguments.update:
        gate.update(run)
        return
    said, failed = gate.check(run, load_settings(arguments.params).check)
    print(said)
    if failed:
        raise RegressionError("\n".join(["results fall short of the reference:", *failed]))


def diff(arguments: argparse.Namespace) -> None:
    """Compare two revisions row by row: commits, DVC experiments, or the workspace (the default)."""
    from lgaf.report.diff import diff_revisions

    print(diff_revisions(arguments.old, arguments.new))


def folds(arguments: argparse.Namespace) -> None:
    """Test each fold of LFW by networks that all others trained, one DVC experiment a fold, and tell their mean."""
    from lgaf.folds import run_folds

    if arguments.params != str(PARAMS):
        raise SettingsError(f"--params {arguments.params}: DVC's experiments read {PARAMS}; copy it there")
    print(run_folds())


def doctor(arguments: argparse.Namespace) -> None:
    """Say what of the data asked for is there and where to ask for the rest; exit 1 if any is missing."""
    from lgaf.config import load_settings
    from lgaf.doctor import find_problems, show

    findings = find_problems(load_settings(arguments.params))
    print(show(findings))
    if failed := [str(finding) for finding in findings if finding.failed]:
        raise DataError("\n".join([f"{len(failed)} problems with the data:", *failed]))


def export(arguments: argparse.Namespace) -> None:
    """Write a pack as other suites read it (TARGET.rec, TARGET.bin), or a checkpoint for use elsewhere (TARGET.onnx, or
    without an ending a folder of safetensors and a model card)."""
    source, target = Path(arguments.source), Path(arguments.target)
    if target.suffix == ".onnx":
        from lgaf.models.to_onnx import OPSET, export_onnx

        made = export_onnx(source, target, arguments.crops, arguments.format)
        tried = f"faces of {arguments.crops}" if arguments.crops else "made-up images"
        print(f"{target}: ONNX opset {OPSET}, any batch size, gives {' and '.join(made.outputs)}")
        print(f"largest difference to torch on {made.crops} {tried}: {made.difference:.1e} of the output")
    elif target.suffix == "":
        from lgaf.model_folder import export_folder

        export_folder(source, target, Path(arguments.params), RESULTS / "metrics.json")
    else:
        from lgaf.export import export as export_pack

        export_pack(source, target, arguments.protocol or PHOTOS / f"{source.stem}.json")


def probe(arguments: argparse.Namespace) -> None:
    """Try on some faces whether the manifest of a row of `models` is the best one; warn where another way is better."""
    from lgaf.config import load_settings
    from lgaf.device import choose_device
    from lgaf.given.probe import probe as try_out
    from lgaf.given.probe import show, warnings

    settings = load_settings(arguments.params)
    pack = arguments.pack or ALIGNED / f"{settings.benchmarks[0]}.arrow"
    found = try_out(settings.given(arguments.row), pack, choose_device(settings.device))
    print(show(found))
    for line in warnings(found):
        print(f"lgaf: warning: models.{arguments.row}: {line}", file=sys.stderr)


def complexity(arguments: argparse.Namespace) -> None:
    """Print parameters, FLOPs and time per image of the network of a row against its plain backbone."""
    from lgaf.config import load_settings
    from lgaf.models.complexity import describe

    print(describe(load_settings(arguments.params).run(arguments.row).model))


def parser() -> argparse.ArgumentParser:
    """The command line: a subcommand a stage, and one a function above, its docstring the help."""
    root = argparse.ArgumentParser(
        "lgaf", description="Quality-aware face recognition: LGAF and its baselines, compared."
    )
    root.add_argument("--params", default=str(PARAMS), help="parameters file (default: %(default)s)")
    commands = root.add_subparsers(required=True, metavar="command")

    for name, (says, positional) in STAGES.items():
        sub = commands.add_parser(name, help=says, description=says)
        for argument in positional:
            sub.add_argument(argument)
        sub.set_defaults(function=stage, stage=name)

    def command(function: Callable[[argparse.Namespace], None]) -> argparse.ArgumentParser:
        sub = commands.add_parser(function.__name__, help=function.__doc__, description=function.__doc__)
        sub.set_defaults(function=function)
        return sub

    command(check).add_argument("--update", action="store_true", help="make the present results the reference")
    compared = command(diff)
    compared.add_argument("old", nargs="?", default="HEAD", help="revision (default: %(default)s)")
    compared.add_argument("new", nargs="?", help="revision (default: the workspace)")
    command(folds)
    command(doctor)
    exported = command(export)
    exported.add_argument("source", help="a pack, or a checkpoint: its file or folder")
    exported.add_argument("target", help="TARGET.rec, TARGET.bin, TARGET.onnx or a folder")
    exported.add_argument("--protocol", type=Path, help=f"the pairs of a .bin (default: {PHOTOS}/SOURCE.json)")
    exported.add_argument("--crops", type=Path, help="pack of aligned faces that an .onnx is compared with torch on")
    exported.add_argument("--format", help="of a checkpoint of others: arcface_torch, adaface, magface or cvlface")
    probed = command(probe)
    probed.add_argument("row", help="row of params.yaml's models")
    probed.add_argument("--pack", type=Path, help=f"aligned faces (default: {ALIGNED}/BENCHMARK.arrow, the first one)")
    command(complexity).add_argument("row", nargs="?", default="lgaf", help="row of params.yaml (default: %(default)s)")
    return root


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 when all went well, 1 with one line a problem when not, 130 on Ctrl-C."""
    arguments = parser().parse_args(argv)
    if "" not in sys.path:  # as `python -m lgaf` has it: a head of the user's own lies in the folder of the run
        sys.path.insert(0, "")
    try:
        arguments.function(arguments)
    except BrokenPipeError:  # whoever reads, such as `head`, has read enough
        sys.stderr.close()
        return 1
    except (LgafError, OSError) as error:  # OSError: a disk that is full or gone, met outside our own writers
        from lgaf.files import printable

        print(printable(f"lgaf: {error}"), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("lgaf: interrupted; nothing half-written is kept, the same command starts again", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
