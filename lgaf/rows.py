"""Rows of the tables: what an entry ``methods.<id>`` of params.yaml may say. What it leaves out is the top level's."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from lgaf.model_settings import EmbeddingDim, Fusion, LocalBranch
from lgaf.strict import Strict

RowId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]+$", max_length=40)]
Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60, pattern=r"^[^|\n\r]*$")]


class PlainRow(Strict):
    """Backbone and GFE, trained with a margin head."""

    network: Literal["plain"]
    """Which network: ``plain`` or ``lgaf``."""
    label: Label | None = None
    """The row's name in print; null: the head's title."""
    head: str
    """Margin head: a file of ``baselines/`` by name, or ``module:Class`` of your own."""
    head_options: dict[str, Any] = Field(default_factory=dict)
    """What of the head differs from its authors' values."""
    backbone: str | None = None
    """Null: the top level's."""
    embedding_dim: EmbeddingDim | None = None
    """Null: the top level's."""
    dropout: float = Field(0.0, ge=0, lt=1)
    """Before the linear layer of GFE and MHMS; AdaFace's recipe has 0.4."""
    train: dict[str, Any] = Field(default_factory=dict)
    """What of the top level's ``train`` differs, but for its ``seeds``, which all rows share."""

    @property
    def default_label(self) -> str | None:
        """The name in print where none is given; None: the head's title."""
        return None


class LgafRow(PlainRow, LocalBranch):
    """LGAF: one backbone, local and global features, and their fusion."""

    network: Literal["lgaf"]  # type: ignore[assignment]
    label: Label | None = None
    """The row's name in print; null: LGAF."""
    fusion: Fusion | None = None
    """Null: the top level's."""
    branch_weight: float = Field(0.5, ge=0, le=1000)
    """Weight of the head's loss on each branch alone."""
    visibility_weight: float = Field(0.5, ge=0, le=1000)
    """Weight of the loss that teaches the local branch what ``train.augment`` has covered."""

    @property
    def default_label(self) -> str | None:
        """See the base."""
        return "LGAF"


ROWS: dict[str, type[PlainRow]] = {"plain": PlainRow, "lgaf": LgafRow}
"""``network`` of a row -> what the row may say."""
