"""params.yaml as typed settings. Every error names the key, the value and what is allowed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import Field, model_validator

from lgaf.align.settings import AlignSettings
from lgaf.damage.settings import DamageSettings
from lgaf.data.settings import SCFACE, OwnBenchmark
from lgaf.data_settings import DataSettings
from lgaf.errors import SettingsError
from lgaf.evaluate.settings import EvaluateSettings
from lgaf.given.manifest import GivenRow
from lgaf.imported.manifest import Format, ImportedRow
from lgaf.model_settings import Architecture, EmbeddingDim, Fusion, LocalBranch
from lgaf.report.settings import CheckSettings, ReportSettings
from lgaf.rows import ROWS, LgafRow, PlainRow, RowId
from lgaf.scorings import ScoringRow
from lgaf.strict import Seed, Strict, checked
from lgaf.train.settings import Recipe, TrainingRun, TrainSettings
from lgaf.yaml import read_yaml

BENCHMARKS = {
    "world": ("lfw", "cfp_fp", "cplfw", "agedb", "calfw", "tinyface", "scface"),
    "lfw": ("lfw",),
    "official": ("lfw", "cfp_fp", "cfp_ff", "cplfw", "calfw", "agedb", "tinyface", "scface", "scface_test80", "ijbb",
                 "ijbc"),
}  # fmt: skip
"""Source -> the benchmarks that it has."""
DAMAGED = {"world": ("lfw", "cfp_fp", "cplfw", "agedb", "calfw"), "lfw": ("lfw",), "official": ("lfw",)}
"""Source -> the benchmarks whose faces the damage laboratory takes, nobody in two of them."""
TAKEN = {"train", "damage", "average", "verification", "thresholds", "groups"}.union(*BENCHMARKS.values())
"""Names that no benchmark of the user's own can have: those of others, and of other files and tables."""


