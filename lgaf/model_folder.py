"""A folder to hand on: ``model.safetensors``, and a model card ``README.md`` that says what the network is worth."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tabulate import tabulate

from lgaf.config import load_settings
from lgaf.errors import DataError, LgafError
from lgaf.files import read_json, write_text
from lgaf.models import create_model
from lgaf.models.checkpoint import WEIGHTS, read_metadata
from lgaf.report.metrics import Metric, parse_metrics

LIMITS = """\
- It compares faces that are aligned as above; otherwise aligned, scaled or coloured input gives silent nonsense.
- A similarity is no probability. Take a threshold from trials like those of the use, and state its error rates.
- The results are those of the benchmarks named, and of nobody else; groups may differ from their mean.
- No decision about a person should rest on it alone.
"""
GENERATED = "- Results on `world/...` are on generated people and say nothing of accuracy on photographs.\n"


def export_folder(checkpoint: Path, folder: Path, params: Path, results: Path) -> None:
    """Write a checkpoint of ours and its card; :func:`lgaf.models.create_model` loads folder or file.

    Args:
        checkpoint: file of ours.
        folder: is made; may be there only if it is empty.
        params: params.yaml that trained it, for the recipe; left out where it is not there or describes another run.
        results: ``metrics.json``, for the row's results; none are given where it is not there or has none.

    Raises:
        DataError: the checkpoint or the results are broken, or the folder holds something.
    """
    create_model(checkpoint=checkpoint)  # broken or incomplete: said now
    facts = read_metadata(checkpoint)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DataError(f"{folder}: is there and not an empty folder; name another or delete it")
    text = card(facts, recipe(facts, params), measured(facts, results))
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    try:
        write_text(temporary / "README.md", text)
        shutil.copyfile(checkpoint, temporary / WEIGHTS)
        os.replace(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def recipe(facts: Mapping[str, Any], params: Path) -> dict[str, Any]:
    """How the row is trained and on what, by params.yaml; empty where that is not of this checkpoint's run."""
    try:
        settings = load_settings(params)
        run = settings.run(facts.get("row", ""))
    except LgafError:
        return {}
    trained = {**run.model, "head": run.head, "head_options": run.head_options, "epochs": run.train.epochs}
    said = {**facts["architecture"], **{name: facts.get(name) for name in ("head", "head_options", "epochs")}}
    if any(said.get(name) != plain(value) for name, value in trained.items()):
        return {}
    return {"data.source": settings.data.source, **run.train.model_dump(mode="json", exclude={"workers", "start_from"})}


def plain(value: Any) -> Any:
    """As JSON gives it back."""
    return list(value) if isinstance(value, tuple) else value


def measured(facts: Mapping[str, Any], results: Path) -> dict[str, dict[str, Metric]]:
    """The row's results by benchmark and metric."""
    if not results.is_file():
        return {}
    return parse_metrics(read_json(results), results).get(facts.get("row", ""), {})


def card(facts: Mapping[str, Any], how: Mapping[str, Any], results: Mapping[str, Mapping[str, Metric]]) -> str:
    """The text of the model card, Markdown."""
    count = [f"{facts[name]:,} {name}" for name in ("images", "identities") if isinstance(facts.get(name), int)]
    source = how.get("data.source")
    of = {"world": " of the generated world of faces", None: ""}.get(source, f" of `data.source: {source}`")
    data = f"{' of '.join(count)}{of}." if count else "Not recorded in the checkpoint."
    names = ("row", "seed", "head", "head_options", "precision", "epochs", "started_from")
    own = {name: facts[name] for name in names if name in facts}
    trained = {**own, **{name: value for name, value in how.items() if name not in own}}
    rows = [
        [benchmark, name, f"{100 * found.value:.2f}", f"{100 * found.low:.2f} to {100 * found.high:.2f}", found.n]
        for benchmark, metrics in results.items()
        for name, found in metrics.items()
    ]
    table = tabulate(rows, ["benchmark", "metric", "%", "95 % interval", "trials"], "github", disable_numparse=True)
    generated = any(benchmark.startswith("world/") for benchmark in results) or source == "world"
    parts = [
        f"# {facts.get('row', facts['architecture']['name'])}: a face-recognition network",
        "```python\nfrom lgaf.models import create_model\n\nmodel = create_model(checkpoint=FOLDER)\n```",
        "## Input\n\n" + listed(facts["preprocessing"]),
        "## Network\n\n" + listed(facts["architecture"]),
        f"## Training data\n\n{data}",
        "## Recipe\n\n"
        + listed(trained)
        + ("" if how else "\n\nThe rest stands in the params.yaml that it was trained by, which was not at hand."),
        "## Results\n\n"
        + (f"Of the row, when this was written; means over its seeds.\n\n{table}" if rows else "None at hand."),
        "## Limits\n\n" + (LIMITS + GENERATED if generated else LIMITS).rstrip(),
    ]
    return "\n\n".join(parts) + "\n"


def listed(values: Mapping[str, Any]) -> str:
    """Values by name, a line each."""
    return "\n".join(f"- {name}: `{value}`" for name, value in values.items())
