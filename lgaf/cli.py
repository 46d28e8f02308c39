"""``lgaf <command>``: one command a DVC stage, and a few to look with. Nothing is computed here."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from lgaf.costs import recorded
from lgaf.errors import LgafError
from lgaf.paths import PARAMS

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
    "rescore": ("Score another row's embeddings on all benchmarks as one row compares them.", ("row",)),
    "laboratory": ("Score the model of one row and seed in the damage laboratory.", ("row", "seed")),
    "maps": ("Draw what each LGAF looks at, on faces of the damage laboratory.", ()),
    "report": ("Make metrics, comparison tables and plots of all scores.", ()),
}
"""Stage -> what it does, and its arguments."""
COMMANDS = (
    "check", "diff", "folds", "doctor", "export", "probe", "complexity",
    "compare", "embed-photos", "identify", "overlap",
    "import-embeddings", "import-scores",
)  # fmt: skip
"""Each a module of lgaf/commands, its name with underscores."""


def stage(arguments: argparse.Namespace) -> None:
    """Run a stage: ``run`` of the module in lgaf/stages that is named as it; for ``photos``, own and the source.

    What it took is recorded, which nothing but the page of the run reads.
    """
    given = [getattr(arguments, key) for key in STAGES[arguments.stage][1]]
    names, values = [arguments.stage], given
    if names == ["settings"]:
        values = [arguments.params]
    elif names == ["photos"]:
        from lgaf.stages.inputs import read_file

        names = ["own", read_file("photos")["settings"]["source"]]
    with recorded(arguments.stage, *given):
        for name in names:
            import_module(f"lgaf.stages.{name}").run(*values)


def parser() -> argparse.ArgumentParser:
    """The command line: a subcommand a stage, and one a module of lgaf/commands."""
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

    for name in COMMANDS:
        module = import_module(f"lgaf.commands.{name.replace('-', '_')}")
        sub = commands.add_parser(name, help=module.__doc__, description=module.__doc__)
        module.add_arguments(sub)
        sub.set_defaults(function=module.run)
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
