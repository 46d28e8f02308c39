"""params.yaml as typed settings. Every error names the key, the value and what is allowed."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationError, field_validator, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from baselines.options import HEADS, head_options
from lgaf.align.settings import AlignSettings
from lgaf.errors import SettingsError
from lgaf.evaluate.settings import EvaluateSettings
from lgaf.model_settings import FUSIONS, LgafSettings
from lgaf.report.settings import CheckSettings
from lgaf.strict import Strict
from lgaf.train.settings import TrainingRun, TrainSettings
from lgaf.world.settings import WorldSettings

BENCHMARKS = {
    "world": ("lfw", "cfp_fp", "cplfw", "agedb", "calfw", "tinyface", "scface"),
    "lfw": ("lfw",),
}
"""Source -> the benchmarks that it has."""


class DataSettings(Strict):
    """Where photos come from."""

    source: Literal["world", "lfw"] = "world"
    """``world``: the generated faces; ``lfw``: the photos of Labeled Faces in the Wild under ``root``."""
    root: Path | None = None
    """Folder of the real photos; fetched into it where it holds none and there is a network."""
    world: WorldSettings = WorldSettings()
    """What is generated."""

    @model_validator(mode="after")
    def root_for_real_data(self) -> DataSettings:
        if self.source != "world" and self.root is None:
            raise ValueError(f"source {self.source!r} needs data.root, the folder that holds (or shall hold) it")
        return self


class Settings(Strict):
    """The whole of params.yaml."""

    seed: int = Field(ge=0)
    """Of everything random: the generated world, initial weights, data order, bootstrap."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """``auto`` is the GPU where there is one."""
    image_size: int = Field(ge=32, le=448)
    """Side of an aligned face in pixels."""
    backbone: str
    """Any backbone that timm knows, iresnet18 to iresnet100 and iresnet_mini among them."""
    embedding_dim: int = Field(ge=2)
    """Length of an embedding."""
    fusion: str
    """How LGAF joins its local and global features."""
    data: DataSettings
    align: AlignSettings = AlignSettings()
    train: TrainSettings
    methods: dict[str, dict[str, Any]] = Field(min_length=1)
    """Name -> what is particular to the method; read through :meth:`run`."""
    benchmarks: list[str] = Field(min_length=1)
    evaluate: EvaluateSettings = EvaluateSettings()
    check: CheckSettings = CheckSettings()

    @field_validator("fusion")
    @classmethod
    def known_fusion(cls, name: str) -> str:
        if name not in FUSIONS:
            raise ValueError(f"unknown; allowed: {', '.join(FUSIONS)}")
        return name

    @model_validator(mode="after")
    def benchmarks_and_methods(self) -> Settings:
        known = BENCHMARKS[self.data.source]
        for name in self.benchmarks:
            if name not in known:
                raise ValueError(f"benchmarks: {name!r} is unknown to data.source {self.data.source}; "
                                 f"allowed: {', '.join(known)}")  # fmt: skip
        if len(set(self.benchmarks)) < len(self.benchmarks):
            raise ValueError("benchmarks: a name stands twice")
        for method in self.methods:
            self.run(method)
        return self

    def display(self, benchmark: str) -> str:
        """The name that results carry: a generated benchmark is always ``world/...``."""
        return f"world/{benchmark}" if self.data.source == "world" else benchmark

    def run(self, method: str) -> TrainingRun:
        """All that decides what training ``method`` gives.

        Raises:
            ValueError: an unknown method or a bad value in its block.
        """
        if method != "lgaf" and method not in HEADS:
            raise ValueError(f"methods: {method!r} is unknown; allowed: lgaf, {', '.join(HEADS)}")
        if method not in self.methods:
            raise ValueError(f"methods: {method!r} has no block in params.yaml")
        block = dict(self.methods[method])
        where = f"methods.{method}"
        recipe = {**self.train.model_dump(), **block.pop("train", {})}
        model = {"backbone": self.backbone, "embedding_dim": self.embedding_dim, "image_size": self.image_size}
        if "dropout" in block:
            model["dropout"] = block.pop("dropout")
        if method == "lgaf":
            own = {key: block.pop(key) for key in list(block) if key in LgafSettings.model_fields}
            lgaf = validated(LgafSettings, own, where)
            head, branch_weight = lgaf.loss, lgaf.branch_weight
            model |= {"name": "lgaf", "fusion": self.fusion, **lgaf.model_arguments()}
        else:
            head, branch_weight = method, 0.0
            model |= {"name": "plain"}
        if head not in HEADS:
            raise ValueError(f"{where}.loss: {head!r} is unknown; allowed: {', '.join(HEADS)}")
        validated(Architecture, model, where)
        return TrainingRun(
            method=method,
            model=model,
            head=head,
            head_options=validated(head_options(head), block, where).model_dump(),
            branch_weight=branch_weight,
            seed=self.seed,
            device=self.device,
            train=validated(TrainSettings, recipe, f"{where}.train"),
        )


def validated(kind: type[BaseModel], values: dict[str, Any], where: str) -> Any:
    """``kind`` made of ``values``; a ValueError whose lines begin with ``where`` if they do not fit."""
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise ValueError("\n".join(explain(error, kind, where))) from None


def explain(error: ValidationError, kind: type[BaseModel], where: str = "") -> list[str]:
    """One line a problem: key, value, what is allowed."""
    lines = []
    for problem in error.errors():
        path = [str(part) for part in problem["loc"]]
        key = ".".join(([where] if where else []) + path)
        if problem["type"] == "extra_forbidden":
            allowed = sorted(fields_at(kind, path[:-1]))
            near = get_close_matches(path[-1], allowed, 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            lines.append(f"{key}: unknown key{hint} allowed: {', '.join(allowed)}" if not hint
                         else f"{key}: unknown key{hint} Allowed: {', '.join(allowed)}")  # fmt: skip
        elif problem["type"] == "value_error":
            message = problem["msg"].removeprefix("Value error, ")
            own_key = not key or any(message.startswith(name) for name in Settings.model_fields)
            lines.append(message if own_key else f"{key}: {problem['input']!r}: {message}")
        else:
            lines.append(f"{key}: {problem['input']!r}: {problem['msg'][:1].lower()}{problem['msg'][1:]}")
    return lines


def fields_at(kind: type[BaseModel], path: list[str]) -> list[str]:
    """Names of the fields of the block that ``path`` leads to."""
    for part in path:
        annotation = kind.model_fields[part].annotation
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return []
        kind = annotation
    return list(kind.model_fields)


def load_settings(path: str | Path = "params.yaml") -> Settings:
    """Read and check a parameters file.

    Raises:
        SettingsError: the file is missing, is not YAML, or holds a key or value that is not allowed; all such are named.
    """
    try:
        values = YAML(typ="safe", pure=True).load(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(f"{path}: no such file; run in the project's folder, or copy one from presets/") from None
    except (YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(values, dict):
        raise SettingsError(f"{path}: holds no keys; copy a file from presets/")
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise SettingsError("\n".join(f"{path}: {line}" for line in explain(error, Settings))) from None
