"""params.yaml as typed settings. Every error names the key, the value and what is allowed."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from baselines.options import HEADS, head_options
from lgaf.align.settings import AlignSettings
from lgaf.data.settings import OfficialOptions
from lgaf.errors import SettingsError
from lgaf.evaluate.settings import EvaluateSettings
from lgaf.model_settings import Architecture, Fusion, LgafSettings
from lgaf.report.settings import CheckSettings
from lgaf.strict import Strict, checked, unknown_key
from lgaf.train.settings import TrainingRun, TrainSettings
from lgaf.world.settings import WorldSettings

BENCHMARKS = {
    "world": ("lfw", "cfp_fp", "cplfw", "agedb", "calfw", "tinyface", "scface"),
    "lfw": ("lfw",),
    "official": ("lfw", "cfp_fp", "cfp_ff", "cplfw", "calfw", "agedb", "tinyface", "scface", "ijbb", "ijbc"),
}
"""Source -> the benchmarks that it has."""


class DataSettings(OfficialOptions):
    """Where photos come from, and how official benchmarks are read."""

    source: Literal["world", "lfw", "official"] = "world"
    """``world``: the generated faces; ``lfw``: the photos of Labeled Faces in the Wild under ``root``, to train and to
    test; ``official``: any training set and any benchmarks under ``root``, as docs/datasets/ shows them."""
    root: Path | None = None
    """Folder of the real photos; ``lfw`` is fetched into it where it holds none and there is a network."""
    train: Path | None = None
    """Training set of ``official``, below ``root``: a folder with train.rec, a folder a person, or a pack."""
    world: WorldSettings = WorldSettings()
    """What is generated."""

    def official_options(self) -> dict[str, Any]:
        """The options of :func:`lgaf.data.official.readers.open_benchmark`."""
        return {name: getattr(self, name) for name in OfficialOptions.model_fields}

    @model_validator(mode="after")
    def root_for_real_data(self) -> DataSettings:
        """Real photos lie somewhere."""
        if self.source != "world" and self.root is None:
            raise ValueError(f"source {self.source!r} needs data.root, the folder that holds (or shall hold) it")
        if self.source == "official" and self.train is None:
            raise ValueError("source 'official' needs data.train, the training set's folder or file below data.root")
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
    flip: bool | None = None
    """Whether a test image's mirror image is embedded too and the features added; null: as the checkpoint says, and
    all that are trained here say so."""
    fusion: Fusion
    """How LGAF joins its local and global features."""
    data: DataSettings
    align: AlignSettings = AlignSettings()
    train: TrainSettings
    methods: dict[str, dict[str, Any]] = Field(min_length=1)
    """Name -> what is particular to the method; read through :meth:`run`."""
    benchmarks: list[str] = Field(min_length=1)
    evaluate: EvaluateSettings = EvaluateSettings()
    check: CheckSettings = CheckSettings()

    @model_validator(mode="after")
    def known_benchmarks(self) -> Settings:
        """Names that the source has, each once."""
        known = BENCHMARKS[self.data.source]
        for name in self.benchmarks:
            if name not in known:
                raise ValueError(f"benchmarks: {name!r} is unknown to data.source {self.data.source}; "
                                 f"allowed: {', '.join(known)}")  # fmt: skip
        if len(set(self.benchmarks)) < len(self.benchmarks):
            raise ValueError("benchmarks: a name stands twice")
        return self

    def display(self, benchmark: str) -> str:
        """The name that results carry: a generated benchmark is always ``world/...``."""
        return f"world/{benchmark}" if self.data.source == "world" else benchmark

    def run(self, method: str) -> TrainingRun:
        """All that decides what training ``method`` gives.

        Raises:
            SettingsError: an unknown method or a bad value in its block.
        """
        if method != "lgaf" and method not in HEADS:
            raise SettingsError(f"methods: {method!r} is unknown; allowed: lgaf, {', '.join(HEADS)}")
        if method not in self.methods:
            raise SettingsError(f"methods: {method!r} has no block")
        block, where = self.methods[method], f"methods.{method}"
        head = block.get("loss", LgafSettings().loss) if method == "lgaf" else method
        if head not in HEADS:
            raise SettingsError(f"{where}.loss: {head!r} is unknown; allowed: {', '.join(HEADS)}")
        of_network = ["dropout", *(LgafSettings.model_fields if method == "lgaf" else ())]
        of_head = list(head_options(head).model_fields)
        for key in block:
            if key not in (*of_network, *of_head, "train"):
                raise SettingsError(unknown_key(f"{where}.{key}", [*of_network, *of_head, "train"]))

        def part(keys: list[str]) -> dict[str, Any]:
            return {key: block[key] for key in keys if key in block}

        model = {"backbone": self.backbone, "embedding_dim": self.embedding_dim, "image_size": self.image_size}
        model |= {"name": "plain", **part(["dropout"])}
        branch_weight = 0.0
        if method == "lgaf":
            lgaf = checked(LgafSettings, part(list(LgafSettings.model_fields)), where)
            model |= {"name": "lgaf", "fusion": self.fusion, **lgaf.model_arguments()}
            branch_weight = lgaf.branch_weight
        recipe = checked(TrainSettings, {**self.train.model_dump(), **block.get("train", {})}, f"{where}.train")
        return TrainingRun(
            method=method,
            model=checked(Architecture, model, where).model_dump(),
            head=head,
            head_options=checked(head_options(head), part(of_head), where).model_dump(),
            branch_weight=branch_weight,
            seed=self.seed if recipe.seed is None else recipe.seed,
            device=self.device,
            train=recipe,
        )


def load_settings(path: str | Path = "params.yaml") -> Settings:
    """Read and check a parameters file.

    Raises:
        SettingsError: the file is missing, is not YAML, or holds keys or values that are not allowed: a line each.
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
        settings = checked(Settings, values)
        for method in settings.methods:
            settings.run(method)
    except SettingsError as error:
        raise SettingsError("\n".join(f"{path}: {line}" for line in str(error).splitlines())) from None
    return settings
