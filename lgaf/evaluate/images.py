"""Where in a file of embeddings the images stand that a protocol asks for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from lgaf.errors import DataError

if TYPE_CHECKING:
    from lgaf.formats.embeddings import Embeddings


@dataclass(frozen=True)
class Images:
    """Where in the embeddings the images stand that a protocol asks for."""

    rows: dict[str, int]
    """Name -> row, of those that are there, in the order asked."""
    missing: list[str] = field(default_factory=list)

    def present(self, names: Iterable[str]) -> list[str]:
        """The names that are there."""
        return [name for name in names if name in self.rows]

    def __getitem__(self, names: Iterable[str]) -> np.ndarray:
        return np.array([self.rows[name] for name in names], dtype=np.int64)

    def block(self) -> dict[str, Any]:
        """What a summary says of them."""
        return image_counts(len(self.rows), self.missing)


def image_counts(used: int, missing: list[str]) -> dict[str, Any]:
    """What a summary says of the images that a protocol asks for."""
    return {"asked": used + len(missing), "used": used, "missing": len(missing), "missing_names": missing}


def locate(embeddings: Embeddings, asked: Iterable[str], max_missing: float) -> Images:
    """Find the images that a protocol asks for.

    Raises:
        DataError: two embeddings of one name, or a larger share than ``max_missing`` is missing.
    """
    known = {name: row for row, name in enumerate(embeddings.names)}
    if len(known) < len(embeddings.names):
        twice = next(name for row, name in enumerate(embeddings.names) if known[name] != row)
        raise DataError(f"embeddings: the name {twice!r} occurs twice; names in a pack must differ")
    names = list(dict.fromkeys(asked))
    missing = [name for name in names if name not in known]
    if len(missing) > max_missing * len(names):
        raise DataError(
            f"{len(missing)} of {len(names)} images that the protocol asks for lack an embedding, as {missing[0]!r}; "
            f"evaluate.max_missing allows a share of {max_missing:g}: see why alignment left them out, or raise it"
        )
    return Images({name: known[name] for name in names if name in known}, missing)
