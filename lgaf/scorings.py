"""Rows of the tables that are another row's embeddings, compared in another way: an entry ``scorings.<id>``."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from lgaf.evaluate.settings import TemplateProtocol
from lgaf.evaluate.similarity import QMagFace
from lgaf.rows import Label, RowId
from lgaf.strict import Strict


class ScoringRow(Strict):
    """What is compared, and the one thing that differs from the other row; nothing is trained or embedded for it."""

    of: RowId
    """Whose embeddings: a row of ``methods`` or ``models``."""
    label: Label | None = None
    """The row's name in print; null: the other's, and what differs."""
    similarity: Literal["cosine", "qmagface"] = "cosine"
    """``qmagface``: by cosine and quality (:mod:`lgaf.evaluate.similarity`), templates pooled as its authors do."""
    alpha: float | None = Field(None, ge=0, le=1e3)
    """Of ``qmagface``; null: its authors' for their network."""
    beta: float | None = Field(None, ge=0, le=1e3)
    """Likewise."""
    templates: TemplateProtocol | None = None
    """How templates are pooled, where otherwise than ``evaluate.templates.protocol`` says."""

    @model_validator(mode="after")
    def one_thing(self) -> ScoringRow:
        """Exactly one of the two ways, and no parameters of the other."""
        if (self.similarity == "cosine") == (self.templates is None):
            raise ValueError("must say either similarity: qmagface or templates, the one thing in which it differs")
        if self.similarity == "cosine" and (self.alpha, self.beta) != (None, None):
            raise ValueError("alpha and beta are of similarity: qmagface")
        return self

    @property
    def qmagface(self) -> QMagFace | None:
        """The similarity, None where it is the cosine."""
        said = {name: value for name in ("alpha", "beta") if (value := getattr(self, name)) is not None}
        return QMagFace(**said) if self.similarity == "qmagface" else None

    @property
    def how(self) -> str:
        """What differs from the other row, in print."""
        return "QMagFace" if self.similarity == "qmagface" else f"templates {self.templates}"
