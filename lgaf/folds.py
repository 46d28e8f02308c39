"""The ten folds of LFW in turn: each tested by networks that everyone else trained, one DVC experiment a fold."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

from lgaf.config import Settings, load_settings, naming
from lgaf.data.official.lfw import PUBLISHED
from lgaf.data.official.lfw_fetch import fetch_lfw
from lgaf.data.official.lfw_lists import read_pairs
from lgaf.data.official.lfw_split import split_lfw
from lgaf.errors import DataError, SettingsError
from lgaf.files import write_text
from lgaf.folds_table import Fold, to_csv, to_markdown
from lgaf.paths import PARAMS, RESULTS
from lgaf.report.revisions import Revision
from lgaf.sources import sources
from lgaf.stages.settings import PROJECT, stages

AGAIN = "the same command goes on with what is not done"


def run_folds() -> str:
    """Train and test fold by fold, and write the table of all as ``results/folds.md`` and ``folds.csv``; its text.

    Each fold is an experiment in a copy of the project (`dvc exp run --temp`), named by a hash of all that its result
    follows from but the photos themselves, so that one that is there is not run again. Rows that a killed experiment
    had trained come from DVC's cache.

    Raises:
        SettingsError: params.yaml is wrong, not of LFW, or was edited, as may be a source, while folds were run.
        DataError: photos or lists are not there or broken, or the list has one fold or more than ten: before anything
            is trained. Or an experiment fails, or its results are not at hand.
    """
    settings = lfw_settings()
    root = settings.data.root
    assert root is not None
    trained = photos_trained_on(fetch_lfw(root))
    digest = digest_of(settings)
    names = [f"lfw-{digest}-fold-{fold}" for fold in range(1, len(trained) + 1)]
    for fold, name in enumerate(names, start=1):
        if is_done(name):
            print(f"lgaf: fold {fold} of {len(names)} is done: experiment {name}", file=sys.stderr)
            continue
        if digest_of(lfw_settings()) != digest:
            raise SettingsError(f"{PARAMS} or a source was edited while folds were run, which all must share; undo "
                                "that, or start again with the edit")  # fmt: skip
        print(f"lgaf: fold {fold} of {len(names)}: experiment {name}", file=sys.stderr)
        run_fold(fold, name)
    found = [Fold(name, photos, Revision(name).metrics) for name, photos in zip(names, trained, strict=True)]
    labels = {row: settings.label(row) for row in settings.methods}
    text = to_markdown(found, labels, settings.reference)
    write_text(RESULTS / "folds.md", text)
    write_text(RESULTS / "folds.csv", to_csv(found, labels, settings.reference))
    return text


def lfw_settings() -> Settings:
    """params.yaml, checked.

    Raises:
        SettingsError: it is wrong, or its data are not LFW.
    """
    with naming(PARAMS):
        settings = load_settings(PARAMS)
        settings.check_all()
        if settings.data.source != "lfw":
            raise SettingsError(f"data.source: {settings.data.source!r} is not LFW and has no folds to train on; "
                                f"`cp presets/lfw.yaml {PARAMS}` first")  # fmt: skip
    return settings


def photos_trained_on(folder: Path) -> list[int]:
    """How many photos each fold's networks are trained on: a look at the lists of all before the first is trained.

    Raises:
        DataError: as :func:`~lgaf.data.official.lfw_split.split_lfw`, or the list has one fold, or more than LFW.
    """
    folds = read_pairs(folder / "pairs.txt").folds
    if not 2 <= folds <= PUBLISHED["folds"]:
        raise DataError(f"{folder / 'pairs.txt'}: number of folds is {folds}, and a mean over them needs 2 to "
                        f"{PUBLISHED['folds']}; get LFW's own list")  # fmt: skip
    return [len(split_lfw(folder, fold).trained) for fold in range(1, folds + 1)]


def digest_of(settings: Settings) -> str:
    """Eight letters of the hash of every stage's settings, but for the fold, and sources.

    The report's ``parameters`` are those of all stages once more, the fold among them.
    """
    folder = Path.cwd()
    found = {stage: [values.model_dump(mode="json", exclude={"fold", "parameters"}), sources(modules, PROJECT, folder)]
             for stage, (values, modules) in stages(settings).items()}  # fmt: skip
    return hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()[:8]


def is_done(experiment: str) -> bool:
    """Whether DVC has an experiment of that name, with results: it keeps those only that ran to their end."""
    try:
        return bool(Revision(experiment).metrics)
    except DataError:
        return False


def run_fold(fold: int, experiment: str) -> None:
    """Run one fold in a copy of the project; what DVC says goes to the error output.

    Raises:
        DataError: it failed.
    """
    # ++ sets the key also where params.yaml has none.
    command = ["dvc", "exp", "run", "--temp", "--name", experiment, "--set-param", f"++data.lfw.fold={fold}"]
    process = subprocess.Popen([sys.executable, "-m", *command], stdout=sys.stderr)
    try:
        status = process.wait()
    except KeyboardInterrupt:  # the terminal interrupts DVC too, which then puts its copy away
        process.wait()
        raise
    if status:
        raise DataError(f"fold {fold}: `{' '.join(command)}` ended with status {status}, see above; then {AGAIN}")