class Settings(Strict):
    """The whole of params.yaml."""

    seed: Seed
    """Seed of the generated world and of the bootstrap; training has its own, ``train.seeds``."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """``auto`` is the GPU where there is one."""
    image_size: int = Field(ge=32, le=448)
    """Side of an aligned face in pixels."""
    backbone: str
    """Any backbone that timm knows, iresnet18 to iresnet200, ir18 to ir101 and iresnet_mini among them."""
    embedding_dim: EmbeddingDim
    """Length of an embedding."""
    flip: bool | None = None
    """Whether a test image's mirror image is embedded too and the features added; null: as the checkpoint says, and
    all that are trained here say so."""
    fusion: Fusion
    """How LGAF joins its local and global features, in every row that does not say otherwise."""
    data: DataSettings
    align: AlignSettings = AlignSettings()
    train: TrainSettings
    methods: dict[RowId, dict[str, Any]] = Field(max_length=100)
    """Rows of the tables that are trained: id -> what :mod:`lgaf.rows` says; read by :meth:`row` and :meth:`run`."""
    models: dict[RowId, dict[str, Any]] = Field(max_length=100)
    """Rows of the tables that were trained elsewhere, after the others: id -> the manifest of a network's file, or what
    is said of embeddings or scores that are brought; read by :meth:`given`."""
    scorings: dict[RowId, ScoringRow] = Field({}, max_length=100)
    """Rows of the tables that are another row's embeddings, compared in another way; after all others."""
    reference: str
    """The row that all others are compared with by paired tests."""
    benchmarks: list[str] = Field(min_length=1)
    damage: DamageSettings = DamageSettings()
    evaluate: EvaluateSettings = EvaluateSettings()
    report: ReportSettings = ReportSettings()
    check: CheckSettings = CheckSettings()

    @model_validator(mode="after")
    def known_names(self) -> Settings:
        """Benchmarks that the source has, each once, and a reference among the rows."""
        own = [name.lower() for name in self.data.own]  # there are file systems to which two cases are one
        for name in self.data.own:
            if name.lower() in TAKEN or own.count(name.lower()) > 1:
                raise ValueError(f"data.own.{name}: the name is taken; choose another")
        known = (*BENCHMARKS[self.data.source], *self.data.own)
        for name in self.benchmarks:
            if name not in known:
                raise ValueError(f"benchmarks: {name!r} is unknown to data.source {self.data.source}; "
                                 f"allowed: {', '.join(known)}")  # fmt: skip
        if len(set(self.benchmarks)) < len(self.benchmarks):
            raise ValueError("benchmarks: a name stands twice")
        if self.reference not in self.rows:
            raise ValueError(f"reference: {self.reference!r} is no row; allowed: {', '.join(self.rows)}")
        if twice := sorted(self.methods.keys() & self.models.keys()):
            raise ValueError(f"models: {twice[0]!r} is a row of methods too; give one of the two another name")
        for row, said in self.scorings.items():
            if row in self.rows:
                raise ValueError(
                    f"scorings: {row!r} is a row of methods or models too; give one of the two another name"
                )
            if said.of not in self.rows or self.models.get(said.of, {}).get("format") == "scores":
                raise ValueError(f"scorings.{row}.of: {said.of!r} is no row with embeddings; rows are "
                                 f"{', '.join(self.rows)}")  # fmt: skip
        return self

    @property
    def damaged(self) -> list[str]:
        """Benchmarks whose clean faces go to the damage laboratory: pairs of the world, or LFW; none without one."""
        known = DAMAGED[self.data.source]
        return [name for name in self.benchmarks if name in known] if self.damage.enabled else []

    @property
    def own(self) -> dict[str, OwnBenchmark]:
        """Benchmarks of the user's own photos, of those that are asked for."""
        return {name: self.data.own[name] for name in self.benchmarks if name in self.data.own}

    @property
    def rows(self) -> list[str]:
        """Ids of all rows with a network, or what one gave, in the order of the tables: those trained here, then the
        others."""
        return [*self.methods, *self.models]

    def where(self, row: str) -> str:
        """Where the row ``row`` stands in the file."""
        blocks = ("methods", "models", "scorings")
        return next(f"{block}.{row}" for block in blocks if row in getattr(self, block))

    def display(self, benchmark: str) -> str:
        """The name that results carry: a generated benchmark is always ``world/...``, one's own ``own/...``."""
        if benchmark in self.data.own:
            return f"own/{benchmark}"
        return f"world/{benchmark}" if self.data.source == "world" else benchmark

    def row(self, row: str) -> PlainRow:
        """What the row ``row`` says.

        Raises:
            SettingsError: there is none, or a key or value in it is not allowed.
        """
        if row not in self.methods:
            raise SettingsError(f"methods: {row!r} is no row; there are {', '.join(self.methods)}")
        block, where = self.methods[row], f"methods.{row}"
        network = block.get("network")
        if network not in ROWS:
            said = "missing" if network is None else f"{network!r} is unknown"
            raise SettingsError(f"{where}.network: {said}; allowed: {', '.join(ROWS)}")
        return checked(ROWS[network], block, where)

    def given(self, row: str) -> GivenRow | ImportedRow:
        """What the row ``row`` of ``models`` says.

        Raises:
            SettingsError: there is none, a field is unset or not allowed, or it takes faces of another size.
        """
        if row not in self.models:
            raise SettingsError(f"models: {row!r} is no row; there are {', '.join(self.models) or 'none'}")
        block, where = self.models[row], f"models.{row}"
        if block.get("format") in get_args(Format):
            return checked(ImportedRow, block, where)
        found = checked(GivenRow, block, where)
        if found.image_size != self.image_size:
            raise SettingsError(f"models.{row}.image_size: {found.image_size}: faces are aligned at image_size "
                                f"{self.image_size} for all rows; set image_size to {found.image_size}")  # fmt: skip
        return found

    def label(self, row: str) -> str:
        """The row's name in print."""
        if row in self.models:
            return self.given(row).label or row
        if row in self.scorings:
            said = self.scorings[row]
            return said.label or f"{self.label(said.of)}, {said.how}"
        found = self.row(row)
        return found.label or found.default_label or head_class(row, found.head).title

    def run(self, row: str) -> TrainingRun:
        """All that decides what training ``row`` gives, the defaults filled in.

        Raises:
            SettingsError: as :meth:`row`, or the head, one of its options, or a value of the recipe is not allowed.
        """
        found, where = self.row(row), f"methods.{row}"
        model = {
            "name": found.network,
            "backbone": found.backbone or self.backbone,
            "embedding_dim": found.embedding_dim or self.embedding_dim,
            "image_size": self.image_size,
            "dropout": found.dropout,
        }
        branch_weight = visibility_weight = 0.0
        if isinstance(found, LgafRow):
            model |= {"fusion": found.fusion or self.fusion, **found.model_dump(include=set(LocalBranch.model_fields))}
            branch_weight, visibility_weight = found.branch_weight, found.visibility_weight
        if "seeds" in found.train:
            raise SettingsError(f"{where}.train.seeds: all rows share train.seeds, since their seeds are compared")
        recipe = {**self.train.model_dump(exclude={"seeds"}), **found.train}
        head = head_class(row, found.head)
        return TrainingRun(
            row=row,
            model=checked(Architecture, model, where).model_dump(),
            head=found.head,
            head_options=checked(head.Options, found.head_options, f"{where}.head_options").model_dump(),
            branch_weight=branch_weight,
            visibility_weight=visibility_weight,
            device=self.device,
            train=checked(Recipe, recipe, f"{where}.train"),
        )

    def check_all(self) -> None:
        """Check what is not looked at before it is used: every row, and what the rows need together.

        Raises:
            SettingsError: one line a problem.
        """
        problems: list[str] = []
        labels: dict[str, str] = {}
        for row in (*self.rows, *self.scorings):
            try:
                if row in self.methods:
                    self.run(row)
                twin = labels.setdefault(self.label(row), row)
                if twin != row:
                    problems.append(f"{self.where(row)}: printed as {self.label(row)!r}, as is {self.where(twin)}; "
                                    "give one of the two a label")  # fmt: skip
            except SettingsError as error:
                problems += str(error).splitlines()
        if self.data.source == "official" and self.data.train is None and self.methods:
            problems.append("data.train: rows are trained, so the training set must be named, below data.root")
        if str(self.data.train) in SCFACE and "scface" in self.benchmarks:
            problems.append(f"benchmarks: 'scface' tests everyone, and data.train {self.data.train} are 50 of them; "
                            "take 'scface_test80', which tests the other 80")  # fmt: skip
        if problems:
            raise SettingsError("\n".join(problems))


@cache
def head_class(row: str, name: str) -> Any:
    """The head that ``row`` names; a subclass of :class:`baselines.margin.MarginHead`.

    Raises:
        SettingsError: there is none of that name.
    """
    import baselines  # here: it loads torch, and scoring must not

    try:
        return baselines.head_class(name)
    except ValueError as error:
        raise SettingsError(f"methods.{row}.head: {error}") from None


def load_settings(path: str | Path = "params.yaml") -> Settings:
    """Read and check a parameters file, but for its rows' heads: :meth:`Settings.check_all`.

    Raises:
        SettingsError: the file is missing, is not YAML, or holds keys or values that are not allowed: a line each.
    """
    with naming(path):
        return checked(Settings, read_yaml(path))


@contextmanager
def naming(path: str | Path) -> Iterator[None]:
    """Let every line of a SettingsError begin with the file."""
    try:
        yield
    except SettingsError as error:
        lines = str(error).splitlines()
        named = (line if line.startswith(f"{path}: ") else f"{path}: {line}" for line in lines)
        raise SettingsError("\n".join(named)) from None
