"""What params.yaml says of real benchmarks, official and own: all that changes what is compared, and so a number."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from lgaf.strict import Strict

SCFACE = ("scface", "SCface_database")
"""Names of SCFace's folder below ``data.root``; as ``data.train``, the 50 people that ``scface_test80`` leaves."""


class ScfaceOptions(Strict):
    """SCFace has no single standard; papers that print "SCFace rank-1" mean different things by it.

    Benchmark ``scface`` tests everyone; ``scface_test80`` leaves 50 people for fine-tuning and tests the other 80.
    """

    draw: int | None = Field(None, ge=0)
    """Who is left for fine-tuning: None leaves people 1 to 50, as published code does; a seed draws 50 people."""
    gallery: Literal["tested", "everyone"] = "tested"
    """Gallery of ``scface_test80``: the mugshots of the 80, or those of the other 50 among them as distractors."""
    cropped: bool = True
    """The mugshots cut to the head, or the original photographs."""


class AgedbOptions(Strict):
    """AgeDB-30's pairs are published as ``agedb_30.bin``; the raw photos come without a list that is read here."""

    draw: int | None = Field(None, ge=0)
    """A seed draws pairs from the raw photos, which is a test of our own; None asks for the ``.bin``."""


class LfwOptions(Strict):
    """LFW where it is also trained on."""

    fold: int | None = Field(None, ge=1, le=10)
    """The one fold of pairs.txt that is tested, while all others who have two photos or more are trained on; None
    tests all folds and trains on whom they leave, nearly all of them people with one photo."""


class OfficialOptions(Strict):
    """How benchmarks are read from ``data.root``."""

    prefer: Literal["layout", "bin"] = "layout"
    """Which is read where a benchmark is there both in its official layout and as a ``.bin`` file."""
    counts: Literal["published", "any"] = "published"
    """``published``: counts that differ from the published ones are an error; ``any``: a line under the table."""
    scface: ScfaceOptions = ScfaceOptions()
    agedb: AgedbOptions = AgedbOptions()


class OwnBenchmark(Strict):
    """Labelled photos of the user's own: pairs of them, or probes that are searched for in a gallery."""

    folder: Path
    """Where the photos are: a whole path, or from the project's folder."""
    pairs: Path | None = None
    """CSV of pairs, below ``folder`` or a whole path; ``pairs.csv`` where neither this nor the other two are said."""
    gallery: Path | None = None
    """CSV of the gallery, likewise."""
    probes: Path | None = None
    """CSV of the probes, likewise."""

    @model_validator(mode="after")
    def one_question(self) -> OwnBenchmark:
        """Pairs, or a gallery and probes."""
        if (self.gallery is None) != (self.probes is None):
            raise ValueError("gallery and probes go together; name both lists")
        if self.pairs is not None and self.gallery is not None:
            raise ValueError("either pairs, or gallery and probes; make two benchmarks of them")
        return self

    @property
    def files(self) -> list[Path]:
        """Its CSV files: one of pairs, or gallery and probes."""
        if self.gallery is not None and self.probes is not None:
            return [self.folder / self.gallery, self.folder / self.probes]
        return [self.folder / (self.pairs or "pairs.csv")]
